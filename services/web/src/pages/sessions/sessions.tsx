/** Sessions of all batches: found by what is said of them, tagged, and brought up to date as one. The filter is the address. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useDeferredValue, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Link, useSearchParams } from "wouter";
import { api } from "../../api";
import { useKey } from "../../keys";
import { useMay, useOwner } from "../../queries";
import { t } from "../../texts";
import { Glyph } from "../../ui/glyph";
import { ProblemNotice } from "../../ui/problem";
import { useTitle } from "../../ui/title";
import type { SessionSummary } from "../../wire";
import { ago, count } from "../../words";
import { Lists } from "../batches/lists";
import {
  AGES,
  ALL,
  addressOf,
  askedOf,
  filterOf,
  isTag,
  type SessionsFilter,
  SHOWS,
  type Show,
  searchOf,
} from "./filter";
import { type FleetRun, useFleetRun } from "./fleet-run";
import { SaveViewDialog } from "./save-view-dialog";
import { type SavedView, useSavedViews } from "./saved-views";
import { TagDialog } from "./tag-dialog";
import { UpdateDialog } from "./update-dialog";

const HEIGHT = 84;
/** Pages above which what is shown is looked at less often: each is asked for anew. */
const MANY = 3;

export default function SessionsPage(): ReactNode {
  const say = t.pages.sessions;
  useTitle(say.title);
  const may = useMay("researcher");
  const owner = useOwner();
  const [params, setParams] = useSearchParams();
  const filter = filterOf(params);
  const search = useDeferredValue(searchOf(askedOf(filter)));
  const wrong = filter.tag !== "" && !isTag(filter.tag);
  const [updating, setUpdating] = useState(false);
  const { run, begin } = useFleetRun(owner);
  const pages = useInfiniteQuery({
    queryKey: ["sessions", search],
    queryFn: ({ pageParam, signal }) => api.sessions(search, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    placeholderData: keepPreviousData,
    enabled: !wrong,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > MANY ? 30_000 : 5_000),
  });
  const sessions = useMemo(() => {
    const all = pages.data?.pages.flatMap((page) => page.sessions) ?? [];
    return [...new Map(all.map((one) => [one.session_id, one])).values()]; // one may move while pages are read
  }, [pages.data]);
  const change = (part: Partial<SessionsFilter>): void =>
    setParams(new URLSearchParams(addressOf({ ...filter, ...part })), { replace: true });
  const more = pages.hasNextPage;
  return (
    <div className="page">
      <div className="page-head">
        <h1>{say.title}</h1>
        <p className="lead">{say.lead}</p>
      </div>
      <Lists />
      <Filter filter={filter} wrong={wrong} onChange={change} known={sessions.flatMap(({ tags }) => tags)} />
      <Views search={searchOf(askedOf(filter))} owner={owner} />
      <div className="fleet-line">
        <p role="status">
          {run ? runWords(run) : pages.isSuccess && say.shown(count(sessions.length, "session"), more)}
        </p>
        {may && (
          <div className="button-row">
            {run && !run.over && (
              <button
                type="button"
                className="button"
                disabled={run.cancelling || Boolean(run.cancelled)}
                onClick={run.cancel}
              >
                {say.run.cancel}
              </button>
            )}
            {run?.over && (
              <button type="button" className="button quiet" onClick={run.dismiss}>
                {t.ui.command.dismiss}
              </button>
            )}
            <button
              type="button"
              className="button primary"
              disabled={sessions.length === 0 || wrong}
              onClick={() => setUpdating(true)}
            >
              {say.update.title}
            </button>
          </div>
        )}
      </div>
      {run?.error != null && <ProblemNotice error={run.error} />}
      {pages.isError && <ProblemNotice error={pages.error} />}
      {pages.isPending && !wrong && <div className="waiting" aria-busy="true" />}
      {pages.isSuccess && sessions.length === 0 && (
        <div className="card stack">
          <p>{search ? say.nothing : say.none}</p>
          {search && (
            <button type="button" className="button fit" onClick={() => change(ALL)}>
              {say.showAll}
            </button>
          )}
        </div>
      )}
      {sessions.length > 0 && (
        <Rows
          sessions={sessions}
          more={more}
          onEnd={() => {
            if (more && !pages.isFetchingNextPage) void pages.fetchNextPage();
          }}
          onTagged={() => void pages.refetch()}
          onTag={(tag) => change({ tag })}
        />
      )}
      {updating && <UpdateDialog asked={askedOf(filter)} onClose={() => setUpdating(false)} onBegun={begin} />}
    </div>
  );
}

