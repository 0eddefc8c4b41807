/** The session's log as a story; each entry leads to what it speaks of. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { Link } from "wouter";
import { api } from "../../api";
import { nodePath, stepOf } from "../../nodes";
import { useIds, useSession } from "../../store";
import { t } from "../../texts";
import { Glyph } from "../../ui/glyph";
import { ProblemNotice } from "../../ui/problem";
import type { Timeline, TimelineEntry } from "../../wire";
import { clockWithSeconds, nodeName } from "../../words";
import { RunChart } from "./run-chart";

const ASKED = /session_created|sources_changed|command_|run_queued|run_merged|artifact_edited|accepted|ended|deleted/;
/** What is of use to whoever looks for the cause of something, and else in the way. */
const ASIDE = /node_queued|node_started|sweep/;
const SIGNS: Readonly<Record<string, Parameters<typeof Glyph>[0]["of"]>> = {
  node_completed: "completed",
  node_failed: "failed",
  command_refused: "failed",
  nodes_blocked: "failed",
  node_cancelling: "cancelling",
  node_cancelled: "cancelled",
};

const FILTERS = {
  all: () => true,
  asked: (entry: TimelineEntry) => ASKED.test(entry.type),
  results: (entry: TimelineEntry) => /node_completed|artifact_edited|run_finished/.test(entry.type),
  trouble: (entry: TimelineEntry) => /failed|refused|cancel|blocked|superseded/.test(entry.type),
} as const satisfies Record<string, (entry: TimelineEntry) => boolean>;
type Filter = keyof typeof FILTERS;
const SOON = 400;

export default function TimelinePage(): ReactNode {
  const { session_id } = useIds();
  const seq = useSession((session) => session.state.seq);
  const say = t.pages.timeline;
  const [filter, setFilter] = useState<Filter>("all");
  const story = useInfiniteQuery({
    queryKey: ["timeline", session_id],
    queryFn: ({ pageParam }) => api.timeline(session_id, pageParam),
    initialPageParam: 0,
    getNextPageParam: (page, pages) => page.next ?? lastOf(pages),
  });
  const { data, isFetching, fetchNextPage } = story;
  const known = data ? lastOf(data.pages) : -1;
  const whole = data?.pages.at(-1)?.next == null && data !== undefined;
  const asked = useRef(-1);
  useEffect(() => {
    if (!data || isFetching || (whole && (known >= seq || asked.current === seq))) return;
    const timer = setTimeout(
      () => {
        asked.current = seq;
        void fetchNextPage();
      },
      whole ? SOON : 0,
    );
    return () => clearTimeout(timer);
  }, [data, whole, known, seq, isFetching, fetchNextPage]);
  const log = useMemo(() => (whole ? data.pages.flatMap((page) => page.events) : []), [data, whole]);
  const entries = useMemo(() => {
    const keep: (entry: TimelineEntry) => boolean = FILTERS[filter];
    return log.filter(keep).toReversed();
  }, [log, filter]);
  if (!whole && !story.isError)
    return (
      <p className="soft waiting" role="status" aria-busy="true">
        {say.reading}
      </p>
    );
  return (
    <>
      <RunChart entries={log} />
      <section className="stack" aria-label={say.title}>
        <div className="section-head">
          <h2>{say.title}</h2>
          <fieldset className="button-row filters">
            <legend className="hidden">{say.show}</legend>
            {(Object.keys(FILTERS) as Filter[]).map((name) => (
              <button
                key={name}
                type="button"
                className="button slim"
                aria-pressed={filter === name}
                onClick={() => setFilter(name)}
              >
                {say.filters[name]}
              </button>
            ))}
          </fieldset>
        </div>
        {story.isError && <ProblemNotice error={story.error} />}
        {entries.length === 0 && whole && <p className="soft">{say.nothing}</p>}
        <Days entries={entries} sessionId={session_id} />
      </section>
    </>
  );
}

/** The newest commit that the pages tell of. */
function lastOf(pages: readonly Timeline[]): number {
  return pages.findLast((page) => page.events.length > 0)?.events.at(-1)?.seq ?? 0;
}

function Days({
  entries,
  sessionId,
}: {
  readonly entries: readonly TimelineEntry[];
  readonly sessionId: string;
}): ReactNode {
  const [most, setMost] = useState(200);
  const days = Map.groupBy(entries.slice(0, most), (entry) => new Date(entry.at).toDateString());
  return (
    <>
      {[...days].map(([day, told]) => (
        <section key={day} className="stack tight">
          <h3 className="day">
            {new Date(day).toLocaleDateString(t.locale, { weekday: "long", day: "numeric", month: "long" })}
          </h3>
          <ol className="story">
            {told.map((entry) => (
              <li key={`${entry.seq}.${entry.n}`}>
                <time dateTime={entry.at} className="soft small numbers">
                  {clockWithSeconds(entry.at)}
                </time>
                <span className="story-sign">{SIGNS[entry.type] && <Glyph of={SIGNS[entry.type] ?? "info"} />}</span>
                <p className={ASIDE.test(entry.type) ? "soft" : ASKED.test(entry.type) ? "strong" : undefined}>
                  <Told entry={entry} sessionId={sessionId} />
                </p>
              </li>
            ))}
          </ol>
        </section>
      ))}
      {entries.length > most && (
        <button type="button" className="button fit" onClick={() => setMost(most + 500)}>
          {t.pages.timeline.earlier}
        </button>
      )}
    </>
  );
}

/** An entry in the language that is spoken; the server's own sentence where that is the server's. */
function Told({ entry, sessionId }: { readonly entry: TimelineEntry; readonly sessionId: string }): ReactNode {
  const nodes = useSession((session) => session.state.nodes);
  const name = (node: string): string => {
    const title = stepOf(node) === null ? "" : nodes[node]?.title;
    return title ? `${nodeName(node)} “${title}”` : nodeName(node);
  };
  const text = t.server.event(entry, name) || entry.text;
  return entry.node ? <Link href={nodePath(sessionId, entry.node)}>{text}</Link> : text;
}
