/** How things are called on the page. */
import type { FailureReason, NodeView, Phase, QueuedView, Source, Status } from "./wire";

export const PHASE_TITLES: Record<Phase, string> = {
  phase0: "Prepare the sources",
  phase1: "Discover goals",
  phase2: "Synthesize the plan",
  phase3: "Execute the steps",
  phase4: "Write the report",
};

export const PHASE_NAMES: Record<Phase, string> = {
  phase0: "Sources",
  phase1: "Goals",
  phase2: "Plan",
  phase3: "Steps",
  phase4: "Report",
};

/** What a phase does while it runs; of a step its own title is told. */
export const PHASE_DOING: Record<Phase, string> = {
  phase0: "Reading and summarising the sources",
  phase1: "Looking for goals in the sources",
  phase2: "Bringing the goals together and planning the steps",
  phase3: "Carrying out the steps",
  phase4: "Writing the report",
};

/** The same in one line of a narrow column. */
export const PHASE_DOING_BRIEFLY: Record<Phase, string> = {
  phase0: "Reading the sources",
  phase1: "Looking for goals",
  phase2: "Planning the steps",
  phase3: "Carrying them out",
  phase4: "Writing the report",
};

/** The page of each phase, below its session. */
export const PHASE_PAGES: Record<Phase, string> = {
  phase0: "sources",
  phase1: "goals",
  phase2: "plan",
  phase3: "steps",
  phase4: "report",
};

export const STATUS_WORDS: Record<Status, string> = {
  pending: "Not run yet",
  queued: "Queued",
  running: "Running",
  cancelling: "Cancelling",
  completed: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

export const FAILURE_WORDS: Record<FailureReason, string> = {
  blocked_address: "The address may not be fetched",
  not_found: "Not found",
  forbidden: "Access refused",
  challenge: "Behind a robot check",
  paywall: "Behind a paywall",
  robots: "The site refuses robots",
  timeout: "Too slow to answer",
  unreachable: "Unreachable",
  too_large: "Too large",
  too_many_redirects: "Redirected in circles",
  unsupported: "A format that cannot be read",
  not_text: "Holds no text",
  empty: "Empty",
  malformed: "Damaged",
  server_error: "The site has an error",
  resources: "Too costly to read",
};

export type Standing = Status | "stale";

/** What counts most of a node: a result that is out of date is not done. */
export function standing(view: NodeView): Standing {
  return view.freshness === "stale" && (view.status === "completed" || view.status === "cancelled")
    ? "stale"
    : view.status;
}

export function standingWords(view: NodeView): string {
  const now = standing(view);
  return now === "stale" ? "Out of date" : STATUS_WORDS[now];
}

export function isActive(view: NodeView): boolean {
  return view.status === "queued" || view.status === "running" || view.status === "cancelling";
}

export function phaseOf(node: string): Phase {
  return node.slice(0, 6) as Phase; // the server's own names
}

/** `phase3/4` → "step 4"; a phase by what it makes. */
export function nodeName(node: string): string {
  if (node === "phase3/*") return "new steps";
  return node.startsWith("phase3/") ? `step ${node.slice(7)}` : PHASE_NAMES[phaseOf(node)].toLowerCase();
}

/** In the order in which nodes are worked on. */
export function inOrder(one: string, other: string): number {
  const step = (node: string): number => Number(node.slice(7)) || 0;
  return phaseOf(one).localeCompare(phaseOf(other)) || step(one) - step(other);
}

export function nodePath(sessionId: string, node: string): string {
  const step = node.startsWith("phase3/") && !node.endsWith("*") ? `/${node.slice(7)}` : "";
  return `/app/sessions/${sessionId}/${PHASE_PAGES[phaseOf(node)]}${step}`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** "phase 1, 3 and 4"-like: names in a sentence, long lists counted. */
export function listed(names: readonly string[], most = 8): string {
  if (names.length === 0) return "nothing";
  if (names.length === 1) return names[0] ?? "";
  if (names.length > most) return `${names.slice(0, most - 1).join(", ")} and ${names.length - most + 1} more`;
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** Whether it is a step of the plan; `phase3/*` stands for steps that there are not yet. */
export function isStep(node: string): boolean {
  return node.startsWith("phase3/") && node !== "phase3/*";
}

/** Parts of the research in a sentence; more than a few steps are counted. */
export function listedNodes(nodes: readonly string[], fewSteps = 3): string {
  const steps = nodes.filter(isStep);
  if (steps.length <= fewSteps) return listed(nodes.map(nodeName));
  const counted = nodes.filter((node) => !isStep(node) || node === steps[0]);
  return listed(counted.map((node) => (isStep(node) ? count(steps.length, "step") : nodeName(node))));
}

export function seconds(value: number): string {
  if (value < 0.1) return "under 0.1 s";
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 90) return `${Math.round(value)} s`;
  if (value < 5400) return `${Math.round(value / 60)} min`;
  return `${(value / 3600).toFixed(1)} h`;
}

export function clock(at: string): string {
  return new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** The clock of today, the date of other days. */
export function when(at: string, now = new Date()): string {
  const date = new Date(at);
  if (date.toDateString() === now.toDateString()) return clock(at);
  const year = date.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year })}, ${clock(at)}`;
}

export function ago(at: string, now = Date.now()): string {
  const passed = Math.max(0, (now - new Date(at).getTime()) / 1000);
  if (passed < 60) return "just now";
  if (passed < 3600) return `${count(Math.floor(passed / 60), "minute")} ago`;
  if (passed < 86400) return `${count(Math.floor(passed / 3600), "hour")} ago`;
  return `${count(Math.floor(passed / 86400), "day")} ago`;
}

export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  if (value < 1e6) return `${(value / 1e3).toFixed(value < 1e4 ? 1 : 0)} kB`;
  return `${(value / 1e6).toFixed(1)} MB`;
}

/** Where the next command that names a node waits; null if none does. */
export function placeInQueue(queue: readonly QueuedView[], node: string): number | null {
  const step = node.startsWith("phase3/") ? Number(node.slice(7)) : null;
  const waits = queue.find(({ target }) => (step === null ? target.phase === node : target.steps?.includes(step)));
  return waits?.position ?? null;
}

/** How a source is called: by its title, else its address or its file. */
export function sourceName(source: Source): string {
  return source.stored?.title || source.title || source.upload?.filename || source.url || source.source_id;
}
