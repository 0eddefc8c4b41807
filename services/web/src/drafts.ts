/**
 * What is typed and not sent yet, kept in this browser so that no tab, reload or crash takes it. All of it is read before
 * the first page is drawn, so that a field has its text from the first; it is written a moment after each change.
 */
import { createStore, delMany, entries, setMany, type UseStore } from "idb-keyval";
import { useCallback, useEffect, useMemo, useSyncExternalStore } from "react";

export interface Kept<T> {
  readonly value: T;
  readonly at: string;
}

/** The part of a key-value store that is used; the browser's own unless a test has another. */
export interface Shelf {
  readonly read: () => Promise<readonly (readonly [string, Kept<unknown>])[]>;
  readonly write: (changed: readonly (readonly [string, Kept<unknown>])[]) => Promise<void>;
  readonly remove: (keys: readonly string[]) => Promise<void>;
}

/** Milliseconds after the last change of a pause in which it is written. */
const PAUSE = 150;
/** Days after which a draft that nobody came back to is dropped. */
const LONGEST = 30;

export class DraftBook {
  readonly #held = new Map<string, Kept<unknown>>();
  readonly #changed = new Set<string>();
  readonly #restored = new Set<string>();
  /** When each was last written. */
  readonly #written = new Map<string, string>();
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #shelf: Shelf | null = null;

  /** Read what was kept. A browser that keeps nothing is no reason to stop: drafts then live as long as the page. */
  async open(shelf: Shelf, now = Date.now()): Promise<void> {
    try {
      const kept = await shelf.read();
      this.#shelf = shelf;
      const old = kept.filter(([, { at }]) => now - Date.parse(at) > LONGEST * 86_400_000).map(([key]) => key);
      for (const [key, draft] of kept) {
        if (old.includes(key)) continue;
        this.#held.set(key, draft);
        this.#restored.add(key);
        this.#written.set(key, draft.at);
      }
      if (old.length) await shelf.remove(old);
    } catch {
      this.#shelf = null;
    }
  }

  get keeps(): boolean {
    return this.#shelf !== null;
  }

  get = (key: string): Kept<unknown> | undefined => this.#held.get(key);

  /** Whether it was typed before this page was loaded. */
  restored = (key: string): boolean => this.#restored.has(key);

  /** When it was written last; null while it never was. */
  writtenAt = (key: string): string | null => this.#written.get(key) ?? null;

  set(key: string, value: unknown): void {
    this.#held.set(key, { value, at: new Date().toISOString() });
    this.#touch(key);
  }

  /** At once: what was given up or sent must not come back with a page that is loaded right after. */
  drop(key: string): void {
    this.#restored.delete(key);
    this.#written.delete(key);
    if (!this.#held.delete(key)) return;
    this.#touch(key);
    void this.flush();
  }

  /** Every draft whose key begins so: of somebody who signs out. */
  dropAll(prefix: string): Promise<void> {
    for (const key of [...this.#held.keys()]) if (key.startsWith(prefix)) this.drop(key);
    return this.flush();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Write now what was changed. */
  flush = async (): Promise<void> => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const keys = [...this.#changed];
    this.#changed.clear();
    const there = keys.flatMap((key) => {
      const kept = this.#held.get(key);
      return kept ? [[key, kept] as const] : [];
    });
    try {
      const gone = keys.filter((key) => !this.#held.has(key));
      if (there.length) await this.#shelf?.write(there);
      if (gone.length) await this.#shelf?.remove(gone);
      for (const [key, { at }] of there) this.#written.set(key, at);
      if (there.length) this.#tell();
    } catch {
      this.#shelf = null; // full, or forbidden since
      this.#tell();
    }
  };

  #touch(key: string): void {
    this.#changed.add(key);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), PAUSE);
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

const book = new DraftBook();

function browserShelf(): Shelf {
  const store: UseStore = createStore("reprise", "drafts");
  return {
    read: () => entries<string, Kept<unknown>>(store),
    write: (changed) => setMany(changed as [string, Kept<unknown>][], store),
    remove: (keys) => delMany([...keys], store),
  };
}

/** Read what this browser keeps; before the first page is drawn. */
export async function openDrafts(): Promise<void> {
  await book.open(browserShelf());
  window.addEventListener("pagehide", () => void book.flush());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") void book.flush();
  });
}

export const forgetDrafts = (owner: string): Promise<void> => book.dropAll(`${owner}/`);

export interface Draft<T> {
  /** What was typed; what there is without a draft, else. */
  readonly value: T;
  readonly change: (change: T | ((value: T) => T)) => void;
  readonly drop: () => void;
  /** When it was last written; null without a draft, and until a new one is. */
  readonly keptAt: string | null;
  /** What is shown is what was written. */
  readonly safe: boolean;
  readonly restored: boolean;
  /** There is one, and this browser keeps nothing beyond the page. */
  readonly fleeting: boolean;
}

/**
 * A draft under a key of its owner. While it holds something other than `initial`, leaving the page asks first.
 * `initial` has to be the same object from one drawing to the next.
 */
export function useDraft<T>(owner: string, name: string, initial: T): Draft<T> {
  const key = `${owner}/${name}`;
  const kept = useSyncExternalStore(book.subscribe, () => book.get(key)) as Kept<T> | undefined;
  const writtenAt = useSyncExternalStore(book.subscribe, () => book.writtenAt(key));
  const keeps = useSyncExternalStore(book.subscribe, () => book.keeps);
  const dirty = kept !== undefined;
  useEffect(() => {
    if (!dirty) return;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [dirty]);
  const change = useCallback(
    (change: T | ((value: T) => T)) => {
      const before = (book.get(key) as Kept<T> | undefined)?.value ?? initial;
      const value = typeof change === "function" ? (change as (value: T) => T)(before) : change;
      if (same(value, initial)) book.drop(key);
      else book.set(key, value);
    },
    [key, initial],
  );
  const drop = useCallback(() => book.drop(key), [key]);
  return useMemo(
    () => ({
      value: kept ? kept.value : initial,
      change,
      drop,
      keptAt: kept ? writtenAt : null,
      safe: kept !== undefined && kept.at === writtenAt,
      restored: kept !== undefined && book.restored(key),
      fleeting: kept !== undefined && !keeps,
    }),
    [kept, keeps, writtenAt, initial, change, drop, key],
  );
}

/** Whether two values are told alike; files are told apart by themselves. */
function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  if (one instanceof Blob || other instanceof Blob) return false;
  const [keys, others] = [Object.keys(one), Object.keys(other)];
  return (
    keys.length === others.length &&
    keys.every((key) => same((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]))
  );
}
