/** One search among the sources: what for, whom to ask, how many results, since when and where. */
import { type ReactNode, useId } from "react";
import { t } from "../texts";
import { LIMITS, readSites, type SearchDraft } from "./source-input";

interface Props {
  readonly search: SearchDraft;
  /** Its place among the searches, from 1. */
  readonly place: number;
  readonly providers: readonly string[];
  readonly onChange: (part: Partial<SearchDraft>) => void;
  readonly onRemove: () => void;
}

export function SearchFields({ search, place, providers, onChange, onRemove }: Props): ReactNode {
  const id = useId();
  const say = t.fields.search;
  const { wrong } = readSites(search.sites);
  return (
    <fieldset className="field pasted">
      <legend className="hidden">{say.named(place)}</legend>
      <input
        type="text"
        aria-label={say.words(place)}
        placeholder={say.placeholder}
        value={search.words}
        maxLength={500}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange({ words: event.target.value })}
      />
      <p className="hint" id={`${id}-hint`}>
        {say.hint}
      </p>
      <div className="search-choices">
        <div className="field">
          <label htmlFor={`${id}-provider`}>{say.provider}</label>
          <select
            id={`${id}-provider`}
            value={search.provider}
            aria-describedby={`${id}-provider-hint`}
            onChange={(event) => onChange({ provider: event.target.value })}
          >
            <option value="">{say.own}</option>
            {providers.map((name) => (
              <option key={name} value={name}>
                {say.providers[name] ?? name}
              </option>
            ))}
          </select>
        </div>
        <div className="field">
          <label htmlFor={`${id}-limit`}>{say.limit}</label>
          <select
            id={`${id}-limit`}
            value={search.limit}
            onChange={(event) => onChange({ limit: Number(event.target.value) })}
          >
            {LIMITS.map((limit) => (
              <option key={limit} value={limit}>
                {limit}
              </option>
            ))}
          </select>
        </div>
        <div className="field">
          <label htmlFor={`${id}-since`}>{say.since}</label>
          <input
            id={`${id}-since`}
            type="date"
            value={search.since}
            onChange={(event) => onChange({ since: event.target.value })}
          />
        </div>
        <div className="field">
          <label htmlFor={`${id}-sites`}>{say.sites}</label>
          <input
            id={`${id}-sites`}
            type="text"
            placeholder="example.org"
            spellCheck={false}
            value={search.sites}
            aria-invalid={wrong.length > 0}
            onChange={(event) => onChange({ sites: event.target.value })}
          />
        </div>
      </div>
      <p className={wrong.length ? "error" : "hint"} id={`${id}-provider-hint`} aria-live="polite">
        {wrong.length ? say.noSite(wrong.slice(0, 3).join(", ")) : (say.needs[search.provider] ?? say.needs[""])}
      </p>
      <button type="button" className="button quiet slim fit" onClick={onRemove}>
        {say.remove}
      </button>
    </fieldset>
  );
}
