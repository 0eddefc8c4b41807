/** How the session stands, in one sentence, with the one action that fits. Its height stays the same, so that nothing jumps. */
import { type ReactNode, useState } from "react";
import { Link, useLocation } from "wouter";
import type { Session } from "../../model";
import { useIds, useSession } from "../../store";
import { Causes } from "../../ui/causes";
import { Dialog } from "../../ui/dialog";
import { Glyph } from "../../ui/glyph";
import type { Cause, NodeView } from "../../wire";
import {
  capital,
  count,
  inOrder,
  listed,
  listedNodes,
  nodeName,
  nodePath,
  PHASE_DOING,
  phaseOf,
  when,
} from "../../words";
import { CancelButton, RerunButton } from "./actions";

export function NowPanel(): ReactNode {
  const session = useSession((all) => all);
  const { session_id } = useIds();
  const [path] = useLocation();
  const reading = path === nodePath(session_id, "phase4");
  const [why, setWhy] = useState(false);
  const said = standingOf(session);
  const report = session.state.nodes.phase4;
  const beside = reading && said.action === "update" && report?.freshness === "stale"; // the report's page says and offers it itself
  return (
    <section className={`now notice ${said.look}`} aria-label="How it stands">
      <Glyph of={said.glyph} />
      <div className="now-words" aria-live="polite">
        <p className="now-title">{said.title}</p>
        <p className="now-detail">{said.detail}</p>
      </div>
      <div className="button-row now-actions">
        {said.causes.length > 0 && !beside && (
          <button type="button" className="button slim" onClick={() => setWhy(true)}>
            Why?
          </button>
        )}
        {(said.action === "cancel" || said.action === "cancelling") && (
          <CancelButton
            what={{}}
            name="everything that runs or waits"
            stopping={said.action === "cancelling"}
            className="button"
          />
        )}
        {said.action === "update" && !beside && (
          <RerunButton
            target={{ stale: true }}
            label="Update"
            name="whatever is out of date"
            className="button primary"
          />
        )}
        {said.action === "retry" && (
          <RerunButton
            target={{ stale: true }}
            label="Retry"
            name="what failed or is missing"
            className="button primary"
          />
        )}
        {said.action === "start" && (
          <RerunButton
            target={{ stale: true }}
            label="Carry on"
            name="what is not done yet"
            className="button primary"
          />
        )}
        {said.action === "read" && report?.artifact && !reading && (
          <Link className="button primary" href={nodePath(session_id, "phase4")}>
            Read the report
          </Link>
        )}
      </div>
      <div
        className="bar"
        role="progressbar"
        aria-label="The run"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(said.progress)}
        aria-hidden={said.look !== "active"}
      >
        <span style={{ transform: `scaleX(${said.progress / 100})` }} />
      </div>
      {why && (
        <Dialog title="Why is it out of date?" onClose={() => setWhy(false)}>
          <p>
            These are kept as they were, but they were made from something that is different now. <em>Update</em> runs
            them again, and nothing else.
          </p>
          <ul className="why-list">
            {said.stale.slice(0, MOST_WHY).map((node) => (
              <li key={node}>
                <Link href={nodePath(session_id, node)} onClick={() => setWhy(false)}>
                  {capital(nodeName(node))} {session.state.nodes[node]?.title}
                </Link>
                <Causes causes={session.state.nodes[node]?.causes ?? []} />
              </li>
            ))}
          </ul>
          {said.stale.length > MOST_WHY && <p className="soft">and {said.stale.length - MOST_WHY} more</p>}
        </Dialog>
      )}
    </section>
  );
}

interface Said {
  readonly look: "" | "active" | "stale" | "failed";
  readonly glyph: Parameters<typeof Glyph>[0]["of"];
  readonly title: string;
  readonly detail: string;
  readonly action: "none" | "cancel" | "cancelling" | "update" | "retry" | "start" | "read";
  readonly causes: readonly Cause[];
  readonly stale: readonly string[];
  readonly progress: number;
}

