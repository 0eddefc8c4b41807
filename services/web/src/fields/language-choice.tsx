/** In which language the report is written. */
import { type ReactNode, useId } from "react";
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

const NAMES = new Intl.DisplayNames("en", { type: "language" });

export function languagesOf(languages: Config["languages"] | undefined, engine: string): readonly string[] {
  return (engine === "extractive" ? languages?.extractive : languages?.others) ?? [];
}

export function LanguageChoice({ languages, engine, chosen, unnamed, onChoose }: Props): ReactNode {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>Language of the report</label>
      <select id={id} value={chosen} onChange={(event) => onChoose(event.target.value)}>
        {unnamed.map(({ value, words }) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
        {languagesOf(languages, engine).map((code) => (
          <option key={code} value={code}>
            {NAMES.of(code) ?? code}
          </option>
        ))}
      </select>
    </div>
  );
}
