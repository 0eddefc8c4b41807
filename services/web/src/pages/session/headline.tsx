/** What a phase has come to, in a few words. */
import type { ReactNode } from "react";
import { stepNode } from "../../nodes";
import { useSession } from "../../store";
import { t } from "../../texts";
import type { NodeView, Phase } from "../../wire";
import { headlineOf } from "../../words";

export function headline(phase: Phase, view: NodeView): ReactNode {
  if (phase === "phase3") return <StepCount />;
  return view.status === "running" ? t.words.phase.doingBriefly[phase] : headlineOf(view);
}

function StepCount(): ReactNode {
  const words = useSession(({ state, steps }) => {
    const done = steps.filter((step) => state.nodes[stepNode(step)]?.status === "completed").length;
    return steps.length ? t.session.overview.doneOf(done, steps.length) : t.session.overview.notPlanned;
  });
  return words;
}
