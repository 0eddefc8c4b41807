/** The last run drawn as a waterfall: one row for each part, in the order in which they came up. */
import { type ReactNode, useMemo, useState } from "react";
import { Link } from "wouter";
import { nodePath, parentsOf } from "../../nodes";
import { useArtifact } from "../../queries";
import { useIds, useSession } from "../../store";
import { t } from "../../texts";
import type { TimelineEntry } from "../../wire";
import { capital, count, nodeName, seconds, when } from "../../words";
import { useNow } from "../session/use-now";
import { lastRun, type RunBar } from "./waterfall";

/** So many rows until all are asked for. */
const FEW = 24;

export function RunChart({ entries }: { readonly entries: readonly TimelineEntry[] }): ReactNode {
  const plan = useArtifact("phase2").data?.steps;
  const [all, setAll] = useState(false);
  const run = useMemo(() => {
    const steps = new Map((plan ?? []).map((step) => [step.step_id, step.depends_on]));
    return lastRun(entries, (node) => parentsOf(node, steps));
  }, [entries, plan]);
  const going = run !== null && run.endedAt === null;
  const now = useNow(going ? 500 : null);
  if (!run || run.bars.length === 0) return null;
  const end = run.endedAt ?? Math.max(now, ...run.bars.map((bar) => bar.endedAt ?? 0));
  const span = Math.max(end - run.startedAt, 1);
  const shown = all ? run.bars : run.bars.slice(0, FEW);
  const say = t.pages.timeline;
  return (
    <section className="stack tight" aria-label={say.lastRun}>
      <div className="section-head">
        <h2>{say.lastRun}</h2>
        <p className="soft small numbers">
          {say.runOf(when(new Date(run.startedAt).toISOString()), seconds(span / 1000))}
          {run.kept > 0 && ` · ${say.kept(count(run.kept, "part"))}`}
        </p>
      </div>
      <ul className="legend small" aria-label={say.legend}>
        <li className="waited">{say.waited}</li>
        <li className="ran">{say.ran}</li>
        <li className="chain">{say.critical}</li>
        {run.bars.some((bar) => bar.end === "cancelled") && <li className="stopped">{say.cancelled}</li>}
        {run.bars.some((bar) => bar.end === "failed") && <li className="broken">{say.failed}</li>}
      </ul>
      <ol className="waterfall">
        {shown.map((bar) => (
          <Row key={bar.node} bar={bar} from={run.startedAt} span={span} end={end} />
        ))}
      </ol>
      <p className="waterfall-axis soft small numbers" aria-hidden="true">
        <span>0</span>
        <span>{seconds(span / 2000)}</span>
        <span>{seconds(span / 1000)}</span>
      </p>
      {shown.length < run.bars.length && (
        <button type="button" className="button slim fit" onClick={() => setAll(true)}>
          {say.moreRows(run.bars.length - shown.length)}
        </button>
      )}
    </section>
  );
}

interface RowProps {
  readonly bar: RunBar;
  readonly from: number;
  readonly span: number;
  readonly end: number;
}

function Row({ bar, from, span, end }: RowProps): ReactNode {
  const { session_id } = useIds();
  const title = useSession((session) => session.state.nodes[bar.node]?.title);
  const ended = bar.endedAt ?? end;
  const started = bar.startedAt ?? ended;
  const [waited, ran] = [seconds((started - bar.queuedAt) / 1000), seconds((ended - started) / 1000)];
  const place = (start: number, stop: number): { left: string; width: string } => ({
    left: `${(100 * (start - from)) / span}%`,
    width: `${(100 * Math.max(stop - start, 0)) / span}%`,
  });
  const name = capital(nodeName(bar.node));
  return (
    <li className={bar.critical ? "chain" : undefined}>
      <Link href={nodePath(session_id, bar.node)} className="one-line" title={title}>
        {name} <span className="soft">{title}</span>
      </Link>
      <span className="waterfall-track" role="img" aria-label={t.pages.timeline.row(name, waited, ran)}>
        <span className="waited" style={place(bar.queuedAt, started)} />
        {bar.startedAt !== null && <span className={`ran ${bar.end}`} style={place(started, ended)} />}
      </span>
      <span className="soft small numbers">{bar.startedAt === null ? waited : ran}</span>
    </li>
  );
}
