/** Every batch: its state, age, what is out of date or failed. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useDeferredValue, useId, useState } from "react";
import { Link } from "wouter";
import { api } from "../../api";
import { useMay } from "../../queries";
import { t } from "../../texts";
import { Glyph } from "../../ui/glyph";
import { ProblemNotice } from "../../ui/problem";
import { useTitle } from "../../ui/title";
import type { BatchView } from "../../wire";
import { ago, count } from "../../words";
import { comparePath } from "../compare/path";
import { CompareDialog } from "./compare-dialog";
import { EndDialog } from "./end-dialog";
import { Lists } from "./lists";
import { SessionDialog } from "./session-dialog";

export function BatchesPage(): ReactNode {
  const say = t.pages.batches;
  useTitle(say.title);
  const id = useId();
  const may = useMay("researcher");
  const [search, setSearch] = useState("");
  const [ending, setEnding] = useState<BatchView | null>(null);
  const asked = useDeferredValue(search.trim());
  const pages = useInfiniteQuery({
    queryKey: ["batches", asked],
    queryFn: ({ pageParam, signal }) => api.batches(asked, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    placeholderData: keepPreviousData,
    refetchInterval: 5_000,
  });
  const batches = pages.data?.pages.flatMap((page) => page.batches).filter((batch) => !batch.deleted) ?? [];
  return (
    <div className="page">
      <div className="page-head">
        <h1>{say.title}</h1>
        <p className="lead">{say.lead}</p>
      </div>
      <Lists />
      <div className="field">
        <label htmlFor={id} className="hidden">
          {say.search}
        </label>
        <input
          id={id}
          type="search"
          placeholder={say.placeholder}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      {pages.isError && <ProblemNotice error={pages.error} />}
      {pages.isPending && <div className="waiting" aria-busy="true" />}
      {pages.isSuccess && batches.length === 0 && (
        <div className="card stack">
          <p>{asked ? say.nothing(asked) : say.none}</p>
          {!asked && may && (
            <Link href="/" className="button primary fit">
              {say.start}
            </Link>
          )}
        </div>
      )}
      {batches.length > 0 && (
        <ul className="batch-list">
          {batches.map((batch) => (
            <Row key={batch.batch_id} batch={batch} onEnd={() => setEnding(batch)} />
          ))}
        </ul>
      )}
      {pages.hasNextPage && (
        <button
          type="button"
          className="button fit"
          disabled={pages.isFetchingNextPage}
          onClick={() => void pages.fetchNextPage()}
        >
          {say.more}
        </button>
      )}
      {ending && <EndDialog batch={ending} onClose={() => setEnding(null)} onEnded={() => void pages.refetch()} />}
    </div>
  );
}

function Row({ batch, onEnd }: { readonly batch: BatchView; readonly onEnd: () => void }): ReactNode {
  const may = useMay("researcher");
  const say = t.pages.batches;
  const [adding, setAdding] = useState(false);
  const [comparing, setComparing] = useState(false);
  const [one, other] = batch.sessions;
  return (
    <li className="batch">
      {batch.sessions.map((session) => (
        <div key={session.session_id} className="batch-session">
          <Glyph of={session.status} label={say.status[session.status]} />
          <div>
            <Link href={`/app/sessions/${session.session_id}`} className="batch-topic">
              {session.topic}
            </Link>
            <p className="meta">
              <span>{say.status[session.status]}</span>
              <span>{count(batch.sources.length, "source")}</span>
              {session.updated_at && <time dateTime={session.updated_at}>{ago(session.updated_at)}</time>}
              {batch.ended && <span>{say.ended}</span>}
            </p>
          </div>
          <div className="batch-marks">
            {session.failed.length > 0 && <span className="badge failed">{say.failed(session.failed.length)}</span>}
            {session.stale.length > 0 && <span className="badge stale">{say.stale(session.stale.length)}</span>}
          </div>
        </div>
      ))}
      {(may || other) && (
        <div className="button-row">
          {one && other && batch.sessions.length === 2 && (
            <Link
              href={comparePath(one.session_id, other.session_id)}
              className="button quiet slim"
              aria-label={t.session.verb.of(t.pages.compare.button, batch.topic)}
            >
              {t.pages.compare.button}
            </Link>
          )}
          {batch.sessions.length > 2 && (
            <button
              type="button"
              className="button quiet slim"
              aria-label={t.session.verb.of(t.pages.compare.button, batch.topic)}
              onClick={() => setComparing(true)}
            >
              {t.pages.compare.button}
            </button>
          )}
          {may && !batch.ended && (
            <button
              type="button"
              className="button quiet slim"
              onClick={() => setAdding(true)}
              aria-label={say.newSessionOn(batch.topic)}
            >
              {say.newSession}
            </button>
          )}
          {may && (
            <button
              type="button"
              className="button quiet slim"
              onClick={onEnd}
              aria-label={say.endIt(batch.ended ? say.delete : say.end, batch.topic)}
            >
              {batch.ended ? say.delete : say.end}
            </button>
          )}
        </div>
      )}
      {comparing && <CompareDialog sessions={batch.sessions} onClose={() => setComparing(false)} />}
      {adding && <SessionDialog batchId={batch.batch_id} onClose={() => setAdding(false)} />}
    </li>
  );
}