function runWords(run: FleetRun): string {
  const say = t.pages.sessions.run;
  const all = count(run.sessions, "session");
  if (run.over) return say.over(all);
  if (run.cancelled) return say.cancelled(count(run.cancelled.sessions.length, "session"));
  return run.atWork === null ? say.begun(all) : say.atWork(run.atWork, all);
}

interface FilterProps {
  readonly filter: SessionsFilter;
  readonly wrong: boolean;
  readonly onChange: (part: Partial<SessionsFilter>) => void;
  /** Tags that are offered. */
  readonly known: readonly string[];
}

function Filter({ filter, wrong, onChange, known }: FilterProps): ReactNode {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  useKey("/", () => field.current?.focus());
  const say = t.pages.sessions.filter;
  const own = filter.age && !AGES.some((age) => age === filter.age) ? [filter.age] : [];
  return (
    <search className="fleet-filter">
      <div className="field">
        <label htmlFor={`${id}-words`}>{say.words}</label>
        <input
          ref={field}
          id={`${id}-words`}
          type="search"
          value={filter.words}
          maxLength={200}
          onChange={(event) => onChange({ words: event.target.value })}
        />
      </div>
      <div className="field">
        <label htmlFor={`${id}-show`}>{say.show}</label>
        <select
          id={`${id}-show`}
          value={filter.show}
          onChange={(event) => onChange({ show: event.target.value as Show })}
        >
          {SHOWS.map((show) => (
            <option key={show} value={show}>
              {say.shows[show]}
            </option>
          ))}
        </select>
      </div>
      <div className="field">
        <label htmlFor={`${id}-tag`}>{say.tag}</label>
        <input
          id={`${id}-tag`}
          type="text"
          autoComplete="off"
          list={`${id}-tags`}
          value={filter.tag}
          aria-invalid={wrong}
          title={wrong ? say.tagWrong : undefined}
          onChange={(event) => onChange({ tag: event.target.value.trim() })}
        />
        <datalist id={`${id}-tags`}>
          {[...new Set(known)].sort().map((tag) => (
            <option key={tag} value={tag} />
          ))}
        </datalist>
      </div>
      <div className="field">
        <label htmlFor={`${id}-age`}>{say.age}</label>
        <select id={`${id}-age`} value={filter.age} onChange={(event) => onChange({ age: event.target.value })}>
          <option value="">{say.anyAge}</option>
          {[...AGES, ...own].map((age) => (
            <option key={age} value={age}>
              {say.ages[age] ?? age}
            </option>
          ))}
        </select>
      </div>
    </search>
  );
}

function Views({ search, owner }: { readonly search: string; readonly owner: string }): ReactNode {
  const { views, save, remove } = useSavedViews(owner);
  const [naming, setNaming] = useState(false);
  const say = t.pages.sessions.views;
  const here = (view: SavedView): boolean => view.search === search;
  return (
    <section className="fleet-views" aria-label={say.title}>
      <ul className="chips">
        {views.map((view) => (
          <li key={view.name}>
            <Link href={`/app/sessions?${view.search}`} aria-current={here(view) ? "true" : undefined}>
              {view.name}
            </Link>
            <button type="button" aria-label={say.remove(view.name)} onClick={() => remove(view.name)}>
              ×
            </button>
          </li>
        ))}
      </ul>
      <button
        type="button"
        className="button quiet slim"
        disabled={search === "" || views.some(here)}
        onClick={() => setNaming(true)}
      >
        {say.saveThis}
      </button>
      {naming && (
        <SaveViewDialog
          onClose={() => setNaming(false)}
          onSave={(name) => {
            save({ name, search });
            setNaming(false);
          }}
        />
      )}
    </section>
  );
}

