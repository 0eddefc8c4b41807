/** The head of a phase's page: how it stands, why, and what can be done. */
import type { ReactNode } from "react";
import { useNode } from "../../store";
import { NodeProblem } from "../../ui/node-problem";
import { Badges, NodeGlyph } from "../../ui/standing";
import type { Phase } from "../../wire";
import { PHASE_TITLES, seconds, when } from "../../words";
import { NodeAction } from "./actions";
import { headline } from "./headline";
import { WhyButton } from "./why";

interface Props {
  readonly phase: Phase;
  readonly children?: ReactNode;
  /** The report says it in its own place. */
  readonly quiet?: boolean;
}

export function PhaseHead({ phase, children, quiet = false }: Props): ReactNode {
  const view = useNode(phase);
  if (!view) return null;
  const at = view.artifact?.at;
  return (
    <div className="stack">
      <div className="section-head phase-head">
        <div className="phase-title">
          <NodeGlyph view={view} />
          <h2>{PHASE_TITLES[phase]}</h2>
          <Badges view={view} />
        </div>
        <div className="button-row">
          {view.freshness === "stale" && phase !== "phase3" && !quiet && <WhyButton node={phase} />}
          {children}
          <NodeAction node={phase} />
        </div>
      </div>
      <p className="meta numbers">
        <span>{headline(phase, view)}</span>
        {at && <time dateTime={at}>{when(at)}</time>}
        {at && <span>{seconds(view.seconds)}</span>}
        {view.guidance && <span>Guidance: {view.guidance}</span>}
      </p>
      <NodeProblem view={view} />
    </div>
  );
}
