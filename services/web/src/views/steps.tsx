import type { ReactNode } from "react";
import { useParams } from "wouter";
import { useSession } from "../store";
import { PhaseHead } from "./phase-head";
import { StepList } from "./step-list";

/** The findings: every step of the plan, one of them opened where the address names it. */
export default function StepsPage(): ReactNode {
  const { step } = useParams<{ step?: string }>();
  const planned = useSession((session) => session.steps.length > 0);
  return (
    <>
      <PhaseHead phase="phase3" />
      {planned ? (
        <StepList open={step ? Number(step) : undefined} />
      ) : (
        <p className="soft">The steps appear here when the plan is made.</p>
      )}
    </>
  );
}
