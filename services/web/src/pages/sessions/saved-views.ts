/** Views of the sessions that were given a name: kept in this browser, for whoever is signed in. */
import { useCallback, useState } from "react";

export interface SavedView {
  readonly name: string;
  /** The search part of its address. */
  readonly search: string;
}

export function readViews(kept: string | null): readonly SavedView[] {
  try {
    const found: unknown = JSON.parse(kept ?? "[]");
    return Array.isArray(found) ? found.filter(isView) : [];
  } catch {
    return [];
  }
}

function isView(one: unknown): one is SavedView {
  const { name, search } = (one ?? {}) as Partial<SavedView>;
  return typeof name === "string" && typeof search === "string";
}

interface SavedViews {
  readonly views: readonly SavedView[];
  /** One of the same name gives way. */
  readonly save: (view: SavedView) => void;
  readonly remove: (name: string) => void;
}

export function useSavedViews(owner: string): SavedViews {
  const key = `reprise-views/${owner}`;
  const [views, setViews] = useState(() => readViews(localStorage.getItem(key)));
  const keep = useCallback(
    (next: readonly SavedView[]) => {
      setViews(next);
      localStorage.setItem(key, JSON.stringify(next));
    },
    [key],
  );
  return {
    views,
    save: (view) => keep([...views.filter(({ name }) => name !== view.name), view]),
    remove: (name) => keep(views.filter((view) => view.name !== name)),
  };
}
