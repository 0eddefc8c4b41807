import { describe, expect, it } from "vitest";
import { parentsOf } from "../../nodes";
import type { TimelineEntry } from "../../wire";
import { lastRun } from "./waterfall";

const BEGIN = Date.parse("2026-11-29T20:00:00Z");
let seq = 0;

function entry(type: string, second: number, change: Partial<TimelineEntry> = {}): TimelineEntry {
  const at = new Date(BEGIN + second * 1000).toISOString();
  return {
    seq: ++seq,
    n: 1,
    at,
    by: "",
    type,
    text: "",
    nodes: [],
    facts: { final: true } as TimelineEntry["facts"],
    ...change,
  };
}

const of = (node: string, type: string, second: number): TimelineEntry => entry(`node_${type}`, second, { node });
const STEPS = new Map([
  [1, []],
  [2, [1]],
  [3, []],
]);
const parents = (node: string) => parentsOf(node, STEPS);

describe("the last run", () => {
  const log = [
    entry("run_started", -100),
    of("phase0", "queued", -99),
    entry("run_finished", -90),
    entry("run_started", 0),
    entry("nodes_kept", 0, { nodes: ["phase0", "phase1"] }),
    of("phase3/1", "queued", 0),
    of("phase3/3", "queued", 0),
    of("phase3/1", "started", 1),
    of("phase3/3", "started", 1),
    of("phase3/3", "completed", 3),
    of("phase3/1", "completed", 5),
    of("phase3/2", "queued", 5),
    of("phase3/2", "started", 6),
    of("phase3/2", "cancelled", 8),
    of("phase4", "queued", 8),
  ];

  it("tells when each part waited, ran and ended, and what was kept", () => {
    const run = lastRun(log, parents);
    expect(run).toMatchObject({ startedAt: BEGIN, endedAt: null, kept: 2 });
    expect(run?.bars.map(({ node, end }) => [node, end])).toEqual([
      ["phase3/1", "completed"],
      ["phase3/3", "completed"],
      ["phase3/2", "cancelled"],
      ["phase4", "waiting"],
    ]);
    expect(run?.bars[0]).toMatchObject({ queuedAt: BEGIN, startedAt: BEGIN + 1000, endedAt: BEGIN + 5000 });
  });

  it("marks the chain that took longest", () => {
    const whole = lastRun(
      [...log, of("phase4", "started", 8), of("phase4", "completed", 9), entry("run_finished", 9)],
      parents,
    );
    expect(whole?.endedAt).toBe(BEGIN + 9000);
    expect(whole?.bars.filter(({ critical }) => critical).map(({ node }) => node)).toEqual([
      "phase3/1",
      "phase3/2",
      "phase4",
    ]);
  });

  it("keeps an attempt open that will be tried again", () => {
    const again = entry("node_failed", 2, { node: "phase3/1", facts: { final: false } as TimelineEntry["facts"] });
    const run = lastRun(
      [entry("run_started", 0), of("phase3/1", "queued", 0), of("phase3/1", "started", 1), again],
      parents,
    );
    expect(run?.bars[0]).toMatchObject({ end: "running", endedAt: null });
    expect(lastRun([], parents)).toBeNull();
  });
});
