/** The sources with what became of each, their summaries, and the abstract of all; sources can be replaced, added, removed. */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api } from "../../api";
import { useArtifact, useMay } from "../../queries";
import { useIds, useSession } from "../../store";
import { t } from "../../texts";
import { Glyph } from "../../ui/glyph";
import type { Citation, PreparedSource, Source, Summary } from "../../wire";
import { count, sourceName, when } from "../../words";
import { PhaseHead } from "../session/phase-head";
import { QuoteDialog } from "./quote-dialog";
import { SourceDialog, type SourceEdit } from "./source-dialog";

export default function SourcesPage(): ReactNode {
  const { batch_id } = useIds();
  const version = useSession((session) => session.state.nodes.phase0?.artifact?.sha256);
  const ended = useSession((session) => session.state.ended);
  const may = useMay("researcher") && !ended;
  const live = useSession((session) => session.live.sources);
  const sources = useQuery({
    queryKey: ["sources", batch_id, version],
    queryFn: () => api.sources(batch_id),
    placeholderData: (before) => before,
  });
  const prepared = useArtifact("phase0");
  const waiting = version !== undefined && !prepared.data && !prepared.isError; // the abstract comes first, so that nothing jumps
  const [edit, setEdit] = useState<SourceEdit | null>(null);
  const [quote, setQuote] = useState<Citation | null>(null);
  const made = new Map((prepared.data?.sources ?? []).map((source) => [source.source_id, source]));
  const summaries = new Map((prepared.data?.summaries ?? []).map((summary) => [summary.source_id, summary]));
  return (
    <>
      <PhaseHead phase="phase0">
        {may && (
          <button type="button" className="button slim" onClick={() => setEdit({ kind: "add" })}>
            {t.pages.sources.add}
          </button>
        )}
      </PhaseHead>
      {prepared.data?.abstract && (
        <section className="stack tight reading">
          <h3>{t.pages.sources.abstract}</h3>
          <p className="serif">{prepared.data.abstract}</p>
          {prepared.data.themes.length > 0 && (
            <ul className="chips" aria-label={t.pages.sources.themes}>
              {prepared.data.themes.map((theme) => (
                <li key={theme.label}>
                  {theme.label} <span className="soft">{theme.source_ids.length}</span>
                </li>
              ))}
            </ul>
          )}
        </section>
      )}
      {!waiting && (
        <ul className="source-list">
          {(sources.data ?? []).map((source) => (
            <OneSource
              key={source.source_id}
              source={source}
              prepared={made.get(source.source_id)}
              summary={summaries.get(source.source_id)}
              stage={live[source.source_id]?.status === "inProgress" ? live[source.source_id]?.stage : undefined}
              names={sources.data ?? []}
              onEdit={may ? setEdit : null}
              onQuote={setQuote}
            />
          ))}
        </ul>
      )}
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
  readonly onEdit: ((edit: SourceEdit) => void) | null;
  readonly onQuote: (citation: Citation) => void;
}

function OneSource({ source, stage, names, onEdit, onQuote, ...made }: OneProps): ReactNode {
  const replaced = source.stored?.revision !== source.revision; // what was made of the one before it is none of its own
  const prepared = replaced ? undefined : made.prepared;
  const summary = replaced ? undefined : made.summary;
  const name = sourceName(source);
  const say = t.pages.sources;
  const [sign, words] = outcome(source, made.prepared, names, stage);
  const sha256 = prepared?.text_sha256 ?? source.stored?.text_sha256;
  return (
    <li className="source">
      <Glyph of={sign} label={sign === "failed" ? say.failed : words} />
      <div className="stack tight">
        <h3>{name}</h3>
        <p className="meta">
          <span>{words}</span>
          {source.stored?.author && <span>{source.stored.author}</span>}
          {source.stored?.published && <span>{source.stored.published}</span>}
          {prepared && prepared.words > 0 && <span>{count(prepared.words, "word")}</span>}
          {source.stored?.fetched_at && <span>{say.read(when(source.stored.fetched_at))}</span>}
          {source.url && (
            <a href={source.url} target="_blank" rel="noopener noreferrer nofollow">
              {say.open}
            </a>
          )}
        </p>
        {sign === "failed" && (
          <p className="error-text">
            {source.stored?.detail ?? prepared?.detail} {prepared?.action ?? say.failedAction}
          </p>
        )}
        {summary && <p className="serif">{summary.summary}</p>}
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
        {onEdit && (
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

type Sign = Parameters<typeof Glyph>[0]["of"];
function outcome(
  source: Source,
  prepared: PreparedSource | undefined,
  names: readonly Source[],
  stage: string | undefined,
): readonly [Sign, string] {
  const say = t.pages.sources;
  if (stage !== undefined) return ["running", stage || say.beingRead];
  if (!source.stored || source.stored.revision !== source.revision || !prepared)
    return ["pending", prepared ? say.replacedNotRead : say.notRead];
  if (prepared.status === "failed") return ["failed", prepared.reason ? t.words.failure[prepared.reason] : say.failed];
  if (prepared.status === "duplicate") {
    const twin = names.find((other) => other.source_id === prepared.duplicate_of);
    const name = twin ? sourceName(twin) : (prepared.duplicate_of ?? "");
    return ["cancelled", prepared.similarity === 1 ? say.same(name) : say.nearlySame(name)];
  }
  return ["completed", say.outcome[prepared.outcome] ?? prepared.outcome];
}
