/**
 * What the page knows of a batch: a pure fold over the snapshot and the frames of its socket.
 *
 * Every durable frame has a place, `(seq, n)`. Each thing that frames tell of (a node, the session around its nodes, a
 * run) remembers the place it was last told at and takes only later ones: a frame that comes twice, or late, changes
 * nothing. Live frames have no place; they count while their attempt does, and nothing durable depends on them.
 */
import { advanceLive, emptyLive, type Live } from "./live";
import { stepNode, stepOf } from "./nodes";
import type {
  AnyFrame,
  NodeUpdate,
  NodeView,
  Problem,
  ProblemDocument,
  ProblemType,
  SessionUpdate,
  State,
} from "./wire";

export interface Place {
  readonly seq: number;
  readonly n: number;
}

export type RunStatus = "queued" | "running" | "completed" | "failed" | "cancelled";

export interface RunOutcome {
  readonly status: RunStatus;
  readonly position: number | null;
  readonly problem: Problem | null;
  readonly place: Place;
}

export interface Session {
  readonly state: State;
  /** The plan's step numbers in their order. */
  readonly steps: readonly number[];
  /** Where each node was last told. */
  readonly nodePlaces: Readonly<Record<string, Place>>;
  /** Where the session around its nodes was last told. */
  readonly place: Place;
  readonly runs: Readonly<Record<string, RunOutcome>>;
  /** Refused commands, by their id. */
  readonly refused: Readonly<Record<string, Problem>>;
  readonly live: Live;
}

export interface Model {
  readonly batchId: string;
  readonly epoch: string | null;
  /** The last durable frame that was taken: where a lost socket goes on. */
  readonly position: Place | null;
  readonly sessions: Readonly<Record<string, Session>>;
}

const WHOLE = Number.MAX_SAFE_INTEGER;
const NOWHERE: Place = { seq: 0, n: 0 };

export function emptyModel(batchId: string): Model {
  return { batchId, epoch: null, position: null, sessions: {} };
}

export function isAfter(place: Place, other: Place): boolean {
  return place.seq > other.seq || (place.seq === other.seq && place.n > other.n);
}

/** What `?after=` says. */
export function resumeAt(position: Place): string {
  return position.n === WHOLE ? `${position.seq}` : `${position.seq}.${position.n}`;
}

export function applyFrames(model: Model, frames: readonly AnyFrame[]): Model {
  return frames.reduce(applyFrame, model);
}

export function applyFrame(model: Model, frame: AnyFrame): Model {
  switch (frame.type) {
    case "connected":
      return model.epoch === null || model.epoch === frame.epoch
        ? { ...model, epoch: frame.epoch }
        : { ...emptyModel(model.batchId), epoch: frame.epoch };
    case "reset":
      return { ...model, position: null };
    case "snapshot":
      return fromSnapshot(model, frame.sessions, { seq: frame.seq ?? 0, n: WHOLE });
    case "node:update":
      return durable(model, frame, (session, place) => withNode(session, frame, place));
    case "session:update":
      return durable(model, frame, (session, place) => withAround(session, frame, place));
    case "workflow:queued":
      return durable(model, frame, (session, place) =>
        withRun(session, frame.run_id, { status: "queued", position: frame.position, problem: null, place }),
      );
    case "workflow:complete":
      return durable(model, frame, (session, place) =>
        withRun(session, frame.run_id, { status: "completed", position: null, problem: null, place }),
      );
    case "workflow:failed":
      return durable(model, frame, (session, place) =>
        withRun(session, frame.run_id, {
          status: "failed",
          position: null,
          problem: frame.problem ? problemIn(frame.problem) : null,
          place,
        }),
      );
    case "workflow:cancelled":
      return durable(model, frame, (session, place) =>
        withRun(session, frame.run_id, { status: "cancelled", position: null, problem: null, place }),
      );
    case "workflow:refused":
      return durable(model, frame, (session) => ({
        ...session,
        refused: { ...session.refused, [frame.command_id]: problemIn(frame.problem) },
      }));
    case "workflow:progress":
    case "scraping:status":
    case "scraping:item_progress":
    case "scraping:item_update":
    case "research:stream_start":
    case "research:stream_token":
    case "research:stream_end":
      return inSession(model, frame.session_id, (session) => {
        const live = advanceLive(session.live, frame, session.state);
        return live === session.live ? session : { ...session, live };
      });
    // What these say of nodes, `node:update` says of the same commit; what they say of contents is read when it is shown.
    case "workflow:stale":
    case "batch:initialized":
    case "scraping:all_complete_confirmed":
    case "scraping:cancelled":
    case "phase0:summary":
    case "source:checked":
    case "research:start":
    case "research:complete":
    case "research:phase_change":
    case "research:goals":
    case "research:synthesized_goal":
    case "research:plan":
    case "research:phase_rerun_started":
    case "research:phase_rerun_complete":
    case "research:phase_rerun_error":
    case "research:step_rerun_started":
    case "research:step_rerun_complete":
    case "research:step_rerun_error":
    case "phase3:step_complete":
    case "phase4:report_ready":
    case "error":
      return durable(model, frame, (session) => session);
    case "summarization:progress": // what it says, the sources' own frames say here
    case "research:stream_error": // its node says it
    case "answer":
      return model; // commands go by REST
    default:
      return unforeseen(frame, model);
  }
}

