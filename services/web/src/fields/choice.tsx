/** One of several choices, or one that is made or not; with what it means. A click on the words chooses. */
import { type ReactNode, useId } from "react";

interface Words {
  readonly children: string;
  /** The technical term for it, which explains itself and so is no part of the label. */
  readonly term?: ReactNode;
  readonly hint?: string;
  readonly disabled?: boolean;
}

interface Props<T extends string> extends Words {
  readonly name: string;
  readonly value: T;
  readonly chosen: T;
  readonly onChoose: (value: T) => void;
}

export function Choice<T extends string>({ name, value, chosen, onChoose, ...words }: Props<T>): ReactNode {
  const id = useId();
  return (
    <div className="choice">
      <input
        type="radio"
        name={name}
        id={id}
        checked={chosen === value}
        disabled={words.disabled}
        aria-describedby={words.hint ? `${id}-hint` : undefined}
        onChange={() => onChoose(value)}
      />
      <Named id={id} {...words} />
    </div>
  );
}

interface CheckProps extends Words {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function Check({ checked, onChange, ...words }: CheckProps): ReactNode {
  const id = useId();
  return (
    <div className="choice">
      <input
        type="checkbox"
        id={id}
        checked={checked}
        disabled={words.disabled}
        aria-describedby={words.hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.target.checked)}
      />
      <Named id={id} {...words} />
    </div>
  );
}

function Named({ id, children, term, hint }: Words & { readonly id: string }): ReactNode {
  return (
    <div>
      <p>
        <label htmlFor={id}>{children}</label>
        {term && <span className="whole"> ({term})</span>}
      </p>
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
