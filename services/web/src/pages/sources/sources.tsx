/** The sources with what became of each, their summaries, and the abstract of all; sources can be replaced, added, removed. */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api } from "../../api";
import type { LiveSource } from "../../live";
import { useArtifact, useMay } from "../../queries";
import { useIds, useSession, useUnread } from "../../store";
import { t } from "../../texts";
import { Glyph } from "../../ui/glyph";
import type { Citation, FailureReason, PreparedSource, Profile, Source, Summary, WatchedSource } from "../../wire";
import { count, doingText, sourceName, when } from "../../words";
import { PhaseHead } from "../session/phase-head";
import { Abstract } from "./abstract";
import { ImpactDialog } from "./impact-dialog";
import { QuoteDialog } from "./quote-dialog";
import { SourceDialog, type SourceEdit } from "./source-dialog";
import { WatchDialog } from "./watch-dialog";

export default function SourcesPage(): ReactNode {
  const { batch_id } = useIds();
  const version = useSession((session) => session.state.nodes.phase0?.artifact?.sha256);
  const ended = useSession((session) => session.state.ended);
  const may = useMay("researcher") && !ended;
  const live = useSession((session) => session.live.sources);
  const unread = useUnread();
  const sources = useQuery({
    queryKey: ["sources", batch_id, version],
    queryFn: () => api.sources(batch_id),
    placeholderData: (before) => before,
  });
  const watches = useQuery({ queryKey: ["watches", batch_id, version], queryFn: () => api.watches(batch_id) });
  const watched = new Map((watches.data?.sources ?? []).map((source) => [source.source_id, source]));
  const [watching, setWatching] = useState(false);
  const prepared = useArtifact("phase0");
  const waiting = version !== undefined && !prepared.data && !prepared.isError; // the abstract comes first, so that nothing jumps
  const [edit, setEdit] = useState<SourceEdit | null>(null);
  const [touching, setTouching] = useState<Source | null>(null);
  const [quote, setQuote] = useState<Citation | null>(null);
  const made = new Map((prepared.data?.sources ?? []).map((source) => [source.source_id, source]));
  const summaries = new Map((prepared.data?.summaries ?? []).map((summary) => [summary.source_id, summary]));
  return (
    <>
      <PhaseHead phase="phase0">
        {may && (
          <button type="button" className="button slim" disabled={!watches.data} onClick={() => setWatching(true)}>
            {t.pages.sources.watch.do}
          </button>
        )}
        {may && (
          <button type="button" className="button slim" onClick={() => setEdit({ kind: "add" })}>
            {t.pages.sources.add}
          </button>
        )}
      </PhaseHead>
      {prepared.data?.abstract && <Abstract abstract={prepared.data.abstract} themes={prepared.data.themes} />}
      {!waiting && (
        <ul className="source-list">
          {(sources.data ?? []).map((source) => (
            <OneSource
              key={source.source_id}
              source={source}
              prepared={made.get(source.source_id)}
              summary={summaries.get(source.source_id)}
              stage={doingNow(live[source.source_id])}
              names={sources.data ?? []}
              watched={watched.get(source.source_id)}
              unread={source.revision === 1 ? unread.get(source.source_id) : undefined}
              onEdit={may ? setEdit : null}
              onQuote={setQuote}
              onImpact={setTouching}
            />
          ))}
        </ul>
      )}
      {watching && (
        <WatchDialog
          watch={watches.data?.watch ?? null}
          onClose={() => setWatching(false)}
          onDone={() => void watches.refetch()}
        />
      )}
      {touching && <ImpactDialog source={touching} onClose={() => setTouching(null)} />}
      {edit && <SourceDialog edit={edit} onClose={() => setEdit(null)} onDone={() => void sources.refetch()} />}
      {quote && <QuoteDialog citations={[quote]} onClose={() => setQuote(null)} />}
    </>
  );
}

interface OneProps {
  readonly source: Source;
  readonly prepared: PreparedSource | undefined;
  readonly summary: Summary | undefined;
  readonly stage: string | undefined;
  readonly names: readonly Source[];
  readonly watched: WatchedSource | undefined;
  /** Why the last preparation could not read it, where it could read none. */
  readonly unread: FailureReason | undefined;
  readonly onEdit: ((edit: SourceEdit) => void) | null;
  readonly onQuote: (citation: Citation) => void;
  readonly onImpact: (source: Source) => void;
}

