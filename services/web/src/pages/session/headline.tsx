/** What a phase has come to, in a few words. */
import type { ReactNode } from "react";
import { useSession } from "../../store";
import type { NodeView, Phase } from "../../wire";
import { PHASE_DOING_BRIEFLY, standingWords } from "../../words";

export function headline(phase: Phase, view: NodeView): ReactNode {
  if (phase === "phase3") return view.headline || <StepCount />;
  return view.status === "running" ? PHASE_DOING_BRIEFLY[phase] : view.headline || standingWords(view);
}

function StepCount(): ReactNode {
  const words = useSession(({ state, steps }) => {
    const done = steps.filter((step) => state.nodes[`phase3/${step}`]?.status === "completed").length;
    return steps.length ? `${done} of ${steps.length} done` : "Not planned yet";
  });
  return words;
}
