/** Which sessions are shown: what the address says, and the other way round. Pure. */
import type { SessionState } from "../../wire";

/** Each is one choice of the page; "" shows all. */
export const SHOWS = ["", "either", "stale", "failed", "running", "pending", "completed", "cancelled"] as const;
export type Show = (typeof SHOWS)[number];
/** Ages that are offered; others may stand in an address. */
export const AGES = ["1h", "1d", "7d", "30d"] as const;

export interface SessionsFilter {
  readonly show: Show;
  readonly words: string;
  readonly tag: string;
  /** Such as "7d"; empty: any. */
  readonly age: string;
}

export const ALL: SessionsFilter = { show: "", words: "", tag: "", age: "" };

/** What the server is asked: the names are its own, so that an address here is one there. */
export interface Asked {
  readonly state?: SessionState;
  readonly stale?: boolean;
  readonly failed?: boolean;
  readonly tag?: string;
  readonly q?: string;
  readonly older_than?: string;
}

export function filterOf(search: URLSearchParams): SessionsFilter {
  const said = (name: string): string => search.get(name)?.trim() ?? "";
  const is = (name: "stale" | "failed"): boolean => said(name) === "true" || said("state") === name;
  const state = SHOWS.find((show) => show === said("state")) ?? "";
  const show = is("stale") && is("failed") ? "either" : is("stale") ? "stale" : is("failed") ? "failed" : state;
  return { show, words: search.get("q") ?? "", tag: said("tag"), age: said("older_than") };
}

export function askedOf({ show, words, tag, age }: SessionsFilter): Asked {
  const stale = show === "stale" || show === "either";
  const failed = show === "failed" || show === "either";
  return {
    ...(show && !stale && !failed ? { state: show as SessionState } : {}),
    ...(stale ? { stale } : {}),
    ...(failed ? { failed } : {}),
    ...(tag ? { tag } : {}),
    ...(words.trim() ? { q: words.trim() } : {}),
    ...(age ? { older_than: age } : {}),
  };
}

/** The search part of an address, without its question mark; empty for all sessions. */
export function searchOf(asked: Asked): string {
  return new URLSearchParams(Object.entries(asked).map(([name, value]) => [name, String(value)])).toString();
}

/** The address of a filter while it is typed: words keep the space that the next one comes after. */
export function addressOf(filter: SessionsFilter): string {
  return searchOf({ ...askedOf(filter), ...(filter.words ? { q: filter.words } : {}) });
}

const TAG = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/;

export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Tags as they are typed: separated by spaces or commas. */
export function tagsIn(text: string): readonly string[] {
  return [...new Set(text.split(/[\s,，、]+/).filter(Boolean))];
}