interface RowsProps {
  readonly sessions: readonly SessionSummary[];
  readonly more: boolean;
  /** The last of them are in sight. */
  readonly onEnd: () => void;
  readonly onTagged: () => void;
  readonly onTag: (tag: string) => void;
}

/** Only those in sight are drawn, so that a thousand are as quick as ten. */
function Rows({ sessions, more, onEnd, onTagged, onTag }: RowsProps): ReactNode {
  const list = useRef<HTMLUListElement>(null);
  const [offset, setOffset] = useState(0);
  const [tagging, setTagging] = useState<SessionSummary | null>(null);
  useLayoutEffect(() => setOffset(list.current?.offsetTop ?? 0), []);
  const virtual = useWindowVirtualizer({
    count: sessions.length,
    estimateSize: () => HEIGHT,
    overscan: 8,
    scrollMargin: offset,
    getItemKey: (index) => sessions[index]?.session_id ?? index,
    initialRect: { width: 1000, height: 1000 },
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const near = last >= sessions.length - 10;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked for once for each length of the list
  useEffect(() => {
    if (near) onEnd();
  }, [near, sessions.length, more]);
  return (
    <>
      <ul ref={list} className="fleet" aria-label={t.pages.sessions.title} style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const session = sessions[item.index];
          if (!session) return null;
          return (
            <li
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              aria-setsize={more ? -1 : sessions.length}
              aria-posinset={item.index + 1}
              style={{ transform: `translateY(${item.start - virtual.options.scrollMargin}px)` }}
            >
              <Row session={session} onTags={() => setTagging(session)} onTag={onTag} />
            </li>
          );
        })}
      </ul>
      {tagging && <TagDialog session={tagging} onClose={() => setTagging(null)} onTagged={onTagged} />}
    </>
  );
}

interface RowProps {
  readonly session: SessionSummary;
  readonly onTags: () => void;
  readonly onTag: (tag: string) => void;
}

function Row({ session, onTags, onTag }: RowProps): ReactNode {
  const may = useMay("researcher");
  const say = t.pages.batches;
  const own = t.pages.sessions;
  return (
    <div className="fleet-row">
      <Glyph of={session.status} label={say.status[session.status]} />
      <div>
        <p className="one-line">
          <Link href={`/app/sessions/${session.session_id}`} className="batch-topic" title={session.topic}>
            {session.topic}
          </Link>
        </p>
        <p className="meta">
          <span>{say.status[session.status]}</span>
          {session.updated_at && <time dateTime={session.updated_at}>{ago(session.updated_at)}</time>}
          {session.fork && <span>{own.forked}</span>}
          {session.ended && <span>{say.ended}</span>}
          {session.tags.map((tag) => (
            <button
              key={tag}
              type="button"
              className="link-button"
              aria-label={own.only(tag)}
              onClick={() => onTag(tag)}
            >
              {tag}
            </button>
          ))}
        </p>
      </div>
      <div className="batch-marks">
        {session.failed.length > 0 && <span className="badge failed">{say.failed(session.failed.length)}</span>}
        {session.stale.length > 0 && <span className="badge stale">{say.stale(session.stale.length)}</span>}
      </div>
      {may && !session.ended && (
        <button
          type="button"
          className="button quiet slim"
          aria-label={t.session.verb.of(own.tagging.tag, session.topic)}
          onClick={onTags}
        >
          {own.tagging.tag}
        </button>
      )}
    </div>
  );
}