function OneSource({ source, stage, names, watched, unread, onEdit, onQuote, onImpact, ...made }: OneProps): ReactNode {
  const replaced = source.stored?.revision !== source.revision; // what was made of the one before it is none of its own
  const prepared = replaced ? undefined : made.prepared;
  const summary = replaced ? undefined : made.summary;
  const name = sourceName(source);
  const say = t.pages.sources;
  const [sign, words] = outcome(source, made.prepared, names, stage, unread);
  const reason = prepared?.reason ?? unread;
  const sha256 = prepared?.text_sha256 ?? source.stored?.text_sha256;
  return (
    <li className="source">
      <Glyph of={sign} label={sign === "failed" ? say.failed : words} />
      <div className="stack tight">
        <h3>{name}</h3>
        <p className="meta">
          <span>{words}</span>
          {source.part_of && <span>{say.partOf(nameOf(source.part_of, names))}</span>}
          {source.search && (
            <span>
              {t.fields.search.providers[source.search.provider] ?? (source.search.provider || t.fields.search.own)}
            </span>
          )}
          {source.search?.since && <span>{say.since(source.search.since)}</span>}
          {source.stored?.author && <span>{source.stored.author}</span>}
          {source.stored?.published && <span>{source.stored.published}</span>}
          {prepared && prepared.words > 0 && <span>{count(prepared.words, "word")}</span>}
          {source.stored?.fetched_at && <span>{say.read(when(source.stored.fetched_at))}</span>}
          {watched && <span>{watchText(watched)}</span>}
          {source.url && (
            <a href={source.url} target="_blank" rel="noopener noreferrer nofollow">
              {say.open}
            </a>
          )}
        </p>
        {sign === "failed" && (
          <p className="error-text">
            {(reason && t.server.source(reason)) ||
              `${source.stored?.detail ?? prepared?.detail ?? ""} ${prepared?.action ?? say.failedAction}`}
          </p>
        )}
        {prepared?.status === "opened" && prepared.detail && <p className="soft">{prepared.detail}</p>}
        {summary && <p className="serif">{summary.summary}</p>}
        {prepared?.profile && <ProfileOf profile={prepared.profile} names={names} />}
        {summary && sha256 && summary.excerpts.length > 0 && (
          <details className="more">
            <summary>{count(summary.excerpts.length, "passage")}</summary>
            <ul className="stack tight">
              {summary.excerpts.map((excerpt) => (
                <li key={excerpt.start}>
                  <button
                    type="button"
                    className="link-button quoted"
                    onClick={() => onQuote({ ...excerpt, source_id: source.source_id, text_sha256: sha256, score: 1 })}
                  >
                    {excerpt.quote}
                  </button>
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
      <div className="button-row">
        {hasMoved(source, made.prepared) && (
          <button
            type="button"
            className="button quiet slim"
            aria-label={say.impact.of(name)}
            onClick={() => onImpact(source)}
          >
            {say.impact.button}
          </button>
        )}
        {sha256 && (
          <button
            type="button"
            className="button quiet slim"
            aria-label={say.readName(name)}
            onClick={() =>
              onQuote({ source_id: source.source_id, text_sha256: sha256, quote: "", start: 0, end: 0, score: 1 })
            }
          >
            {say.readIt}
          </button>
        )}
        {onEdit && !source.part_of && (
          <button
            type="button"
            className="button quiet slim"
            aria-label={say.replaceName(name)}
            onClick={() => onEdit({ kind: "replace", source })}
          >
            {say.replace}
          </button>
        )}
        {onEdit && (
          <button
            type="button"
            className="button quiet slim"
            aria-label={say.removeName(name)}
            onClick={() => onEdit({ kind: "remove", source })}
          >
            {say.remove}
          </button>
        )}
      </div>
    </li>
  );
}

/** Return whether a source is not what the last preparation read. */
function hasMoved(source: Source, prepared: PreparedSource | undefined): boolean {
  if (!prepared?.text_sha256) return false;
  const lost = source.check && !["unchanged", "changed", "found_more"].includes(source.check.outcome);
  return (
    source.revision !== source.stored?.revision || source.stored.text_sha256 !== prepared.text_sha256 || Boolean(lost)
  );
}

/** How often a source is looked at, and what the last look found. */
function watchText({ watch, checked }: WatchedSource): string {
  const say = t.pages.sources.watch;
  const times = say.times[watch.every] ?? (watch.every || watch.cron);
  const found = checked && say.checked(when(checked.at), say.found[checked.outcome]);
  return [say.watched(times), found].filter(Boolean).join(t.words.comma);
}

function nameOf(sourceId: string, sources: readonly Source[]): string {
  const found = sources.find((source) => source.source_id === sourceId);
  return found ? sourceName(found) : sourceId;
}

/** Who a source is, as the model judges it by the text. */
function ProfileOf({ profile, names }: { readonly profile: Profile; readonly names: readonly Source[] }): ReactNode {
  const say = t.pages.sources.profile;
  const relies = [profile.relies, ...profile.depends_on.map((id) => `“${nameOf(id, names)}”`)].filter(Boolean);
  const lines = [
    [say.speaker, profile.speaker],
    [say.interest, profile.interest],
    [say.method, profile.method],
    [say.sample, profile.sample],
    [say.firsthand, profile.firsthand && say.hands[profile.firsthand]],
    [say.relies, relies.join("; ")],
  ].filter(([, text]) => text);
  if (lines.length === 0) return null;
  return (
    <details className="more">
      <summary>{say.title}</summary>
      <p className="hint">{say.hint}</p>
      <dl className="facts">
        {lines.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function doingNow(now: LiveSource | undefined): string | undefined {
  return now?.status === "inProgress" ? doingText(now) : undefined;
}

type Sign = Parameters<typeof Glyph>[0]["of"];
function outcome(
  source: Source,
  prepared: PreparedSource | undefined,
  names: readonly Source[],
  stage: string | undefined,
  unread: FailureReason | undefined,
): readonly [Sign, string] {
  const say = t.pages.sources;
  if (stage !== undefined) return ["running", stage || say.beingRead];
  if (unread && !source.stored) return ["failed", t.words.failure[unread]];
  if (!source.stored || source.stored.revision !== source.revision || !prepared)
    return ["pending", prepared ? say.replacedNotRead : say.notRead];
  if (prepared.status === "failed") return ["failed", prepared.reason ? t.words.failure[prepared.reason] : say.failed];
  if (prepared.status === "duplicate") {
    const name = nameOf(prepared.duplicate_of ?? "", names);
    return ["cancelled", prepared.similarity === 1 ? say.same(name) : say.nearlySame(name)];
  }
  return ["completed", say.outcome[prepared.outcome] ?? prepared.outcome];
}
