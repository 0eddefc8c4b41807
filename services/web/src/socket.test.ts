import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Place } from "./model";
import { BatchSocket, backOff, type Channel, type Connection } from "./socket";
import type { AnyFrame } from "./wire";

class Wire implements Channel {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closed = false;
  constructor(readonly path: string) {}
  close(): void {
    this.closed = true;
  }
  hello(): void {
    this.onmessage?.({ data: JSON.stringify({ type: "connected", epoch: "e", sessions: [] }) });
  }
  lose(): void {
    this.onclose?.({ code: 1006 });
  }
}

interface Bench {
  readonly socket: BatchSocket;
  readonly wires: Wire[];
  readonly said: Connection[];
  readonly frames: AnyFrame[];
  place: Place | null;
}

function bench(ticket: () => Promise<string | null> = async () => null): Bench {
  const wires: Wire[] = [];
  const said: Connection[] = [];
  const frames: AnyFrame[] = [];
  const made: Bench = {
    wires,
    said,
    frames,
    place: null,
    socket: new BatchSocket({
      batchId: "b-1",
      ticket,
      position: () => ({ place: made.place, epoch: made.place && "e" }),
      onFrame: (frame) => frames.push(frame),
      onConnection: (connection) => said.push(connection),
      open: (path) => {
        const wire = new Wire(path);
        wires.push(wire);
        return wire;
      },
    }),
  };
  return made;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the socket", () => {
  it("asks for a snapshot first, and later goes on where the page stands", async () => {
    const b = bench();
    b.socket.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(b.wires[0]?.path).toBe("/ws/b-1");
    b.wires[0]?.hello();
    b.place = { seq: 7, n: 2 };
    b.wires[0]?.lose();
    await vi.advanceTimersByTimeAsync(600);
    expect(b.wires[1]?.path).toBe("/ws/b-1?after=7.2&epoch=e");
    b.socket.close();
  });

  it("says since when it is offline, waits longer each time, and says when it is back", async () => {
    const b = bench();
    b.socket.start();
    await vi.advanceTimersByTimeAsync(0);
    const since: number[] = [];
    for (let failure = 0; failure < 6; failure++) {
      b.wires.at(-1)?.lose();
      const last = b.said.at(-1);
      if (last?.kind === "offline") since.push(last.since);
      await vi.advanceTimersByTimeAsync(16_000);
    }
    expect(new Set(since).size).toBe(1);
    expect(b.wires.length).toBe(7);
    b.wires.at(-1)?.hello();
    expect(b.said.at(-1)).toEqual({ kind: "live" });
    b.socket.close();
  });

  it("tries again at once when asked, and leaves no second socket behind", async () => {
    const b = bench();
    b.socket.start();
    await vi.advanceTimersByTimeAsync(0);
    b.wires[0]?.hello();
    b.socket.retry();
    await vi.advanceTimersByTimeAsync(0);
    expect(b.wires.map((wire) => wire.closed)).toEqual([true, false]);
    b.socket.close();
    expect(b.wires[1]?.closed).toBe(true);
  });

  it("connects again after a sleep, for the socket may be dead without knowing", async () => {
    const b = bench();
    b.socket.start();
    await vi.advanceTimersByTimeAsync(0);
    b.wires[0]?.hello();
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(b.wires.length).toBe(2);
    b.socket.close();
  });

  it("does not connect once it is closed, also not with a ticket that came late", async () => {
    let give: (ticket: string) => void = () => undefined;
    const b = bench(
      () =>
        new Promise((resolve) => {
          give = resolve;
        }),
    );
    b.socket.start();
    b.socket.close();
    give("t");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(b.wires).toEqual([]);
  });

  it("sends the ticket along, and tries again when there is none to be had", async () => {
    let tickets = 0;
    const b = bench(async () => {
      if (++tickets === 1) throw new Error("away");
      return "a.b";
    });
    b.socket.start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(b.wires.map((wire) => wire.path)).toEqual(["/ws/b-1?ticket=a.b"]);
    b.socket.close();
  });

  it("lets pass what is no frame", async () => {
    const b = bench();
    b.socket.start();
    await vi.advanceTimersByTimeAsync(0);
    b.wires[0]?.onmessage?.({ data: "{" });
    b.wires[0]?.onmessage?.({ data: new ArrayBuffer(2) });
    expect(b.frames).toEqual([]);
    b.socket.close();
  });
});

describe("the back-off", () => {
  it("grows from half a second to a quarter of a minute, never longer", () => {
    expect([0, 1, 2, 8, 500].map((failures) => backOff(failures, () => 1))).toEqual([500, 1000, 2000, 15_000, 15_000]);
    expect(backOff(0, () => 0)).toBe(250);
  });
});
