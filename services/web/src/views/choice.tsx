/** One of several choices, with what it means. */
import { type ReactNode, useId } from "react";

interface Props<T extends string> {
  readonly name: string;
  readonly value: T;
  readonly chosen: T;
  readonly onChoose: (value: T) => void;
  readonly hint: string;
  readonly children: ReactNode;
}

export function Choice<T extends string>({ name, value, chosen, onChoose, hint, children }: Props<T>): ReactNode {
  const id = useId();
  return (
    <div className="choice">
      <input
        type="radio"
        name={name}
        id={id}
        checked={chosen === value}
        aria-labelledby={`${id}-name`}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={() => onChoose(value)}
      />
      <span id={`${id}-name`}>{children}</span>
      {hint && (
        <span className="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  );
}
