/** The head of a phase's page: how it stands, why, and what can be done. */
import type { ReactNode } from "react";
import { useNode } from "../../store";
import { t } from "../../texts";
import { NodeProblem } from "../../ui/node-problem";
import { NodeGlyph } from "../../ui/standing";
import type { Phase } from "../../wire";
import { seconds, when } from "../../words";
import { ForkButton, LockButton, NodeAction } from "./actions";
import { headline } from "./headline";
import { OtherEngine } from "./other-engine";
import { NodeBadges, WhyButton } from "./why";

interface Props {
  readonly phase: Phase;
  readonly children?: ReactNode;
}

export function PhaseHead({ phase, children }: Props): ReactNode {
  const view = useNode(phase);
  if (!view) return null;
  const at = view.artifact?.at;
  return (
    <div className="stack">
      <div className="section-head phase-head">
        <div className="phase-title">
          <NodeGlyph view={view} />
          <h2>{t.words.phase.title[phase]}</h2>
          <NodeBadges node={phase} />
        </div>
        <div className="button-row">
          {view.freshness === "stale" && <WhyButton node={phase} />}
          {children}
          <ForkButton node={phase} />
          <LockButton node={phase} />
          <NodeAction node={phase} hotkey="r" />
        </div>
      </div>
      <p className="meta numbers">
        <span>{headline(phase, view)}</span>
        {at && <time dateTime={at}>{when(at)}</time>}
        {at && view.seconds > 0 && <span>{seconds(view.seconds)}</span>}
        {view.guidance && (
          <span>
            {t.session.rerun.guidance}: {view.guidance}
          </span>
        )}
      </p>
      <NodeProblem view={view}>
        <OtherEngine node={phase} />
      </NodeProblem>
    </div>
  );
}
