import { describe, expect, it } from "vitest";
import { advanceLive, emptyLive, type Live, type LiveFrame } from "./live";
import { aNode, aState, BATCH, SESSION } from "./testing";

const AT = { batch_id: BATCH, session_id: SESSION };
const state = aState({ nodes: { phase0: aNode({ generation: 2 }), "phase3/1": aNode({ generation: 2 }) } });

function told(...frames: readonly object[]): Live {
  return frames.reduce((live: Live, frame) => advanceLive(live, { ...AT, ...frame } as LiveFrame, state), emptyLive);
}

const item = { type: "scraping:item_progress", node: "phase0", attempt: 1, link_id: "s", url: "https://a.example" };
const token = { type: "research:stream_token", node: "phase3/1", phase: "phase3", attempt: 1, stream_id: "w" };

describe("what happens at this moment", () => {
  it("counts while its attempt runs, and no more once there is a later one", () => {
    const frame = { ...item, stage: "fetch", message: "Fetching", overall_progress: 40 };
    expect(told({ ...frame, generation: 2 }).sources.s).toMatchObject({
      status: "inProgress",
      stage: "fetch",
      doing: "Fetching",
      progress: 40,
    });
    expect(told({ ...frame, generation: 1 })).toBe(emptyLive);
  });

  it("takes the progress of the run, not that of one node", () => {
    const frame = {
      type: "workflow:progress",
      generation: 0,
      attempt: 0,
      phase: "phase3",
      message: "",
      done: 1,
      total: 4,
    };
    expect(told({ ...frame, progress: 25 }).run).toEqual({ done: 1, total: 4 });
    expect(told({ ...frame, node: "phase3/1", generation: 2, progress: 80 }).run).toBeNull();
  });

  it("keeps what a source is called when its end does not say it", () => {
    const done = { type: "scraping:item_update", node: "phase0", generation: 2, attempt: 1, link_id: "s" };
    const live = told(
      { ...item, generation: 2, stage: "fetch", message: "", overall_progress: 40 },
      { ...done, status: "failed", error: "Gone", reason: "not_found" },
    );
    expect(live.sources.s).toMatchObject({
      label: "https://a.example",
      status: "failed",
      error: "Gone",
      reason: "not_found",
      progress: 100,
    });
  });

  it("keeps the end of what is written, and says when it is all", () => {
    const words = Array.from({ length: 900 }, (_, index) => ({ ...token, generation: 2, token: `word${index} ` }));
    const written = told(...words).streams.w;
    expect(written?.text.length).toBe(4000);
    expect(written?.text.endsWith("word899 ")).toBe(true);
    const end = { type: "research:stream_end", node: "phase3/1", phase: "phase3", generation: 2, stream_id: "w" };
    expect(told(...words, end).streams.w?.done).toBe(true);
    expect(told(end)).toBe(emptyLive);
  });

  it("remembers so many streams, the latest ones", () => {
    const many = Array.from({ length: 40 }, (_, index) => ({
      ...token,
      stream_id: `w${index}`,
      generation: 2,
      token: "x",
    }));
    const { streams } = told(...many);
    expect(Object.keys(streams).length).toBe(25);
    expect(streams.w39).toBeDefined();
    expect(streams.w0).toBeUndefined();
  });
});
