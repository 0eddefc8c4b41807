/** How a node stands: its sign, and a badge where there is something to say. */
import type { ReactNode } from "react";
import type { NodeView } from "../wire";
import { standing, standingWords } from "../words";
import { Glyph } from "./glyph";
import { Term } from "./term";

export function NodeGlyph({ view }: { readonly view: NodeView }): ReactNode {
  return <Glyph of={standing(view)} label={standingWords(view)} />;
}

export function Badges({ view, position }: { readonly view: NodeView; readonly position?: number | null }): ReactNode {
  const now = standing(view);
  return (
    <>
      {(now === "running" || now === "cancelling" || (now === "queued" && !position)) && (
        <span className="badge active">
          {standingWords(view)}
          {view.attempt > 1 ? `, attempt ${view.attempt}` : ""}
        </span>
      )}
      {!!position && <span className="badge active">Queued: no. {position}</span>}
      {now === "failed" && <span className="badge failed">Failed</span>}
      {view.status === "cancelled" && <span className="badge">Cancelled</span>}
      {view.freshness === "stale" && (
        <span className="badge stale">
          <Term of="stale" />
        </span>
      )}
      {view.unchanged && now === "completed" && (
        <span className="badge">
          <Term of="cutOff" />
        </span>
      )}
      {view.upgradable && (
        <span className="badge">
          <Term of="upgradable" />
        </span>
      )}
    </>
  );
}
