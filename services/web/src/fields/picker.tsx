/** Several of many, chosen by search: what is chosen stands above as chips, a few that fit below the field. */
import { type KeyboardEvent, type ReactNode, useId, useState } from "react";
import { t } from "../texts";

export interface Option {
  readonly value: string;
  readonly name: string;
}

interface Props {
  readonly label: string;
  readonly hint?: string;
  /** What is searched for: "sources". */
  readonly what: string;
  readonly options: readonly Option[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

/** So many are offered at once. */
const MOST = 8;

export function Picker({ label, hint, what, options, chosen, onChange }: Props): ReactNode {
  const id = useId();
  const say = t.fields.picker;
  const [search, setSearch] = useState("");
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const taken = new Set(chosen);
  const fitting = open ? fittingOf(options, taken, search) : [];
  const shown = fitting.slice(0, MOST);
  const active = shown[Math.min(at, shown.length - 1)];
  const names = new Map(options.map((option) => [option.value, option.name]));
  const add = (option: Option): void => {
    onChange([...chosen, option.value]);
    setSearch("");
    setAt(0);
  };
  function key(event: KeyboardEvent): void {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
      setAt((before) => Math.max(0, Math.min(shown.length - 1, before + (event.key === "ArrowDown" ? 1 : -1))));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (active) add(active);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      setOpen(false);
    } else if (event.key === "Backspace" && !search && chosen.length) onChange(chosen.slice(0, -1));
  }
  return (
    <div className="field picker">
      <label htmlFor={id}>{label}</label>
      {chosen.length > 0 && (
        <ul className="chips" aria-label={say.chosen(what)}>
          {chosen.map((value) => (
            <li key={value}>
              <span className="one-line">{names.get(value) ?? value}</span>
              <button
                type="button"
                aria-label={say.remove(names.get(value) ?? value)}
                onClick={() => onChange(chosen.filter((other) => other !== value))}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
      <input
        id={id}
        type="text"
        role="combobox"
        autoComplete="off"
        placeholder={say.search(what)}
        value={search}
        aria-expanded={open && shown.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open && active ? `${id}-${shown.indexOf(active)}` : undefined}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onChange={(event) => {
          setSearch(event.target.value);
          setOpen(true);
          setAt(0);
        }}
        onKeyDown={key}
      />
      {open && (
        <div className="picker-list">
          <div id={`${id}-list`} role="listbox" aria-label={what}>
            {shown.map((option, index) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's
              <div
                key={option.value}
                id={`${id}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={option === active}
                onMouseDown={(event) => event.preventDefault() /* the field keeps the focus */}
                onMouseEnter={() => setAt(index)}
                onClick={() => add(option)}
              >
                {option.name}
              </div>
            ))}
          </div>
          {shown.length === 0 && <p className="soft small">{say.none}</p>}
          {fitting.length > MOST && <p className="soft small">{say.more(fitting.length - MOST)}</p>}
        </div>
      )}
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** Those that have every word of the search, the ones that begin with it first. */
export function fittingOf(options: readonly Option[], taken: ReadonlySet<string>, search: string): readonly Option[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const begins = (name: string): boolean => words.length > 0 && name.startsWith(words.join(" "));
  return options
    .filter(({ value }) => !taken.has(value))
    .map((option) => ({ option, name: option.name.toLowerCase() }))
    .filter(({ name }) => words.every((word) => name.includes(word)))
    .sort((one, other) => Number(begins(other.name)) - Number(begins(one.name)))
    .map(({ option }) => option);
}
