/** The last run as bars: how long each part waited and ran, and the chain that decided how long all of it took. Pure. */
import type { TimelineEntry } from "../../wire";

export type BarEnd = "waiting" | "running" | "completed" | "failed" | "cancelled";

export interface RunBar {
  readonly node: string;
  /** Milliseconds since 1970. */
  readonly queuedAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly end: BarEnd;
  /** Part of the longest chain. */
  readonly critical: boolean;
}

export interface Waterfall {
  readonly startedAt: number;
  /** Null while it runs. */
  readonly endedAt: number | null;
  readonly bars: readonly RunBar[];
  /** Parts that the run left as they were. */
  readonly kept: number;
}

type Draft = { -readonly [K in keyof RunBar]: RunBar[K] };

/** Of a session's log in its order; null before its first run. */
export function lastRun(
  entries: readonly TimelineEntry[],
  parentsOf: (node: string) => readonly string[],
): Waterfall | null {
  const first = entries.findLastIndex((entry) => entry.type === "run_started");
  const begin = entries[first];
  if (!begin) return null;
  const bars = new Map<string, Draft>();
  let [endedAt, kept]: [number | null, number] = [null, 0];
  for (const entry of entries.slice(first + 1)) {
    const at = Date.parse(entry.at);
    const bar = entry.node ? bars.get(entry.node) : undefined;
    switch (entry.type) {
      case "node_queued":
        if (entry.node && !bar) bars.set(entry.node, waiting(entry.node, at));
        break;
      case "node_started":
        if (bar) [bar.startedAt, bar.end] = [at, "running"];
        break;
      case "node_completed":
        if (bar) close(bar, at, "completed");
        break;
      case "node_failed":
        if (bar && entry.facts.final) close(bar, at, "failed");
        break;
      case "node_cancelled":
        if (bar) close(bar, at, "cancelled");
        break;
      case "nodes_kept":
        kept += entry.nodes.length;
        break;
      case "run_finished":
        endedAt ??= at;
        break;
    }
  }
  markLongestChain(bars, parentsOf);
  return { startedAt: Date.parse(begin.at), endedAt, bars: [...bars.values()], kept };
}

function waiting(node: string, queuedAt: number): Draft {
  return { node, queuedAt, startedAt: null, endedAt: null, end: "waiting", critical: false };
}

function close(bar: Draft, at: number, end: BarEnd): void {
  bar.endedAt = at;
  bar.end = end;
}

/** From what ended last back to what it waited for, each time the parent that came last. */
function markLongestChain(bars: ReadonlyMap<string, Draft>, parentsOf: (node: string) => readonly string[]): void {
  const latest = (all: readonly Draft[]): Draft | undefined =>
    all.reduce<Draft | undefined>(
      (one, other) => (one === undefined || (other.endedAt ?? 0) > (one.endedAt ?? 0) ? other : one),
      undefined,
    );
  let bar = latest([...bars.values()].filter(({ endedAt }) => endedAt !== null));
  while (bar && !bar.critical) {
    bar.critical = true;
    bar = latest(
      parentsOf(bar.node).flatMap((parent) => {
        const found = bars.get(parent);
        return found && found.endedAt !== null ? [found] : [];
      }),
    );
  }
}
