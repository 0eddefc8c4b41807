import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyFrame, applyFrames, emptyModel, isAfter, type Model, type Place, resumeAt } from "./model";
import { type Act, aNode, aState, BATCH, SESSION, SmallServer } from "./testing";
import type { AnyFrame, NodeUpdate, Snapshot, State, StreamToken, WorkflowProgress } from "./wire";

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("node" as const),
      which: fc.nat(20),
      status: fc.constantFrom("queued", "running", "completed", "failed"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("plan" as const),
      steps: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("run" as const), run: fc.option(fc.nat(3)) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      run: fc.nat(3),
      how: fc.constantFrom("workflow:complete" as const, "workflow:cancelled" as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "elsewhere" as const }) },
);
const history = fc.array(act, { maxLength: 40 });

function told(acts: readonly Act[]): SmallServer {
  const server = new SmallServer();
  for (const one of acts) server.commit(one);
  return server;
}

function snapshot(state: State): Snapshot {
  return { type: "snapshot", batch_id: BATCH, session_id: "", seq: state.seq, sessions: [state] };
}

function begun(): Model {
  return applyFrame(emptyModel(BATCH), snapshot(aState()));
}

/** What is known of the session, without where it was told. */
function shown(model: Model): object {
  const session = model.sessions[SESSION];
  if (!session) return {};
  const { run, nodes, ended } = session.state;
  return { run: run ?? null, ended, nodes, steps: session.steps };
}

function truth(state: State): object {
  const steps = Object.keys(state.nodes)
    .filter((node) => node.startsWith("phase3/"))
    .map((node) => Number(node.slice(7)));
  return { run: state.run ?? null, ended: state.ended, nodes: state.nodes, steps };
}

function place(frame: AnyFrame): Place {
  return "seq" in frame ? { seq: frame.seq ?? 0, n: frame.n ?? 0 } : { seq: 0, n: 0 };
}

describe("the fold over frames", () => {
  it("knows what the server knows", () => {
    fc.assert(
      fc.property(history, (acts) => {
        const server = told(acts);
        expect(shown(applyFrames(begun(), server.frames))).toEqual(truth(server.state));
      }),
    );
  });

  it("is not moved by frames that come again or out of order", () => {
    fc.assert(
      fc.property(
        history.chain((acts) => {
          const { frames } = told(acts);
          return fc.tuple(
            fc.constant(acts),
            fc.shuffledSubarray([...frames, ...frames], { minLength: 0 }),
            fc.shuffledSubarray(frames, { minLength: frames.length }),
          );
        }),
        ([acts, some, all]) => {
          const server = told(acts);
          const model = applyFrames(begun(), [...some, ...all, ...some]);
          expect(shown(model)).toEqual(truth(server.state));
          const runs = Object.fromEntries(
            Object.entries(model.sessions[SESSION]?.runs ?? {}).map(([id, run]) => [id, run.status]),
          );
          expect(runs).toMatchObject(server.finished);
        },
      ),
    );
  });

  it("goes on after a cut where it stood, whatever of the last commit had come", () => {
    fc.assert(
      fc.property(history, fc.nat(100), (acts, at) => {
        const server = told(acts);
        const before = applyFrames(begun(), server.frames.slice(0, at));
        const position = before.position ?? { seq: 0, n: 0 };
        const resumed = server.frames.filter((frame) => isAfter(place(frame), position));
        expect(shown(applyFrames(before, resumed))).toEqual(truth(server.state));
      }),
    );
  });

  it("is made right by a snapshot, whatever was missed before it", () => {
    fc.assert(
      fc.property(
        history.chain((acts) => fc.tuple(fc.constant(acts), fc.subarray(told(acts).frames))),
        ([acts, some]) => {
          const server = told(acts);
          const reset: AnyFrame = { type: "reset", batch_id: BATCH, session_id: "", reason: "" };
          const model = applyFrames(begun(), [...some, reset, snapshot(server.state), ...some]);
          expect(shown(model)).toEqual(truth(server.state));
          expect(resumeAt(model.position ?? { seq: 0, n: 0 })).toBe(`${server.state.seq}`);
        },
      ),
    );
  });

  it("forgets everything when the log is another one", () => {
    const hello: AnyFrame = { type: "connected", batch_id: BATCH, session_id: "", epoch: "a", sessions: [] };
    const model = applyFrames(begun(), [hello, { ...hello, epoch: "b" }]);
    expect(model).toEqual({ ...emptyModel(BATCH), epoch: "b" });
  });

  it("lets a type of a newer server pass", () => {
    const frame = { type: "of:tomorrow" } as unknown as AnyFrame;
    const model = begun();
    expect(applyFrame(model, frame)).toBe(model);
  });
});

describe("live frames", () => {
  const common = { batch_id: BATCH, session_id: SESSION, generation: 0, attempt: 0 };
  const progress: WorkflowProgress = {
    ...common,
    type: "workflow:progress",
    progress: 40,
    done: 2,
    total: 5,
    message: "4 of 10 done",
    phase: "phase3",
  };
  const streamed = (generation: number, text: string): StreamToken => ({
    ...common,
    type: "research:stream_token",
    node: "phase4",
    generation,
    stream_id: "w",
    phase: "phase4",
    token: text,
    content: "None",
    reasoning_content: "None",
  });

  it("say how far the run is until it ends", () => {
    const during = applyFrame(begun(), progress);
    expect(during.sessions[SESSION]?.live.run).toEqual({ done: 2, total: 5 });
    const end: AnyFrame = {
      type: "session:update",
      batch_id: BATCH,
      session_id: SESSION,
      seq: 9,
      n: 1,
      run: null,
      queue: [],
      engine: "",
      model: "",
      guidance: "",
      ended: false,
      plan_steps: [],
    };
    expect(applyFrame(during, end).sessions[SESSION]?.live.run).toBeNull();
  });

  it("of an attempt that is over are left aside", () => {
    const second: NodeUpdate = {
      ...aNode({ generation: 2, status: "running" }),
      type: "node:update",
      node: "phase4",
      batch_id: BATCH,
      session_id: SESSION,
      seq: 5,
      n: 1,
    };
    const model = applyFrames(begun(), [streamed(1, "old"), second, streamed(1, "late"), streamed(2, " new")]);
    expect(model.sessions[SESSION]?.live.streams.w?.text).toBe("old new");
  });

  it("never move the position", () => {
    const model = begun();
    expect(applyFrames(model, [progress, streamed(1, "x")]).position).toEqual(model.position);
  });
});