/** Up to so many parts are explained one by one. */
const MOST_WHY = 20;
const NOTHING = { causes: [], stale: [], progress: 0 } as const;

export function standingOf({ state, live }: Session): Said {
  const nodes = Object.entries(state.nodes)
    .filter(([node]) => node !== "phase3")
    .sort(([one], [other]) => inOrder(one, other));
  const having = (test: (view: NodeView) => boolean): string[] =>
    nodes.filter(([, view]) => test(view)).map(([node]) => node);
  const stale = having((view) => view.freshness === "stale" && view.status !== "failed");
  const failed = having((view) => view.status === "failed");
  const causes = rootCauses(nodes.filter(([, view]) => view.freshness === "stale").map(([, view]) => view));
  if (state.run || having((view) => view.status === "cancelling").length) {
    const running = having((view) => view.status === "running");
    const cancelling = having((view) => view.status === "cancelling");
    const detail = running.length
      ? `${capital(
          listed(
            running.map((node) => doing(node, state.nodes[node])),
            3,
          ),
        )}.`
      : cancelling.length
        ? `${capital(listedNodes(cancelling))} ${cancelling.length > 1 ? "were" : "was"} told to stop. What is completed is kept.`
        : "Waiting for a worker.";
    const waiting = state.queue.length ? ` ${capital(count(state.queue.length, "command"))} waiting behind it.` : "";
    return {
      ...NOTHING,
      look: "active",
      glyph: cancelling.length ? "cancelling" : "running",
      title: cancelling.length ? "Cancelling" : `Running${live.message ? `, ${live.message}` : ""}`,
      detail: detail + waiting,
      action: cancelling.length && !running.length && !state.queue.length ? "cancelling" : "cancel",
      progress: live.progress ?? 0,
    };
  }
  if (state.ended)
    return {
      ...NOTHING,
      look: "",
      glyph: "info",
      title: "This batch has ended",
      detail: "Its results stay readable. Nothing can be run any more.",
      action: "read",
    };
  if (failed.length) {
    const problem = state.nodes[failed[0] ?? ""]?.problem;
    return {
      look: "failed",
      glyph: "failed",
      title: `${capital(listedNodes(failed))} failed`,
      detail: problem ? `${problem.detail} ${problem.action}` : "",
      action: "retry",
      causes,
      stale,
      progress: 0,
    };
  }
  if (stale.length) {
    const [first, ...more] = causes;
    const others = more.length ? ` ${capital(count(more.length, "more change"))}.` : "";
    const detail = first ? `${first.text}${first.at ? ` (${when(first.at)})` : ""}${others}` : "";
    return {
      look: "stale",
      glyph: "stale",
      title: `Out of date: ${listedNodes(stale)}`,
      detail,
      action: "update",
      causes,
      stale,
      progress: 0,
    };
  }
  const missing = having((view) => view.artifact == null);
  if (missing.length) {
    const done = nodes.length - missing.length;
    return {
      ...NOTHING,
      look: "",
      glyph: "pending",
      title: done ? "Not finished" : "Not started",
      detail: `Still to do: ${listedNodes(missing)}.`,
      action: "start",
    };
  }
  const at = state.nodes.phase4?.artifact?.at;
  return {
    ...NOTHING,
    look: "",
    glyph: "completed",
    title: "Everything is up to date",
    detail: at ? `The report is of ${when(at)}.` : "",
    action: "read",
  };
}

/** What really changed, not what merely stands below it; each once. */
function rootCauses(views: readonly NodeView[]): Cause[] {
  const all = views.flatMap((view) => view.causes);
  const roots = all.filter((cause) => cause.reason !== "upstream");
  return [
    ...new Map((roots.length ? roots : all).filter((cause) => cause.text).map((cause) => [cause.text, cause])).values(),
  ];
}

/** "step 3 What it costs"; of a phase what it does. */
function doing(node: string, view: NodeView | undefined): string {
  if (phaseOf(node) !== "phase3") return PHASE_DOING[phaseOf(node)];
  return view?.title ? `${nodeName(node)} ${view.title}` : nodeName(node);
}
