/** A plan while it is edited: steps by a key of their own, so that new ones can be built on before they have a number. */
import { stepNode } from "../../nodes";
import { t } from "../../texts";
import type { Phase2, StepKind } from "../../wire";

export interface StepDraft {
  readonly key: string;
  readonly step_id?: number;
  readonly kind: StepKind;
  readonly title: string;
  readonly description: string;
  readonly query: string;
  readonly source_ids: readonly string[];
  readonly goal_ids: readonly string[];
  /** The keys of the steps that it builds on. */
  readonly after: readonly string[];
}

export interface PlanDraft {
  readonly goal: string;
  readonly steps: readonly StepDraft[];
  /** No number below it is free. */
  readonly nextNumber: number;
}

export function draftOf(plan: Phase2): PlanDraft {
  return {
    goal: plan.synthesized_goal,
    nextNumber: Math.max(0, ...plan.steps.map((step) => step.step_id)) + 1_000_000,
    steps: plan.steps.map(({ depends_on, ...step }) => ({
      ...step,
      key: `step-${step.step_id}`,
      after: depends_on.map((other) => `step-${other}`),
    })),
  };
}

/** By its number, which is what it keeps and what a rerun names; a new one has none yet. */
export function stepLabel(step: StepDraft): string {
  return step.step_id === undefined ? t.pages.plan.newStep : t.pages.plan.numbered(step.step_id);
}

export function planProblem(draft: PlanDraft): string | null {
  if (draft.steps.length === 0) return t.pages.plan.atLeastOne;
  const seen = new Set<string>();
  const byKey = new Map(draft.steps.map((step) => [step.key, step]));
  for (const step of draft.steps) {
    if (!step.title.trim()) return t.pages.plan.needsTitle(stepLabel(step));
    const later = step.after.find((key) => !seen.has(key));
    const other = later === undefined ? undefined : byKey.get(later);
    if (other) return t.pages.plan.order(step.title, other.title);
    seen.add(step.key);
  }
  return null;
}

/** The titles of the steps that have a number, by node. */
export function stepTitles(draft: PlanDraft): Readonly<Record<string, string>> {
  const numbered = draft.steps.filter((step) => step.step_id !== undefined);
  return Object.fromEntries(numbered.map((step) => [stepNode(step.step_id ?? 0), step.title]));
}

/** As the server wants it. A new step gets a number that is certainly free; the server gives it the next one. */
export function planBody(draft: PlanDraft): object {
  const numbers = new Map(draft.steps.map((step, index) => [step.key, step.step_id ?? draft.nextNumber + index]));
  return {
    synthesized_goal: draft.goal,
    steps: draft.steps.map(({ key, after, ...step }) => ({
      ...step,
      step_id: numbers.get(key),
      depends_on: after.map((other) => numbers.get(other)).filter((number) => number !== undefined),
    })),
  };
}
