/** The fields in which sources are given: addresses, files, texts, searches; and what that is in all. */
import { type DragEvent, type ReactNode, useId, useState } from "react";
import { useConfig } from "../queries";
import { t } from "../texts";
import { count } from "../words";
import { useDroppedFiles } from "./dropped";
import { GivenFiles } from "./given-files";
import { SearchFields } from "./search-fields";
import { sift } from "./source-files";
import {
  countSources,
  NO_SOURCES,
  nextSearch,
  nextText,
  readAddresses,
  type SourceDraft,
  searchesOf,
  withDropped,
} from "./source-input";

interface Props {
  readonly draft: SourceDraft;
  readonly onChange: (change: (draft: SourceDraft) => SourceDraft) => void;
  readonly error: string | null;
  /** Exactly one is wanted. */
  readonly one?: boolean;
}

export function SourceFields({ draft, onChange, error, one = false }: Props): ReactNode {
  const id = useId();
  const config = useConfig();
  const say = t.fields.source;
  const [refused, setRefused] = useState<readonly string[]>([]);
  const { urls, wrong } = readAddresses(draft.addresses);
  async function add(given: readonly File[]): Promise<void> {
    if (!config) return;
    const sifted = await sift(given, draft.files, config);
    setRefused(sifted.refused);
    onChange((now) => ({ ...now, files: [...now.files, ...sifted.taken] }));
  }
  const over = useDroppedFiles((files) => void add(files));
  const change = (part: Partial<SourceDraft>): void => onChange((now) => ({ ...now, ...part }));
  /** Links and passages; a field takes a passage itself. */
  function drop(event: DragEvent): void {
    const links = event.dataTransfer.getData("text/uri-list");
    if (event.dataTransfer.types.includes("Files") || (!links && event.target instanceof HTMLTextAreaElement)) return;
    event.preventDefault();
    const dropped = links || event.dataTransfer.getData("text/plain");
    onChange((now) => withDropped(now, dropped));
  }
  const most = config?.limits.sources ?? Number.POSITIVE_INFINITY;
  const total = countSources(draft);
  const searches = draft.searches ?? [];
  const tooMany = total > most ? say.tooMany(count(total, "source"), most.toLocaleString(t.locale)) : null;
  const complaint = wrong.length ? say.noAddress(wrong.slice(0, 3).join(", ")) : (tooMany ?? error);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a shortcut for the fields
    <div
      className="sources-field"
      onDragOver={(event) => {
        if (!(event.target instanceof HTMLTextAreaElement)) event.preventDefault();
      }}
      onDrop={drop}
    >
      <div className="field">
        <label htmlFor={id}>{one ? say.address : say.addresses}</label>
        <textarea
          id={id}
          rows={one ? 1 : 4}
          value={draft.addresses}
          spellCheck={false}
          className={one ? "growing" : undefined}
          placeholder={one ? say.placeholderOne : say.placeholder}
          aria-invalid={complaint !== null}
          aria-describedby={`${id}-hint`}
          onChange={(event) => change({ addresses: event.target.value })}
        />
        <p id={`${id}-hint`} className={complaint ? "error" : "hint"} aria-live="polite">
          {complaint ?? (urls.length ? count(urls.length, "address") : one ? say.orElse : say.pasteMany)}
        </p>
      </div>
      <GivenFiles
        files={draft.files}
        refused={refused}
        kinds={config?.kinds ?? []}
        over={over}
        onGive={(files) => void add(files)}
        onRemove={(index) => change({ files: draft.files.toSpliced(index, 1) })}
      >
        <button type="button" className="button" onClick={() => change({ texts: [...draft.texts, nextText(draft)] })}>
          {say.pasteText}
        </button>
        {config && config.searchers.length > 0 && (
          <button
            type="button"
            className="button"
            onClick={() => change({ searches: [...searches, nextSearch(draft)] })}
          >
            {t.fields.search.add}
          </button>
        )}
      </GivenFiles>
      {draft.texts.map((one, index) => (
        <fieldset key={one.key} className="field pasted">
          <legend className="hidden">{say.text(index + 1)}</legend>
          <input
            type="text"
            aria-label={say.textTitle(index + 1)}
            placeholder={say.titlePlaceholder}
            value={one.title}
            maxLength={500}
            onChange={(event) => change({ texts: draft.texts.with(index, { ...one, title: event.target.value }) })}
          />
          <textarea
            aria-label={say.text(index + 1)}
            placeholder={say.textPlaceholder}
            value={one.text}
            rows={5}
            onChange={(event) => change({ texts: draft.texts.with(index, { ...one, text: event.target.value }) })}
          />
          <button
            type="button"
            className="button quiet slim fit"
            onClick={() => change({ texts: draft.texts.filter((other) => other.key !== one.key) })}
          >
            {say.removeText}
          </button>
        </fieldset>
      ))}
      {searches.map((one, index) => (
        <SearchFields
          key={one.key}
          search={one}
          place={index + 1}
          providers={config?.searchers ?? []}
          onChange={(part) => change({ searches: searches.with(index, { ...one, ...part }) })}
          onRemove={() => change({ searches: searches.filter((other) => other.key !== one.key) })}
        />
      ))}
      {!one && (
        <div className="spread sources-total" role="status">
          {total > 0 && <span>{say.total(count(total, "source"), parts(draft, urls.length))}</span>}
          {total > 0 && (
            <button type="button" className="button quiet slim" onClick={() => onChange(() => NO_SOURCES)}>
              {say.removeAll}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

/** "3 addresses, 2 files, 1 text and 1 search". */
function parts(draft: SourceDraft, addresses: number): string {
  const texts = draft.texts.filter((one) => one.text.trim()).length;
  const searches = searchesOf(draft).length;
  const told = [
    addresses && count(addresses, "address"),
    draft.files.length && count(draft.files.length, "file"),
    texts && count(texts, "text"),
    searches && count(searches, "search"),
  ];
  return t.words.list(told.filter((one) => typeof one === "string"));
}
