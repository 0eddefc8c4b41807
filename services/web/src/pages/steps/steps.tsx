import type { ReactNode } from "react";
import { useParams } from "wouter";
import { useArtifact, useFindings } from "../../queries";
import { useSession } from "../../store";
import { PhaseHead } from "../session/phase-head";
import { StepList } from "./step-list";

/** The findings: every step of the plan, one of them opened where the address names it. */
export default function StepsPage(): ReactNode {
  const { step } = useParams<{ step?: string }>();
  const planned = useSession((session) => session.steps.length > 0);
  const findings = useFindings(Number(step ?? 0));
  const plan = useArtifact("phase2");
  const loading = findings.isLoading || plan.isLoading;
  return (
    <>
      <PhaseHead phase="phase3" />
      {!planned && <p className="soft">The steps appear here when the plan is made.</p>}
      {planned && loading && <div className="waiting" aria-busy="true" />}
      {planned && !loading && <StepList open={step ? Number(step) : undefined} />}
    </>
  );
}
