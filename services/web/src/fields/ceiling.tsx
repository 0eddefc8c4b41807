/** How many tokens a model may cost, at most. */
import { type ReactNode, useId } from "react";
import { t } from "../texts";

export interface Ceiling {
  /** Null: none. */
  readonly tokens: number | null;
  readonly wrong: boolean;
}

/** Read what was typed. Digits may be grouped: "200,000", "200 000". */
export function readCeiling(text: string): Ceiling {
  const digits = text.replace(/[\s,.'_]/g, "");
  const number = Number(digits);
  const wrong = digits !== "" && !(Number.isSafeInteger(number) && number > 0);
  return { tokens: digits === "" || wrong ? null : number, wrong };
}

interface Props {
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly of: "session" | "run" | "day" | "all";
}

export function CeilingField({ text, onChange, of }: Props): ReactNode {
  const id = useId();
  const { wrong } = readCeiling(text);
  const say = t.fields.ceiling;
  return (
    <div className="field">
      <label htmlFor={id}>{say.label}</label>
      <input
        id={id}
        type="text"
        inputMode="numeric"
        autoComplete="off"
        placeholder={say.none}
        value={text}
        aria-invalid={wrong}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
      />
      <p className={wrong ? "error" : "hint"} id={`${id}-hint`} aria-live="polite">
        {wrong ? say.wrong : say[of]}
      </p>
    </div>
  );
}
