/** How a session stands, in one sentence, with the one action that fits. Pure: the bar shows it. */
import { type Names, roots } from "../../causes";
import { problemIn, type Session } from "../../model";
import { inOrder, phaseOf, stepOf } from "../../nodes";
import { t } from "../../texts";
import type { NodeView, RunView } from "../../wire";
import { capital, count, listed, listedNodes, nodeName, problemText, type Standing, when } from "../../words";

export interface Said {
  readonly look: "" | "active" | "stale" | "failed";
  readonly glyph: Standing | "info";
  readonly title: string;
  readonly detail: string;
  readonly action: "none" | "cancel" | "cancelling" | "update" | "retry" | "carryOn" | "read";
  /** Whether there is something to explain. */
  readonly why: boolean;
  readonly progress: Progress | null;
}

/** How far a run is. What it keeps as it is was not done by it, and counts on neither side. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  /** Milliseconds since 1970; null before it has begun. */
  readonly startedAt: number | null;
}

const NOTHING = { why: false, progress: null } as const;

export function standingOf({ state, live }: Session, names: Names): Said {
  const nodes = Object.entries(state.nodes)
    .filter(([node]) => node !== "phase3")
    .sort(([one], [other]) => inOrder(one, other));
  const having = (test: (view: NodeView) => boolean): string[] =>
    nodes.filter(([, view]) => test(view)).map(([node]) => node);
  const stale = having((view) => view.freshness === "stale" && view.status !== "failed");
  const failed = having((view) => view.status === "failed");
  const say = t.session.now;
  const running = having((view) => view.status === "running");
  const cancelling = having((view) => view.status === "cancelling");
  if (state.run || cancelling.length) {
    const waiting = state.queue.length ? ` ${capital(say.behind(count(state.queue.length, "command")))}` : "";
    return {
      look: "active",
      glyph: cancelling.length ? "cancelling" : "running",
      title: cancelling.length ? say.cancelling : say.running,
      detail: activity(running, cancelling, state.nodes) + waiting,
      action: cancelling.length && !running.length && !state.queue.length ? "cancelling" : "cancel",
      why: false,
      progress: state.run ? progressOf({ ...state.run, ...live.run }, Object.fromEntries(nodes)) : null,
    };
  }
  if (state.ended)
    return { ...NOTHING, look: "", glyph: "info", title: say.ended, detail: say.endedDetail, action: "read" };
  if (failed.length) {
    const found = state.nodes[failed[0] ?? ""]?.problem;
    const problem = found && problemIn(found);
    const told = problem && problemText(problem);
    return {
      look: "failed",
      glyph: "failed",
      title: say.failed(capital(listedNodes(failed))),
      detail: told ?? "",
      action: "retry",
      why: stale.length > 0,
      progress: null,
    };
  }
  if (stale.length) {
    const [first, ...more] = roots(names);
    const others = more.length ? say.more(count(more.length, "moreChange")) : "";
    const detail = first ? say.cause(first.text, first.at ? when(first.at) : "") + others : "";
    const title = say.stale(listedNodes(stale));
    return { look: "stale", glyph: "stale", title, detail, action: "update", why: true, progress: null };
  }
  const missing = having((view) => view.artifact == null);
  if (missing.length) {
    const title = missing.length < nodes.length ? say.notFinished : say.notStarted;
    const detail = say.stillToDo(listedNodes(missing));
    return { ...NOTHING, look: "", glyph: "pending", title, detail, action: "carryOn" };
  }
  const at = state.nodes.phase4?.artifact?.at;
  const detail = at ? say.reportOf(when(at)) : "";
  return { ...NOTHING, look: "", glyph: "completed", title: say.upToDate, detail, action: "read" };
}

function activity(
  running: readonly string[],
  cancelling: readonly string[],
  views: Readonly<Record<string, NodeView>>,
): string {
  if (running.length)
    return `${capital(
      listed(
        running.map((node) => doing(node, views[node])),
        3,
      ),
    )}.`;
  if (cancelling.length) return t.session.now.toldToStop(capital(listedNodes(cancelling)), cancelling.length === 1);
  return t.session.now.waiting;
}

/** "step 3 What it costs"; of a phase what it does. */
function doing(node: string, view: NodeView | undefined): string {
  if (stepOf(node) === null) return t.words.phase.doing[phaseOf(node)];
  return view?.title ? `${nodeName(node)} ${view.title}` : nodeName(node);
}

const OVER: ReadonlySet<NodeView["status"]> = new Set(["completed", "failed", "cancelled"]);

export function progressOf(run: RunView, nodes: Readonly<Record<string, NodeView>>): Progress {
  const startedAt = run.started_at ? Date.parse(run.started_at) : null;
  const ran = Object.values(nodes).filter(
    (view) => OVER.has(view.status) && startedAt !== null && view.since && Date.parse(view.since) >= startedAt,
  ).length;
  const done = Math.min(ran, run.done);
  return { done, total: Math.max(run.total - (run.done - done), done), startedAt };
}

/** Seconds until a run is done if it goes on as it went; null while nothing can be said. */
export function secondsLeft({ done, total, startedAt }: Progress, now: number): number | null {
  if (startedAt === null || done === 0 || done >= total) return null;
  return ((now - startedAt) / 1000 / done) * (total - done);
}

export function percent({ done, total }: Progress): number {
  return total ? Math.round((100 * done) / total) : 0;
}
