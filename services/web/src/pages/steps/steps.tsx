import type { ReactNode } from "react";
import { Link, useParams } from "wouter";
import { nodePath, stepNode } from "../../nodes";
import { useArtifact, useFindings } from "../../queries";
import { useIds, useNode, useSession } from "../../store";
import { t } from "../../texts";
import { Glyph } from "../../ui/glyph";
import { when } from "../../words";
import { PhaseHead } from "../session/phase-head";
import { isNew } from "./step-filter";
import { StepList } from "./step-list";

/** The findings: every step of the plan, one of them opened where the address names it. */
export default function StepsPage(): ReactNode {
  const { step: named } = useParams<{ step?: string }>();
  const step = named === undefined ? undefined : Number(named);
  const planned = useSession((session) => session.steps.length > 0);
  const findings = useFindings(step ?? 0);
  const plan = useArtifact("phase2");
  const loading = findings.isLoading || plan.isLoading;
  const known = useNode(stepNode(step ?? 0)) !== undefined;
  return (
    <>
      <PhaseHead phase="phase3" />
      {!planned && <p className="soft">{t.pages.steps.appear}</p>}
      {planned && loading && <div className="waiting" aria-busy="true" />}
      {planned && !loading && step !== undefined && !known && <Dropped step={step} />}
      {planned && !loading && <StepList key={step} open={step} />}
    </>
  );
}

/** So many new steps are named. */
const MOST = 12;

/** At the address of a step that a new plan is without: that it is gone, and what the plan has new. */
function Dropped({ step }: { readonly step: number }): ReactNode {
  const { session_id } = useIds();
  const nodes = useSession((session) => session.state.nodes);
  const steps = useSession((session) => session.steps);
  const plan = nodes.phase2;
  const former = useArtifact("phase2").data?.former?.find((other) => other.step_id === step);
  const heir = former?.replaced_by;
  const was = step < Math.max(0, ...steps); // numbers are never given twice
  const fresh = steps.filter((other) => {
    const view = nodes[stepNode(other)];
    return view && isNew(view, plan);
  });
  const say = t.pages.steps;
  const title = former?.title ? say.droppedNamed(step, former.title) : was ? say.dropped(step) : say.neverThere(step);
  return (
    <section className="notice" aria-label={title}>
      <Glyph of="cancelled" />
      <div className="stack tight">
        <p>
          <strong>{title}</strong>
        </p>
        <p>
          {was && say.droppedHint(plan?.artifact ? say.droppedAt(when(plan.artifact.at)) : "")}{" "}
          <Link href={nodePath(session_id, "phase2")}>{say.openPlan}</Link>
        </p>
        {heir && nodes[stepNode(heir)] && (
          <p>
            {say.inItsPlace}{" "}
            <Link href={nodePath(session_id, stepNode(heir))}>
              {heir} {nodes[stepNode(heir)]?.title}
            </Link>
          </p>
        )}
        {!heir && was && fresh.length > 0 && (
          <>
            <p>{say.newSteps}</p>
            <ul className="bullets">
              {fresh.slice(0, MOST).map((other) => (
                <li key={other}>
                  <Link href={nodePath(session_id, stepNode(other))}>
                    {other} {nodes[stepNode(other)]?.title}
                  </Link>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </section>
  );
}
