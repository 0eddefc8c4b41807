/** The session's log as a story; each entry leads to what it speaks of. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { Link } from "wouter";
import { api } from "../../api";
import { useIds, useSession } from "../../store";
import { Glyph } from "../../ui/glyph";
import { ProblemNotice } from "../../ui/problem";
import type { Timeline, TimelineEntry } from "../../wire";
import { clock, nodePath } from "../../words";

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
  all: ["Everything", () => true],
  asked: ["What was asked", (entry: TimelineEntry) => ASKED.test(entry.type)],
  results: ["Results", (entry: TimelineEntry) => /node_completed|artifact_edited|run_finished/.test(entry.type)],
  trouble: ["Trouble", (entry: TimelineEntry) => /failed|refused|cancel|blocked|superseded/.test(entry.type)],
} as const satisfies Record<string, readonly [string, (entry: TimelineEntry) => boolean]>;
type Filter = keyof typeof FILTERS;
const SOON = 400;

export default function TimelinePage(): ReactNode {
  const { session_id } = useIds();
  const seq = useSession((session) => session.state.seq);
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
  const entries = useMemo(() => {
    const keep: (entry: TimelineEntry) => boolean = FILTERS[filter][1];
    return whole ? data.pages.flatMap((page) => page.events.filter(keep)).toReversed() : [];
  }, [data, whole, filter]);
  return (
    <section className="stack" aria-label="Timeline">
      <div className="section-head">
        <h2>Timeline</h2>
        <fieldset className="button-row filters">
          <legend className="hidden">Show</legend>
          {(Object.keys(FILTERS) as Filter[]).map((name) => (
            <button
              key={name}
              type="button"
              className="button slim"
              aria-pressed={filter === name}
              onClick={() => setFilter(name)}
            >
              {FILTERS[name][0]}
            </button>
          ))}
        </fieldset>
      </div>
      {story.isError && <ProblemNotice error={story.error} />}
      {!whole && !story.isError && (
        <p className="soft" role="status" aria-busy="true">
          Reading the log …
        </p>
      )}
      {entries.length === 0 && whole && <p className="soft">Nothing of this kind has happened.</p>}
      <Days entries={entries} sessionId={session_id} />
    </section>
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
            {new Date(day).toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" })}
          </h3>
          <ol className="story">
            {told.map((entry) => (
              <li key={`${entry.seq}.${entry.n}`}>
                <time dateTime={entry.at} className="soft small numbers">
                  {clock(entry.at)}
                </time>
                <span className="story-sign">{SIGNS[entry.type] && <Glyph of={SIGNS[entry.type] ?? "info"} />}</span>
                <p className={ASIDE.test(entry.type) ? "soft" : ASKED.test(entry.type) ? "strong" : undefined}>
                  {entry.node ? <Link href={nodePath(sessionId, entry.node)}>{entry.text}</Link> : entry.text}
                </p>
              </li>
            ))}
          </ol>
        </section>
      ))}
      {entries.length > most && (
        <button type="button" className="button fit" onClick={() => setMost(most + 500)}>
          Show earlier
        </button>
      )}
    </>
  );
}
