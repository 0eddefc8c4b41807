/** How many tokens a model may cost, at most. */
import { type ReactNode, useId, useState } from "react";

export interface Ceiling {
  readonly text: string;
  readonly setText: (text: string) => void;
  /** Null: none. */
  readonly tokens: number | null;
  readonly wrong: boolean;
}

/** Digits may be grouped: "200,000", "200 000". */
export function useCeiling(): Ceiling {
  const [text, setText] = useState("");
  const digits = text.replace(/[\s,.'_]/g, "");
  const number = Number(digits);
  const wrong = digits !== "" && !(Number.isSafeInteger(number) && number > 0);
  return { text, setText, tokens: digits === "" || wrong ? null : number, wrong };
}

export function CeilingField({ ceiling, of }: { readonly ceiling: Ceiling; readonly of: string }): ReactNode {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>Tokens at most</label>
      <input
        id={id}
        type="text"
        inputMode="numeric"
        autoComplete="off"
        placeholder="No ceiling"
        value={ceiling.text}
        aria-invalid={ceiling.wrong}
        aria-describedby={`${id}-hint`}
        onChange={(event) => ceiling.setText(event.target.value)}
      />
      <p className={ceiling.wrong ? "error" : "hint"} id={`${id}-hint`} aria-live="polite">
        {ceiling.wrong
          ? "Write a number above zero, or leave it empty."
          : `Once ${of} has cost so many, it stops and keeps what it has; an update goes on from there.`}
      </p>
    </div>
  );
}
