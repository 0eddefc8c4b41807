/** The whole session at a glance: the five phases as a path, and the steps below it. */
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useIds, useNode, useSession } from "../../store";
import { Badges, NodeGlyph } from "../../ui/standing";
import { PHASES, type Phase } from "../../wire";
import { nodePath, PHASE_NAMES, PHASE_TITLES, placeInQueue, seconds, when } from "../../words";
import { StepList } from "../steps/step-list";
import { NodeAction } from "./actions";
import { headline } from "./headline";
import { LiveSources } from "./live-sources";

export function Overview(): ReactNode {
  const planned = useSession((session) => session.steps.length > 0);
  const preparing = useSession((session) => session.state.nodes.phase0?.status === "running");
  return (
    <>
      <ol className="path" aria-label="Phases">
        {PHASES.map((phase) => (
          <PhaseStop key={phase} phase={phase} />
        ))}
      </ol>
      {preparing || !planned ? <LiveSources /> : <StepList />}
    </>
  );
}

function PhaseStop({ phase }: { readonly phase: Phase }): ReactNode {
  const view = useNode(phase);
  const { session_id } = useIds();
  const position = useSession((session) => placeInQueue(session.state.queue, phase));
  if (!view) return null;
  const at = view.artifact?.at ?? (phase === "phase3" && view.freshness ? view.since : null);
  return (
    <li className={`stop ${view.freshness === "stale" ? "stale" : view.status}`}>
      <div className="stop-sign">
        <NodeGlyph view={view} />
      </div>
      <div className="stop-words">
        <h2>
          <Link href={nodePath(session_id, phase)}>{PHASE_NAMES[phase]}</Link>
        </h2>
        <p className="soft small">{PHASE_TITLES[phase]}</p>
        <p className="stop-headline">{headline(phase, view)}</p>
        <p className="meta numbers">
          {at ? (
            <>
              <span>{seconds(view.seconds)}</span>
              <time dateTime={at}>{when(at)}</time>
            </>
          ) : (
            <span>No result yet</span>
          )}
        </p>
        <p className="stop-badges">
          <Badges view={view} position={position} />
        </p>
      </div>
      <div className="stop-action">
        <NodeAction node={phase} />
      </div>
    </li>
  );
}