/** A problem as the outside has it: its type is the last part of an address. */
export function problemIn(document: ProblemDocument): Problem {
  return { ...document, type: document.type.split("/").pop() as ProblemType };
}

/** A frame of a newer server changes nothing; one that this version forgot is a compile error. */
function unforeseen(_: never, model: Model): Model {
  return model;
}

interface Told {
  readonly session_id: string;
  readonly seq?: number | null;
  readonly n?: number | null;
}

function durable(model: Model, frame: Told, change: (session: Session, place: Place) => Session): Model {
  const place = placeOf(frame);
  const next = inSession(model, frame.session_id, (session) => change(session, place));
  return model.position === null || isAfter(place, model.position) ? { ...next, position: place } : next;
}

function placeOf(frame: Told): Place {
  return { seq: frame.seq ?? 0, n: frame.n ?? 0 };
}

function inSession(model: Model, sessionId: string, change: (session: Session) => Session): Model {
  const known = model.sessions[sessionId] ?? emptySession(model.batchId, sessionId);
  const next = change(known);
  return next === known ? model : { ...model, sessions: { ...model.sessions, [sessionId]: next } };
}

function emptySession(batchId: string, sessionId: string): Session {
  const state: State = {
    batch_id: batchId,
    session_id: sessionId,
    topic: "",
    engine: "",
    model: "",
    language: "",
    guidance: "",
    seq: 0,
    queue: [],
    nodes: {},
    ended: false,
    tags: [],
    spent: 0,
  };
  return { state, steps: [], nodePlaces: {}, place: NOWHERE, runs: {}, refused: {}, live: emptyLive };
}

function fromSnapshot(model: Model, states: readonly State[], place: Place): Model {
  const sessions = { ...model.sessions };
  for (const state of states) {
    const known = sessions[state.session_id];
    if (model.position !== null && known && isAfter(known.place, place)) continue;
    sessions[state.session_id] = sessionOf(state, place, known);
  }
  return { ...model, sessions, position: model.position && isAfter(model.position, place) ? model.position : place };
}

/** A session as a whole state describes it, as of a place. */
export function sessionOf(state: State, place: Place, known?: Session): Session {
  return {
    state,
    steps: Object.keys(state.nodes)
      .map(stepOf)
      .filter((step) => step !== null),
    nodePlaces: Object.fromEntries(Object.keys(state.nodes).map((node) => [node, place])),
    place,
    runs: known?.runs ?? {},
    refused: known?.refused ?? {},
    live: known?.live ?? emptyLive,
  };
}

function withNode(session: Session, frame: NodeUpdate, place: Place): Session {
  const last = session.nodePlaces[frame.node];
  if (last && !isAfter(place, last)) return session;
  const step = stepOf(frame.node);
  if (step !== null && isAfter(session.place, place) && !session.steps.includes(step)) return session; // gone since
  const { type: _type, node, batch_id: _batch, session_id: _session, at, seq, n: _n, ...view } = frame;
  const isNew = step !== null && !session.steps.includes(step);
  return {
    ...session,
    steps: isNew ? [...session.steps, step] : session.steps,
    nodePlaces: { ...session.nodePlaces, [node]: place },
    state: {
      ...session.state,
      seq: Math.max(session.state.seq, seq ?? 0),
      updated_at: at ?? session.state.updated_at,
      nodes: { ...session.state.nodes, [node]: view satisfies NodeView },
    },
  };
}

function withAround(session: Session, frame: SessionUpdate, place: Place): Session {
  if (!isAfter(place, session.place)) return session;
  const kept = (node: string): boolean => {
    const step = stepOf(node);
    const told = session.nodePlaces[node];
    return step === null || frame.plan_steps.includes(step) || (told !== undefined && isAfter(told, place));
  };
  const same = sameSteps(session.steps, frame.plan_steps);
  const later = same ? [] : session.steps.filter((step) => !frame.plan_steps.includes(step) && kept(stepNode(step)));
  const { run, queue, engine, model, guidance, ended } = frame;
  const next: Session = {
    ...session,
    place,
    steps: same ? session.steps : [...frame.plan_steps, ...later],
    state: {
      ...session.state,
      run,
      queue,
      engine,
      model,
      guidance,
      ended,
      seq: Math.max(session.state.seq, place.seq),
      nodes: same ? session.state.nodes : filtered(session.state.nodes, kept),
    },
    nodePlaces: same ? session.nodePlaces : filtered(session.nodePlaces, kept),
    live: run ? session.live : emptyLive,
  };
  return run ? withRun(next, run.run_id, { status: "running", position: null, problem: null, place }) : next;
}

function sameSteps(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((step, index) => step === right[index]);
}

function filtered<T>(record: Readonly<Record<string, T>>, keep: (key: string) => boolean): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => keep(key)));
}

function withRun(session: Session, runId: string, outcome: RunOutcome): Session {
  const last = session.runs[runId];
  if (last && !isAfter(outcome.place, last.place)) return session;
  return { ...session, runs: { ...session.runs, [runId]: outcome } };
}
