import { describe, expect, it } from "vitest";
import { aNode } from "../../testing";
import type { ArtifactView } from "../../wire";
import { filtered, isNew, NO_FILTER, range } from "./step-filter";

const made = (generation: number, at: string): ArtifactView => ({
  generation,
  at,
  sha256: "",
  output: "",
  bytes: 1,
  by: "",
});
const NODES = {
  "phase3/1": aNode({ status: "completed", freshness: "stale", title: "What it costs" }),
  "phase3/2": aNode({ status: "failed", title: "Who pays" }),
  "phase3/12": aNode({ status: "completed", freshness: "fresh", title: "What it saves" }),
};
const STEPS = [2, 12, 1];
const shown = (filter: object) =>
  filtered(STEPS, NODES, { ...NO_FILTER, ...filter }, (step) => (step === 2 ? "The county" : ""));

describe("the steps that are shown", () => {
  it("are those of a state, and those that have every word, in the plan's order", () => {
    expect(shown({})).toBe(STEPS);
    expect(shown({ state: "stale" })).toEqual([1]);
    expect(shown({ words: "what it" })).toEqual([12, 1]);
    expect(shown({ words: "COUNTY" })).toEqual([2]);
    expect(shown({ words: "12" })).toEqual([12]);
    expect(shown({ state: "done", words: "costs" })).toEqual([]);
  });

  it("are chosen from one to another as they stand there", () => {
    expect(range(STEPS, 1, 2)).toEqual([2, 12, 1]);
    expect(range(STEPS, 12, 1)).toEqual([12, 1]);
    expect(range(STEPS, 99, 1)).toEqual([1]);
  });

  it("are new when they came with a plan that was made again", () => {
    const plan = aNode({ artifact: made(2, "2026-11-29T20:00:00Z") });
    expect(isNew(aNode(), plan)).toBe(true);
    expect(isNew(aNode({ artifact: made(1, "2026-11-29T20:01:00Z") }), plan)).toBe(true);
    expect(isNew(aNode({ artifact: made(2, "2026-11-29T20:01:00Z") }), plan)).toBe(false);
    expect(isNew(aNode({ artifact: made(1, "2026-11-29T19:00:00Z") }), plan)).toBe(false);
    expect(isNew(aNode(), aNode({ artifact: made(1, "2026-11-29T20:00:00Z") }))).toBe(false);
  });
});
