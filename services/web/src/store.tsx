/** One batch that is looked at: its model, its socket, and hooks that read as little of it as a component needs. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { api, token } from "./api";
import { applyFrames, emptyModel, type Model, type Session, sessionOf } from "./model";
import { BatchSocket, type Channel, type Connection, type SocketOptions } from "./socket";
import type { AnyFrame, FailureReason, NodeView, State } from "./wire";

/** Milliseconds of quiet after which frames are shown: those of one commit come together and are shown together. */
const QUIET = 6;
/** And at the latest. */
const LATEST = 40;

/** How a store reaches the server: the browser's own way, unless a test has another. */
type Way = Pick<SocketOptions, "open" | "ticket">;

const BROWSER: Way = {
  ticket: async () => (token() ? api.ticket() : null),
  open: (path) =>
    new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`) as Channel,
};

export class BatchStore {
  #model: Model;
  #connection: Connection = { kind: "connecting" };
  #waiting: AnyFrame[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #firstAt = 0;
  #lastAt = 0;
  readonly #listeners = new Set<() => void>();
  readonly #socket: BatchSocket;

  /** Begins with a state that was read by REST, so that the page shows something before the socket does. */
  constructor(state: State, way = BROWSER) {
    const session = sessionOf(state, { seq: state.seq, n: 0 });
    this.#model = { ...emptyModel(state.batch_id), sessions: { [state.session_id]: session } };
    this.#socket = new BatchSocket({
      batchId: state.batch_id,
      position: () => ({ place: this.#model.position, epoch: this.#model.epoch }),
      onFrame: (frame) => this.#receive(frame),
      onConnection: (connection) => {
        this.#connection = connection;
        this.#tell();
      },
      ...way,
    });
  }

  /** Connects; the answer ends it. */
  start = (): (() => void) => {
    this.#socket.start();
    return () => {
      clearTimeout(this.#timer);
      this.#socket.close();
    };
  };

  /** The machine is back: a lost connection is tried at once. */
  wake = (): void => {
    if (this.#connection.kind === "offline") this.#socket.retry();
  };
  retry = (): void => this.#socket.retry();
  model = (): Model => this.#model;
  connection = (): Connection => this.#connection;
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #receive(frame: AnyFrame): void {
    const now = performance.now();
    if (this.#waiting.push(frame) === 1) this.#firstAt = now;
    this.#lastAt = now;
    this.#timer ??= setTimeout(() => this.#flush(), QUIET);
  }

  #flush(): void {
    const now = performance.now();
    if (now - this.#lastAt < QUIET && now - this.#firstAt < LATEST) {
      this.#timer = setTimeout(() => this.#flush(), QUIET);
      return;
    }
    this.#timer = undefined;
    const frames = this.#waiting;
    this.#waiting = [];
    this.#model = applyFrames(this.#model, frames);
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

interface Held {
  readonly store: BatchStore;
  readonly sessionId: string;
}

const Context = createContext<Held | null>(null);

export function SessionProvider({
  state,
  children,
}: {
  readonly state: State;
  readonly children: ReactNode;
}): ReactNode {
  const first = useRef(state);
  const store = useMemo(() => new BatchStore(first.current), []);
  useEffect(() => {
    const end = store.start();
    window.addEventListener("online", store.wake);
    document.addEventListener("visibilitychange", store.wake);
    return () => {
      window.removeEventListener("online", store.wake);
      document.removeEventListener("visibilitychange", store.wake);
      end();
    };
  }, [store]);
  const held = useMemo(() => ({ store, sessionId: first.current.session_id }), [store]);
  return <Context value={held}>{children}</Context>;
}

function useHeld(): Held {
  const held = useContext(Context);
  if (!held) throw new Error("no session around this component");
  return held;
}

/** A part of the session; the component draws again only when that part changed. */
export function useSession<T>(select: (session: Session) => T): T {
  const { store, sessionId } = useHeld();
  const read = (): T => {
    const session = store.model().sessions[sessionId];
    if (!session) throw new Error("the session is not in its batch");
    return select(session);
  };
  return useSyncExternalStore(store.subscribe, read);
}

export function useNode(node: string): NodeView | undefined {
  return useSession((session) => session.state.nodes[node]);
}

/** Why each source could not be read, where the last preparation could read none. */
export function useUnread(): ReadonlyMap<string, FailureReason> {
  const view = useNode("phase0");
  const facts = view?.status === "failed" && view.problem?.code === "no_sources_read" ? view.problem.facts : null;
  return useMemo(() => {
    const [sources, reasons] = [facts?.sources, facts?.reasons];
    if (!Array.isArray(sources) || !Array.isArray(reasons)) return new Map();
    return new Map(sources.map((source, index) => [source, reasons[index] as FailureReason]));
  }, [facts]);
}

/** The ids that never change. */
export function useIds(): { readonly batch_id: string; readonly session_id: string } {
  const batchId = useSession((session) => session.state.batch_id);
  const { sessionId } = useHeld();
  return useMemo(() => ({ batch_id: batchId, session_id: sessionId }), [batchId, sessionId]);
}

export function useConnection(): { readonly connection: Connection; readonly retry: () => void } {
  const { store } = useHeld();
  return { connection: useSyncExternalStore(store.subscribe, store.connection), retry: store.retry };
}
