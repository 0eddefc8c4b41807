/** A list that is edited in place: reword, reorder, add, remove; by keyboard as well as by mouse. Long ones begin folded. */
import { memo, type ReactNode, useCallback, useId, useMemo, useRef, useState } from "react";
import { type Texts, t } from "../texts";

interface Item {
  readonly key: string;
}

interface Props<T extends Item> {
  readonly items: readonly T[];
  readonly noun: keyof Pick<Texts["fields"]["list"], "goals" | "steps">;
  /** Each begins as one line, and is drawn whole when it is opened. */
  readonly folded?: boolean;
  readonly problem: string | null;
  readonly title: (item: T) => string;
  /** What a reader calls it elsewhere, such as "Step 4"; without it its place in the list. */
  readonly label?: (item: T) => string;
  readonly create: (key: string) => T;
  readonly onChange: (change: (items: readonly T[]) => readonly T[]) => void;
  readonly onCancel: () => void;
  readonly onSave: () => void;
  /** The fields of one item that is open. */
  readonly children: (item: T, change: (item: T) => void, id: string) => ReactNode;
  /** Why what is edited is no more what there is; told beside the buttons, so that no field moves under the hand. */
  readonly outdated?: string | null;
  /** What is said beside the buttons. */
  readonly note?: ReactNode;
}

export function EditList<T extends Item>(props: Props<T>): ReactNode {
  const {
    items,
    noun,
    folded = false,
    problem,
    title,
    label,
    create,
    onChange,
    onCancel,
    onSave,
    children,
    outdated = null,
    note,
  } = props;
  const say = t.fields.list;
  const id = useId();
  const list = useRef<HTMLOListElement>(null);
  const adder = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const latest = useRef(items);
  latest.current = items;
  const toggle = useCallback((key: string) => {
    setOpen((all) => {
      const next = new Set(all);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  }, []);
  const move = useCallback(
    (key: string, by: number) => {
      onChange((all) => {
        const index = all.findIndex((item) => item.key === key);
        const item = all[index];
        if (!item || !all[index + by]) return all;
        return all.toSpliced(index, 1).toSpliced(index + by, 0, item);
      });
    },
    [onChange],
  );
  const change = useCallback(
    (changed: T) => onChange((all) => all.map((item) => (item.key === changed.key ? changed : item))),
    [onChange],
  );
  /** The focus goes to what stands there now, so that whoever uses the keyboard is not sent to the top of the page. */
  const remove = useCallback(
    (key: string) => {
      const index = latest.current.findIndex((item) => item.key === key);
      onChange((all) => all.filter((item) => item.key !== key));
      requestAnimationFrame(() => {
        const item = list.current?.children[Math.min(index, latest.current.length - 1)];
        const there = item?.querySelector<HTMLElement>(".edit-buttons button:last-of-type") ?? adder.current;
        there?.focus();
      });
    },
    [onChange],
  );
  const add = (): void => {
    const key = newKey(items);
    onChange((all) => [...all, create(key)]);
    setOpen((all) => new Set(all).add(key));
    requestAnimationFrame(() => list.current?.lastElementChild?.querySelector("textarea")?.focus());
  };
  const acts = useMemo(() => ({ toggle, move, change, remove }), [toggle, move, change, remove]);
  return (
    <section className="editing" aria-label={say[noun].section}>
      <ol className={`edit-list ${folded ? "folded" : ""}`} ref={list}>
        {items.map((item, index) => {
          const isOpen = !folded || open.has(item.key);
          return (
            <Row
              key={item.key}
              item={item}
              called={label?.(item) ?? say[noun].item(index + 1)}
              title={title(item)}
              first={index === 0}
              last={index === items.length - 1}
              open={isOpen}
              folded={folded}
              acts={acts as Acts<Item>}
            >
              {isOpen ? children(item, change, `${id}-${item.key}`) : null}
            </Row>
          );
        })}
      </ol>
      <button ref={adder} type="button" className="button fit" onClick={add}>
        {say[noun].add}
      </button>
      <div className="edit-foot">
        <div>
          <p className={problem || outdated ? "error-text" : "soft small"} aria-live="polite">
            {problem ?? outdated ?? say.nothingSaved}
          </p>
          {note}
        </div>
        <div className="button-row">
          <button type="button" className="button" onClick={onCancel}>
            {say.discard}
          </button>
          <button type="button" className="button primary" disabled={problem !== null} onClick={onSave}>
            {say.review}
          </button>
        </div>
      </div>
    </section>
  );
}

/** A key that no item has, those of a draft from before included. */
function newKey(items: readonly Item[]): string {
  const used = items.map(({ key }) => Number(/^new-(\d+)$/.exec(key)?.[1] ?? 0));
  return `new-${Math.max(0, ...used) + 1}`;
}

interface Acts<T> {
  readonly toggle: (key: string) => void;
  readonly move: (key: string, by: number) => void;
  readonly change: (item: T) => void;
  readonly remove: (key: string) => void;
}

interface RowProps {
  readonly item: Item;
  readonly called: string;
  readonly title: string;
  readonly first: boolean;
  readonly last: boolean;
  readonly open: boolean;
  readonly folded: boolean;
  readonly acts: Acts<Item>;
  /** Null while it is folded, so that what is typed elsewhere does not draw it again. */
  readonly children: ReactNode;
}

const Row = memo(function Row({ item, called, title, first, last, open, folded, acts, children }: RowProps): ReactNode {
  const say = t.fields.list;
  const name = `${called.toLowerCase()}${title ? `, ${title.slice(0, 60)}` : ""}`;
  return (
    <li className={open ? "card stack" : "edit-row"}>
      <div className="edit-head">
        {folded ? (
          <button type="button" className="edit-title" aria-expanded={open} onClick={() => acts.toggle(item.key)}>
            <span className="soft numbers">
              <span className="hidden">{say.edit} </span>
              {called}
            </span>{" "}
            <span className="one-line">{title || say.untitled}</span>
          </button>
        ) : (
          <h3>{called}</h3>
        )}
        <div className="button-row edit-buttons">
          <button
            type="button"
            className="button slim"
            aria-disabled={first}
            aria-label={say.moveUp(name)}
            onClick={() => acts.move(item.key, -1)}
          >
            {say.up}
          </button>
          <button
            type="button"
            className="button slim"
            aria-disabled={last}
            aria-label={say.moveDown(name)}
            onClick={() => acts.move(item.key, 1)}
          >
            {say.down}
          </button>
          <button
            type="button"
            className="button slim"
            aria-label={say.removeIt(name)}
            onClick={() => acts.remove(item.key)}
          >
            {say.remove}
          </button>
        </div>
      </div>
      {children}
    </li>
  );
});
