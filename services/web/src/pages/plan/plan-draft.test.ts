import { describe, expect, it } from "vitest";
import type { Phase2 } from "../../wire";
import { draftOf, planBody, planProblem } from "./plan-draft";

const step = { kind: "retrieve" as const, description: "", query: "", source_ids: [], goal_ids: [] };
const plan = {
  synthesized_goal: "G",
  steps: [
    { ...step, step_id: 4, title: "a", depends_on: [] },
    { ...step, step_id: 7, title: "b", depends_on: [4] },
  ],
} as unknown as Phase2;

describe("a plan that is edited", () => {
  it("is what it was as long as nothing is changed", () => {
    expect(planBody(draftOf(plan))).toEqual(plan);
  });

  it("lets later steps build on a new one, which takes no number that was ever used", () => {
    const draft = draftOf(plan);
    const added = { ...step, key: "new-1", title: "c", after: ["step-7"] };
    const last = { ...step, key: "new-2", title: "d", after: ["new-1"] };
    const body = planBody({ ...draft, steps: [...draft.steps, added, last] }) as Phase2;
    const [, , third, fourth] = body.steps;
    expect(third?.depends_on).toEqual([7]);
    expect(fourth?.depends_on).toEqual([third?.step_id]);
    expect(third?.step_id).toBeGreaterThan(7);
  });

  it("says when a step stands before what it builds on", () => {
    const draft = draftOf(plan);
    expect(planProblem(draft)).toBeNull();
    expect(planProblem({ ...draft, steps: draft.steps.toReversed() })).toBe(
      "“b” builds on “a” and has to stand after it.",
    );
  });

  it("no longer builds on a step that was removed", () => {
    const draft = draftOf(plan);
    const without = { ...draft, steps: draft.steps.slice(1) };
    expect(planProblem(without)).toBeNull();
    expect((planBody(without) as Phase2).steps[0]?.depends_on).toEqual([]);
  });

  it("needs a step, and a title for each", () => {
    const draft = draftOf(plan);
    expect(planProblem({ ...draft, steps: [] })).toBe("There has to be at least one step.");
    expect(planProblem({ ...draft, steps: [{ ...step, step_id: 4, key: "k", title: " ", after: [] }] })).toBe(
      "Step 4 needs a title.",
    );
  });
});
