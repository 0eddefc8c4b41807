/** How parts, states, amounts and times are called, in the language that is spoken. */

import type { LiveSource } from "./live";
import { isStep, NEW_STEPS, phaseOf, stepOf } from "./nodes";
import { language, type Texts, t } from "./texts";
import type { FailureReason, NodeView, Problem, QueuedView, Source, Status } from "./wire";

export type Standing = Status | "stale";

/** What counts most of a node: a result that is out of date is not done. */
export function standing(view: NodeView): Standing {
  return view.freshness === "stale" && (view.status === "completed" || view.status === "cancelled")
    ? "stale"
    : view.status;
}

export function standingName(now: Standing): string {
  return now === "stale" ? t.words.stale : t.words.status[now];
}

export function standingWords(view: NodeView): string {
  return standingName(standing(view));
}

/** What came out: how many of what, else in the server's words where it speaks this language; else how it stands. */
export function headlineOf(view: NodeView): string {
  const counted = countsText(view.counts ?? {});
  return counted || (language === "en" && view.headline) || t.words.status[view.status];
}

/** "8 sources, 1 failed". */
export function countsText(counts: Readonly<Record<string, number>>): string {
  const known = Object.entries(counts).filter(([what]) => what in t.words.count);
  return known.map(([what, number]) => count(number, what as keyof Texts["words"]["count"])).join(t.words.comma);
}

export function isActive(view: NodeView): boolean {
  return view.status === "queued" || view.status === "running" || view.status === "cancelling";
}

/** `phase3/4` → "step 4"; a phase by what it makes. */
export function nodeName(node: string): string {
  if (node === NEW_STEPS) return t.words.node.newSteps;
  const step = stepOf(node);
  return step === null ? t.words.node.phase[phaseOf(node)] : t.words.node.step(step);
}

/** The same as the subject of a sentence: "the goals", "step 4". */
export function theNode(node: string): string {
  return t.words.the(nodeName(node), stepOf(node) !== null);
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function count(number: number, noun: keyof Texts["words"]["count"]): string {
  return t.words.count[noun](number.toLocaleString(t.locale), number === 1);
}

/** Names in a sentence, long lists counted. */
export function listed(names: readonly string[], most = 8): string {
  if (names.length === 0) return t.words.nothing;
  if (names.length > most) return t.words.listMore(names.slice(0, most - 1), names.length - most + 1);
  return t.words.list(names);
}

/** Parts of the research in a sentence; more than a few steps are counted. */
export function listedNodes(nodes: readonly string[], fewSteps = 3): string {
  const steps = nodes.filter(isStep);
  if (steps.length <= fewSteps) return listed(nodes.map(nodeName));
  const counted = nodes.filter((node) => !isStep(node) || node === steps[0]);
  return listed(counted.map((node) => (isStep(node) ? count(steps.length, "step") : nodeName(node))));
}

export function seconds(value: number): string {
  const { time } = t.words;
  if (value < 0.1) return time.underTenth;
  if (value < 10) return time.seconds(value.toFixed(1));
  if (value < 90) return time.seconds(`${Math.round(value)}`);
  if (value < 5400) return time.minutes(`${Math.round(value / 60)}`);
  return time.hours((value / 3600).toFixed(1));
}

export function clock(at: string): string {
  return new Date(at).toLocaleTimeString(t.locale, { hour: "2-digit", minute: "2-digit" });
}

export function clockWithSeconds(at: string): string {
  return new Date(at).toLocaleTimeString(t.locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** The clock of today, the date of other days. */
export function when(at: string, now = new Date()): string {
  const date = new Date(at);
  if (date.toDateString() === now.toDateString()) return clock(at);
  const year = date.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return t.words.time.dateAndClock(
    date.toLocaleDateString(t.locale, { day: "numeric", month: "short", year }),
    clock(at),
  );
}

export function ago(at: string, now = Date.now()): string {
  const { time } = t.words;
  const passed = Math.max(0, (now - new Date(at).getTime()) / 1000);
  if (passed < 60) return time.justNow;
  if (passed < 3600) return time.minutesAgo(Math.floor(passed / 60));
  if (passed < 86400) return time.hoursAgo(Math.floor(passed / 3600));
  return time.daysAgo(Math.floor(passed / 86400));
}

export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  if (value < 1e6) return `${(value / 1e3).toFixed(value < 1e4 ? 1 : 0)} kB`;
  return `${(value / 1e6).toFixed(1)} MB`;
}

/** Where the next command that names a node waits; null if none does. */
export function placeInQueue(queue: readonly QueuedView[], node: string): number | null {
  const step = stepOf(node);
  const waits = queue.find(({ target }) => (step === null ? target.phase === node : target.steps?.includes(step)));
  return waits?.position ?? null;
}

/** How a source is called: a search by its words, others by their title, else their address or file. */
export function sourceName(source: Source): string {
  if (source.search) return t.words.search(source.search.search);
  const given = source.upload?.filename || source.url;
  return source.stored?.title || source.title || given || source.source_id;
}

/** What is done with a source now, in the language that is spoken. */
export function doingText(now: LiveSource): string {
  return t.server.stage(now.stage) || now.doing || now.stage;
}

/** Why a source has no text, in the language that is spoken: the server's own sentence where it is in that. */
export function troubleText(reason: FailureReason | null | undefined, detail: string): string {
  return reason && t.server.source(reason) ? t.words.failure[reason] : detail;
}

/** A problem in a sentence of the language that is spoken. */
export function problemText(problem: Problem): string {
  return t.server.problem(problem, nodeName) || [problem.detail, problem.action].filter(Boolean).join(" ");
}
