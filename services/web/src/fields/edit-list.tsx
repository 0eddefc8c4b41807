/** A list that is edited in place: reword, reorder, add, remove; by keyboard as well as by mouse. */
import { type ReactNode, useId, useRef } from "react";
import { capital } from "../words";

interface Props<T extends { readonly key: string }> {
  readonly items: readonly T[];
  readonly noun: string;
  readonly problem: string | null;
  readonly title: (item: T) => string;
  /** What a reader calls it elsewhere, such as "Step 4"; without it its place in the list. */
  readonly label?: (item: T) => string;
  readonly create: (key: string) => T;
  readonly onChange: (items: readonly T[]) => void;
  readonly onCancel: () => void;
  readonly onSave: () => void;
  readonly children: (item: T, change: (item: T) => void, id: string, index: number) => ReactNode;
}

export function EditList<T extends { readonly key: string }>(props: Props<T>): ReactNode {
  const { items, noun, problem, title, label, create, onChange, onCancel, onSave, children } = props;
  const id = useId();
  const list = useRef<HTMLOListElement>(null);
  const adder = useRef<HTMLButtonElement>(null);
  const next = useRef(1);
  const move = (index: number, by: number): void => {
    const item = items[index];
    if (!item || !items[index + by]) return;
    const others = items.toSpliced(index, 1);
    onChange(others.toSpliced(index + by, 0, item));
  };
  const add = (): void => {
    onChange([...items, create(`new-${next.current++}`)]);
    requestAnimationFrame(() => list.current?.lastElementChild?.querySelector("textarea")?.focus());
  };
  /** The focus goes to what stands there now, so that whoever uses the keyboard is not sent to the top of the page. */
  const remove = (index: number): void => {
    onChange(items.toSpliced(index, 1));
    requestAnimationFrame(() => {
      const item = list.current?.children[Math.min(index, items.length - 2)];
      const there = item?.querySelector<HTMLElement>("button:last-of-type") ?? adder.current;
      there?.focus();
    });
  };
  return (
    <section className="editing" aria-label={`Edit the ${noun}s`}>
      <ol className="edit-list" ref={list}>
        {items.map((item, index) => {
          const called = label?.(item) ?? `${capital(noun)} ${index + 1}`;
          const name = `${called.toLowerCase()}${title(item) ? `, ${title(item).slice(0, 60)}` : ""}`;
          return (
            <li key={item.key} className="card stack">
              <div className="spread">
                <h3>{called}</h3>
                <div className="button-row">
                  <button
                    type="button"
                    className="button slim"
                    aria-disabled={index === 0}
                    aria-label={`Move up: ${name}`}
                    onClick={() => move(index, -1)}
                  >
                    Up
                  </button>
                  <button
                    type="button"
                    className="button slim"
                    aria-disabled={index === items.length - 1}
                    aria-label={`Move down: ${name}`}
                    onClick={() => move(index, 1)}
                  >
                    Down
                  </button>
                  <button
                    type="button"
                    className="button slim"
                    aria-label={`Remove ${name}`}
                    onClick={() => remove(index)}
                  >
                    Remove
                  </button>
                </div>
              </div>
              {children(item, (changed) => onChange(items.with(index, changed)), `${id}-${item.key}`, index)}
            </li>
          );
        })}
      </ol>
      <button ref={adder} type="button" className="button fit" onClick={add}>
        Add a {noun}
      </button>
      <div className="edit-foot">
        <p className={problem ? "error-text" : "soft small"} aria-live="polite">
          {problem ?? "Nothing is saved until you have seen what it means."}
        </p>
        <div className="button-row">
          <button type="button" className="button" onClick={onCancel}>
            Discard
          </button>
          <button type="button" className="button primary" disabled={problem !== null} onClick={onSave}>
            Review and save
          </button>
        </div>
      </div>
    </section>
  );
}
