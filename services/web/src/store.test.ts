import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Channel } from "./socket";
import { BatchStore } from "./store";
import { aState, SESSION, SmallServer } from "./testing";
import type { AnyFrame } from "./wire";

class Line implements Channel {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  close(): void {}
  say(...frames: readonly AnyFrame[]): void {
    for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

async function begun(): Promise<{ store: BatchStore; lines: Line[]; told: () => number; end: () => void }> {
  const lines: Line[] = [];
  let told = 0;
  const store = new BatchStore(aState(), {
    ticket: async () => null,
    open: () => {
      const line = new Line();
      lines.push(line);
      return line;
    },
  });
  store.subscribe(() => told++);
  const end = store.start();
  await vi.advanceTimersByTimeAsync(0);
  return { store, lines, told: () => told, end };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the store of a batch", () => {
  it("shows the state that it was given before anything is connected", async () => {
    const { store, end } = await begun();
    expect(store.model().sessions[SESSION]?.state.topic).toBe("A topic");
    end();
  });

  it("shows the frames of one commit together, once", async () => {
    const { store, lines, told, end } = await begun();
    const server = new SmallServer();
    for (const which of [0, 1, 2]) server.commit({ kind: "node", which, status: "running" });
    const before = told();
    lines[0]?.say(...server.frames);
    expect(told()).toBe(before);
    await vi.advanceTimersByTimeAsync(50);
    expect(told()).toBe(before + 1);
    const nodes = store.model().sessions[SESSION]?.state.nodes;
    expect([nodes?.phase0?.status, nodes?.phase1?.status, nodes?.phase2?.status]).toEqual([
      "running",
      "running",
      "running",
    ]);
    end();
  });

  it("does not wait longer than a moment for a stream of frames that has no pause", async () => {
    const { lines, told, end } = await begun();
    const server = new SmallServer();
    const before = told();
    for (let number = 0; number < 20; number++) {
      server.commit({ kind: "node", which: 0, status: number % 2 ? "running" : "queued" });
      lines[0]?.say(...server.frames.slice(-1));
      await vi.advanceTimersByTimeAsync(5);
    }
    expect(told() - before).toBeGreaterThanOrEqual(2);
    end();
  });

  it("connects again at once when the machine wakes, and only where the connection was lost", async () => {
    const { store, lines, end } = await begun();
    store.wake();
    expect(lines.length).toBe(1);
    lines[0]?.onclose?.({ code: 1006 });
    expect(store.connection().kind).toBe("offline");
    store.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(lines.length).toBe(2);
    end();
  });
});
