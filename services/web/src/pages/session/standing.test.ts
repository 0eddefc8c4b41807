import { describe, expect, it } from "vitest";
import { sessionOf } from "../../model";
import { aNode, aState } from "../../testing";
import type { NodeView, RunView, State } from "../../wire";
import { percent, progressOf, secondsLeft, standingOf } from "./standing";

const AT = "2026-11-29T19:31:00Z";
const MADE = { artifact: { generation: 1, sha256: "", output: "", bytes: 1, at: AT, by: "" } };
const done = (change: Partial<NodeView> = {}): NodeView =>
  aNode({ status: "completed", freshness: "fresh", ...MADE, ...change });
const RUN: RunView = {
  run_id: "r",
  command_id: "c",
  targets: [],
  propagation: "cascade",
  done: 0,
  total: 4,
  started_at: "2026-11-29T20:00:00Z",
  by: "",
};

function standing(nodes: Record<string, NodeView>, change: Partial<State> = {}) {
  const all = { phase0: done(), phase1: done(), phase2: done(), "phase3/1": done(), phase4: done(), ...nodes };
  const state = aState({ nodes: all, ...change });
  return standingOf(sessionOf(state, { seq: 1, n: 0 }), {
    sources: new Map([["s", { name: "Field notes", replaced: true }]]),
    nodes: all,
  });
}

describe("how a session stands", () => {
  it("is one sentence with the action that fits", () => {
    expect(standing({})).toMatchObject({ title: "Everything is up to date", action: "read" });
    expect(standing({}, { ended: true })).toMatchObject({ title: "This batch has ended", action: "read" });
    expect(standing({ phase4: aNode() })).toMatchObject({ title: "Not finished", action: "carryOn" });
    expect(standing({ "phase3/1": aNode({ status: "failed" }) })).toMatchObject({
      title: "Step 1 failed",
      action: "retry",
      look: "failed",
    });
  });

  it("names what made the rest out of date", () => {
    const stale = done({
      freshness: "stale",
      causes: [{ node: "source/s", reason: "source_changed", at: AT, edited: false, text: "" }],
    });
    const said = standing({ phase0: stale, phase4: stale });
    expect(said).toMatchObject({ title: "Out of date: sources and report", action: "update", why: true });
    expect(said.detail).toMatch(/^“Field notes” was replaced /);
  });

  it("says what runs, and that it was told to stop", () => {
    const running = standing({ "phase3/1": done({ status: "running", title: "What it costs" }) }, { run: RUN });
    expect(running).toMatchObject({ detail: "Step 1 What it costs.", action: "cancel", look: "active" });
    expect(standing({ phase1: done({ status: "cancelling" }) }, { run: RUN })).toMatchObject({
      title: "Cancelling",
      action: "cancelling",
    });
  });
});

describe("how far a run is", () => {
  it("counts what it did, and neither for nor against it what it kept", () => {
    const later = "2026-11-29T20:00:30Z";
    const progress = progressOf(
      { ...RUN, done: 3, total: 6 },
      { phase1: done({ since: later }), phase2: done({ since: AT }) },
    );
    expect(progress).toMatchObject({ done: 1, total: 4 });
    expect(percent(progress)).toBe(25);
    expect(secondsLeft(progress, Date.parse("2026-11-29T20:00:40Z"))).toBe(120);
  });

  it("says nothing of the time before something is done", () => {
    expect(secondsLeft(progressOf(RUN, {}), Date.parse("2026-11-29T20:00:40Z"))).toBeNull();
    expect(secondsLeft(progressOf({ ...RUN, started_at: null }, {}), 0)).toBeNull();
  });
});
