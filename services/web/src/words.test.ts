import { describe, expect, it } from "vitest";
import { aNode } from "./testing";
import {
  ago,
  bytes,
  capital,
  count,
  listed,
  listedNodes,
  nodeName,
  placeInQueue,
  seconds,
  standing,
  theNode,
  when,
} from "./words";

const AT = "2026-11-29T19:31:00";

describe("how things are called", () => {
  it("names parts by what they make, steps by their number, and counts many", () => {
    expect([nodeName("phase1"), nodeName("phase3/4"), nodeName("phase3/*")]).toEqual(["goals", "step 4", "new steps"]);
    expect([theNode("phase1"), theNode("phase3/4")]).toEqual(["the goals", "step 4"]);
    expect(listedNodes(["phase2", "phase3/1", "phase3/2", "phase4"])).toBe("plan, step 1, step 2 and report");
    expect(listedNodes(["phase2", "phase3/1", "phase3/2", "phase3/3", "phase3/4", "phase4"])).toBe(
      "plan, 4 steps and report",
    );
    expect(listed(["a", "b", "c", "d"], 3)).toBe("a, b and 2 more");
    expect([listed([]), capital(listed(["one"]))]).toEqual(["nothing", "One"]);
    expect([count(1, "address"), count(1200, "address")]).toEqual(["1 address", "1,200 addresses"]);
  });

  it("tells a result that is out of date from one that is done", () => {
    expect(standing(aNode({ status: "completed", freshness: "stale" }))).toBe("stale");
    expect(standing(aNode({ status: "failed", freshness: "stale" }))).toBe("failed");
  });

  it("rounds times and sizes to what is of use", () => {
    expect([0.05, 3.21, 42.4, 600, 7300].map(seconds)).toEqual(["under 0.1 s", "3.2 s", "42 s", "10 min", "2.0 h"]);
    expect([12, 1500, 2_500_000].map(bytes)).toEqual(["12 B", "1.5 kB", "2.5 MB"]);
    const now = new Date("2026-11-29T21:00:00");
    expect(when(AT, now)).toBe("19:31");
    expect(when("2026-11-03T08:05:00", now)).toBe("3 Nov, 08:05");
    expect(when("2025-11-03T08:05:00", now)).toBe("3 Nov 2025, 08:05");
    expect(ago(AT, now.getTime())).toBe("1 hour ago");
  });

  it("knows where a part waits", () => {
    const waiting = (position: number, target: object) => ({ run_id: "", command_ids: [], by: "", position, target });
    const queue = [waiting(1, { phase: "phase1" }), waiting(2, { steps: [3, 4] })];
    expect([placeInQueue(queue, "phase1"), placeInQueue(queue, "phase3/4"), placeInQueue(queue, "phase3/5")]).toEqual([
      1,
      2,
      null,
    ]);
  });
});
