/** Which steps of a plan are shown, by their state and by words of their title. Pure. */
import { stepNode } from "../../nodes";
import type { NodeView } from "../../wire";
import { isActive } from "../../words";

export const STATES = ["all", "stale", "failed", "active", "done", "pending"] as const;
export type StepState = (typeof STATES)[number];

export interface StepFilter {
  readonly state: StepState;
  readonly words: string;
}

export const NO_FILTER: StepFilter = { state: "all", words: "" };

export function fits(view: NodeView, state: StepState): boolean {
  switch (state) {
    case "all":
      return true;
    case "stale":
      return view.freshness === "stale";
    case "failed":
      return view.status === "failed";
    case "active":
      return isActive(view);
    case "done":
      return view.status === "completed" && view.freshness !== "stale";
    case "pending":
      return view.status === "pending" && view.artifact == null;
  }
}

/** The steps that fit, in their order. Every word has to be part of the number or the text of a step. */
export function filtered(
  steps: readonly number[],
  nodes: Readonly<Record<string, NodeView>>,
  { state, words }: StepFilter,
  textOf: (step: number) => string,
): readonly number[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (state === "all" && wanted.length === 0) return steps;
  return steps.filter((step) => {
    const view = nodes[stepNode(step)];
    if (!view || !fits(view, state)) return false;
    const text = `${step} ${view.title} ${textOf(step)}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

/** Both ends and what stands between them, in the order that is shown. */
export function range(shown: readonly number[], from: number, to: number): readonly number[] {
  const [one, other] = [shown.indexOf(from), shown.indexOf(to)];
  return one < 0 || other < 0 ? [to] : shown.slice(Math.min(one, other), Math.max(one, other) + 1);
}

/** Whether a step came with the plan that counts now: it was first carried out after that plan was made again. */
export function isNew(view: NodeView, plan: NodeView | undefined): boolean {
  if (!plan?.artifact || plan.artifact.generation < 2) return false;
  return view.artifact == null || (view.artifact.generation === 1 && view.artifact.at >= plan.artifact.at);
}
