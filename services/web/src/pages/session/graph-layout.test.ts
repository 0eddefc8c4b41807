import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PlanStep, pictureOf } from "./graph-layout";

const plan = (...depends: readonly (readonly number[])[]): readonly PlanStep[] =>
  depends.map((depends_on, index) => ({ step_id: index + 1, depends_on }));

/** Plans in which each step depends on some before it. */
const plans = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { maxLength: 60 })
  .map((wished) =>
    plan(
      ...wished.map((others, index) => [
        ...new Set(others.filter(() => index > 0).map((other) => (other % index) + 1)),
      ]),
    ),
  );

describe("the picture of a session", () => {
  it("leads from left to right, and nothing lies on anything", () => {
    fc.assert(
      fc.property(plans, (steps) => {
        const { placed, edges, width, height } = pictureOf(steps);
        const at = new Map(placed.map((one) => [one.node, one]));
        for (const { from, to } of edges) {
          const [one, other] = [at.get(from), at.get(to)];
          expect((one?.x ?? 0) + (one?.width ?? 0)).toBeLessThanOrEqual(other?.x ?? 0);
        }
        placed.forEach((one, index) => {
          expect(one.x + one.width).toBeLessThanOrEqual(width);
          expect(one.y + one.height).toBeLessThanOrEqual(height);
          for (const other of placed.slice(index + 1)) {
            const apart =
              one.x + one.width <= other.x ||
              other.x + other.width <= one.x ||
              one.y + one.height <= other.y ||
              other.y + other.height <= one.y;
            expect(apart).toBe(true);
          }
        });
      }),
    );
  });

  it("knows what is made from what", () => {
    const { below, edges } = pictureOf(plan([], [1], []));
    expect([...below("phase3/1")].sort()).toEqual(["phase3/1", "phase3/2", "phase4"]);
    expect([...below("phase3/3")].sort()).toEqual(["phase3/3", "phase4"]);
    expect(below("phase1").has("phase3/2")).toBe(true);
    expect(edges).toContainEqual({ from: "phase3/1", to: "phase3/2" });
    expect(edges).not.toContainEqual({ from: "phase3/1", to: "phase4" });
  });
});
