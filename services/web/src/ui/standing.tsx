/** How a node stands: its sign, and a badge where there is something to say. No badge is a stop of the keyboard's own. */
import type { ReactNode } from "react";
import { t } from "../texts";
import type { NodeView } from "../wire";
import { standing, standingWords } from "../words";
import { Glyph } from "./glyph";
import { Term } from "./term";

export function NodeGlyph({ view }: { readonly view: NodeView }): ReactNode {
  return <Glyph of={standing(view)} label={standingWords(view)} />;
}

interface Props {
  readonly view: NodeView;
  readonly position?: number | null;
  /** The badge that says "out of date", where it opens its reason. */
  readonly stale?: ReactNode;
}

export function Badges({ view, position, stale }: Props): ReactNode {
  const now = standing(view);
  return (
    <>
      {(now === "running" || now === "cancelling" || (now === "queued" && !position)) && (
        <span className="badge active">
          {view.attempt > 1 ? t.ui.badge.attempt(standingWords(view), view.attempt) : standingWords(view)}
        </span>
      )}
      {!!position && <span className="badge active">{t.ui.badge.queued(position)}</span>}
      {now === "failed" && <span className="badge failed">{t.ui.badge.failed}</span>}
      {view.status === "cancelled" && <span className="badge">{t.ui.badge.cancelled}</span>}
      {view.freshness === "stale" && (stale ?? <span className="badge stale">{t.words.stale}</span>)}
      {view.locked_at && (
        <span className="badge">
          <Glyph of="locked" />
          <Term of="locked" aside />
        </span>
      )}
      {view.unchanged && now === "completed" && (
        <span className="badge">
          <Term of="cutOff" aside />
        </span>
      )}
      {view.upgradable && (
        <span className="badge">
          <Term of="upgradable" aside />
        </span>
      )}
    </>
  );
}
