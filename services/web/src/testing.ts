/** A server in small, for tests: it changes a session at random and tells of it in frames, as the gateway does. */
import type { AnyFrame, NodeUpdate, NodeView, RunView, SessionUpdate, State } from "./wire";

export const BATCH = "b-1";
export const SESSION = "s-1";

export function aNode(change: Partial<NodeView> = {}): NodeView {
  return {
    status: "pending",
    freshness: null,
    causes: [],
    upgradable: false,
    generation: 0,
    attempt: 0,
    artifact: null,
    seconds: 0,
    tokens: 0,
    problem: null,
    title: "",
    headline: "",
    counts: {},
    guidance: "",
    since: null,
    unchanged: false,
    edited: false,
    ...change,
  };
}

export function aState(change: Partial<State> = {}): State {
  return {
    batch_id: BATCH,
    session_id: SESSION,
    topic: "A topic",
    engine: "extractive",
    model: "",
    language: "",
    guidance: "",
    seq: 1,
    run: null,
    queue: [],
    ended: false,
    tags: [],
    spent: 0,
    created_at: null,
    updated_at: null,
    nodes: Object.fromEntries(["phase0", "phase1", "phase2", "phase4", "phase3"].map((node) => [node, aNode()])),
    ...change,
  };
}

export type Act =
  | { readonly kind: "node"; readonly which: number; readonly status: NodeView["status"] }
  | { readonly kind: "plan"; readonly steps: readonly number[] }
  | { readonly kind: "run"; readonly run: number | null }
  | { readonly kind: "end"; readonly run: number; readonly how: "workflow:complete" | "workflow:cancelled" }
  | { readonly kind: "elsewhere" };

export class SmallServer {
  state: State = aState();
  readonly frames: AnyFrame[] = [];
  readonly finished: Record<string, string> = {};

  /** One commit. The log is shared with other batches, so that positions leave gaps. */
  commit(act: Act): void {
    const seq = this.state.seq + 1;
    this.state = { ...this.state, seq };
    const told: object[] = [];
    switch (act.kind) {
      case "node": {
        const names = Object.keys(this.state.nodes);
        const node = names[act.which % names.length] ?? "phase0";
        told.push(this.#node(node, aNode({ status: act.status, generation: seq })));
        break;
      }
      case "plan": {
        const kept = Object.entries(this.state.nodes).filter(([node]) => !node.startsWith("phase3/"));
        const steps = act.steps.map((step) => [`phase3/${step}`, this.state.nodes[`phase3/${step}`]] as const);
        this.state = { ...this.state, nodes: Object.fromEntries(kept) };
        for (const [node, known] of steps) {
          if (known) this.state = { ...this.state, nodes: { ...this.state.nodes, [node]: known } };
          else told.push(this.#node(node, aNode({ title: `Step of ${seq}` })));
        }
        told.push(this.#around());
        break;
      }
      case "run":
        this.state = { ...this.state, run: act.run === null ? null : aRun(`r-${act.run}-${seq}`) };
        told.push(this.#around());
        break;
      case "end":
        told.push({ type: act.how, run_id: `r-${act.run}` });
        this.finished[`r-${act.run}`] = act.how === "workflow:complete" ? "completed" : "cancelled";
        break;
      case "elsewhere":
        break;
    }
    told.forEach((frame, index) => {
      this.frames.push({ ...frame, batch_id: BATCH, session_id: SESSION, seq, n: index + 1 } as AnyFrame);
    });
  }

  #node(node: string, view: NodeView): Partial<NodeUpdate> {
    this.state = { ...this.state, nodes: { ...this.state.nodes, [node]: view } };
    return { type: "node:update", node, ...view };
  }

  #around(): Partial<SessionUpdate> {
    const { run, queue, engine, model, guidance, ended, nodes } = this.state;
    const plan_steps = Object.keys(nodes)
      .filter((node) => node.startsWith("phase3/"))
      .map((node) => Number(node.slice(7)));
    return { type: "session:update", run, queue, engine, model, guidance, ended, plan_steps };
  }
}

function aRun(runId: string): RunView {
  return {
    run_id: runId,
    command_id: `c-${runId}`,
    targets: [],
    propagation: "cascade",
    done: 0,
    total: 1,
    started_at: null,
    by: "",
  };
}
