/** In which language the report is written. */
import { type ReactNode, useId } from "react";
import { t } from "../texts";
import type { Config } from "../wire";

/** What stands for each choice that names no language. */
export interface Unnamed {
  readonly value: string;
  readonly words: string;
}

interface Props {
  readonly languages: Config["languages"] | undefined;
  readonly engine: string;
  readonly chosen: string;
  readonly unnamed: readonly Unnamed[];
  readonly onChoose: (language: string) => void;
}

export function languagesOf(languages: Config["languages"] | undefined, engine: string): readonly string[] {
  return (engine === "extractive" ? languages?.extractive : languages?.others) ?? [];
}

export function LanguageChoice({ languages, engine, chosen, unnamed, onChoose }: Props): ReactNode {
  const id = useId();
  const names = new Intl.DisplayNames(t.locale, { type: "language" });
  return (
    <div className="field">
      <label htmlFor={id}>{t.fields.language.label}</label>
      <select id={id} value={chosen} onChange={(event) => onChoose(event.target.value)}>
        {unnamed.map(({ value, words }) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
        {languagesOf(languages, engine).map((code) => (
          <option key={code} value={code}>
            {names.of(code) ?? code}
          </option>
        ))}
      </select>
    </div>
  );
}
