/** Why something is out of date, in words: what really changed, by its own name, and which parts that reaches. */
import { inOrder, stepOf } from "./nodes";
import { t } from "./texts";
import type { Cause, NodeView } from "./wire";
import { capital, theNode } from "./words";

export interface Names {
  /** Sources by their id, those too that were removed as far as they are remembered. */
  readonly sources: ReadonlyMap<string, { readonly name: string; readonly replaced: boolean }>;
  readonly nodes: Readonly<Record<string, NodeView>>;
}

const SOURCE = "source/";
const PLURAL: ReadonlySet<string> = new Set(["phase0", "phase1", "phase3"]);

/** One cause as a sentence; `node` is the part that it makes out of date. */
export function causeText(cause: Cause, node: string, names: Names): string {
  if (cause.node.startsWith(SOURCE) || cause.node === "sources") return sourceText(cause, names);
  const say = t.server.cause;
  const step = stepOf(cause.node);
  const title = step === null ? "" : names.nodes[cause.node]?.title;
  const name = title ? `${theNode(cause.node)} “${title}”` : theNode(cause.node);
  const [what, many] = [capital(name), PLURAL.has(cause.node)];
  switch (cause.reason) {
    case "changed":
      return cause.edited ? say.edited(what, many) : say.changed(what, many);
    case "upstream":
    case "missing":
      return say[cause.reason](what, many);
    case "added":
    case "locked":
      return say[cause.reason](what);
    case "lacking":
    case "failed":
    case "guidance":
    case "engine":
    case "model":
    case "language":
      return say[cause.reason](name);
    case "report":
      return say.report;
    case "definition":
      return stepOf(node) === null ? say.gone : say.definition;
    case "source_added":
    case "source_changed":
    case "source_removed":
      return sourceText(cause, names);
  }
}

function sourceText({ node, reason }: Cause, names: Names): string {
  const say = t.server.cause;
  const source = node.startsWith(SOURCE) ? names.sources.get(node.slice(SOURCE.length)) : undefined;
  switch (reason) {
    case "source_added":
      return source ? say.sourceAdded(source.name) : say.someSourceAdded;
    case "source_removed":
      return source ? say.sourceRemoved(source.name) : say.someSourceRemoved;
    default:
      if (!source) return say.someSourceChanged;
      return source.replaced ? say.sourceReplaced(source.name) : say.sourceChanged(source.name);
  }
}

/** Something that changed, when, and the parts that it makes out of date. */
export interface Root {
  readonly key: string;
  readonly text: string;
  readonly at: string | null;
  readonly parts: readonly string[];
}

/** The causes of all stale parts by what really changed, the one that reaches most first. */
export function roots(names: Names): readonly Root[] {
  const found = new Map<string, { text: string; at: string | null; parts: string[] }>();
  const stale = Object.entries(names.nodes)
    .filter(([node, view]) => node !== "phase3" && view.freshness === "stale")
    .sort(([one], [other]) => inOrder(one, other));
  for (const [node, view] of stale)
    for (const cause of changesOf(view.causes)) {
      const key = `${cause.node} ${cause.reason}`;
      const root = found.get(key) ?? { text: causeText(cause, node, names), at: cause.at ?? null, parts: [] };
      if (!root.parts.includes(node)) root.parts.push(node);
      found.set(key, root);
    }
  return [...found]
    .map(([key, root]) => ({ key, ...root }))
    .sort((one, other) => other.parts.length - one.parts.length);
}

/** What really changed; where nothing of that is known, what stands between. */
export function changesOf(causes: readonly Cause[]): readonly Cause[] {
  const changes = causes.filter((cause) => cause.reason !== "upstream");
  return changes.length ? changes : causes;
}
