import { describe, expect, it } from "vitest";
import { causeText, type Names, roots } from "./causes";
import { aNode } from "./testing";
import type { Cause } from "./wire";

const cause = (node: string, reason: Cause["reason"], at?: string): Cause => ({
  node,
  reason,
  at,
  edited: false,
  text: "",
});
const REPLACED = cause("source/s-1", "source_changed", "2026-11-29T19:31:00Z");
const stale = (...causes: readonly Cause[]) => aNode({ freshness: "stale", status: "completed", causes });
const NAMES: Names = {
  sources: new Map([
    ["s-1", { name: "Field notes", replaced: true }],
    ["s-2", { name: "The bridge", replaced: false }],
  ]),
  nodes: {
    phase0: stale(REPLACED),
    phase1: stale(cause("phase0", "upstream"), REPLACED),
    phase4: stale(cause("phase3/2", "upstream"), cause("phase3/2", "guidance"), REPLACED),
    "phase3/2": aNode({ ...stale(cause("phase3/2", "guidance")), title: "What it costs" }),
    phase3: stale(REPLACED),
  },
};

describe("why something is out of date", () => {
  it("names the source, the step and what was done to it", () => {
    expect(causeText(REPLACED, "phase0", NAMES)).toBe("“Field notes” was replaced");
    expect(causeText(cause("source/s-2", "source_changed"), "phase0", NAMES)).toBe("“The bridge” has changed");
    expect(causeText(cause("source/gone", "source_removed"), "phase0", NAMES)).toBe("A source was removed");
    expect(causeText(cause("phase3/2", "guidance"), "phase4", NAMES)).toBe(
      "The guidance of step 2 “What it costs” was changed",
    );
    expect(causeText(cause("phase1", "changed"), "phase2", NAMES)).toBe("The goals have changed");
    expect(causeText(cause("phase2", "definition"), "phase4", NAMES)).toBe(
      "A step that was used is no longer in the plan",
    );
  });

  it("is told by what changed, with the parts that it reaches, each once", () => {
    const [first, second] = roots(NAMES);
    expect([first?.text, first?.parts]).toEqual(["“Field notes” was replaced", ["phase0", "phase1", "phase4"]]);
    expect([second?.text, second?.parts]).toEqual([
      "The guidance of step 2 “What it costs” was changed",
      ["phase3/2", "phase4"],
    ]);
  });
});
