/** One phase on the way: how it stands, what it came to, what can be done; in the picture where that gives it a place. */
import type { ReactNode } from "react";
import { Link } from "wouter";
import { nodePath } from "../../nodes";
import { useIds, useNode, useSession } from "../../store";
import { t } from "../../texts";
import { NodeGlyph } from "../../ui/standing";
import type { Phase } from "../../wire";
import { count, placeInQueue, seconds, when } from "../../words";
import { NodeAction } from "./actions";
import { type Placed, styleOf } from "./graph-layout";
import { headline } from "./headline";
import { NodeBadges } from "./why";

interface Props {
  readonly phase: Phase;
  readonly place?: Placed;
  readonly look?: string;
  readonly onHover?: (node: string | null) => void;
}

export function PhaseStop({ phase, place, look = "", onHover }: Props): ReactNode {
  const view = useNode(phase);
  const { session_id } = useIds();
  const position = useSession((session) => placeInQueue(session.state.queue, phase));
  if (!view) return null;
  const at = view.artifact?.at ?? (phase === "phase3" && view.freshness ? view.since : null);
  const state = view.freshness === "stale" ? "stale" : view.status;
  const brief = place !== undefined && phase === "phase3";
  return (
    <li
      className={`stop ${state} ${look} ${place ? "placed" : ""} ${brief ? "brief" : ""}`}
      style={place && styleOf(place)}
      onMouseEnter={onHover && (() => onHover(phase))}
      onMouseLeave={onHover && (() => onHover(null))}
    >
      <div className="stop-sign">
        <NodeGlyph view={view} />
      </div>
      <div className="stop-words">
        <h2>
          <Link href={nodePath(session_id, phase)}>{t.words.phase.name[phase]}</Link>
        </h2>
        {!brief && <p className="soft small">{t.words.phase.title[phase]}</p>}
        <p className="stop-headline">{headline(phase, view)}</p>
        {!brief && (
          <p className="meta numbers">
            {at ? (
              <>
                {view.seconds > 0 && <span>{seconds(view.seconds)}</span>}
                {view.tokens > 0 && <span>{count(view.tokens, "token")}</span>}
                <time dateTime={at}>{when(at)}</time>
              </>
            ) : (
              <span>{t.session.overview.noResult}</span>
            )}
          </p>
        )}
        <p className="stop-badges">
          <NodeBadges node={phase} position={position} />
        </p>
      </div>
      <div className="stop-action">
        <NodeAction node={phase} />
      </div>
    </li>
  );
}
