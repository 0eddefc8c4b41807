/** Sources as a person gives them: many addresses in one box, files, texts, searches. */
import type { SourceInput } from "../wire";

export interface PastedText {
  readonly key: number;
  readonly title: string;
  readonly text: string;
}

/** What is searched for, as it was typed. */
export interface SearchDraft {
  readonly key: number;
  readonly words: string;
  /** Who is asked; empty: whom the server asks by itself. */
  readonly provider: string;
  /** Results at most. */
  readonly limit: number;
  /** A day, `2026-11-30`, or empty. */
  readonly since: string;
  /** Domains, set apart by blanks or commas. */
  readonly sites: string;
}

export interface SourceDraft {
  readonly addresses: string;
  readonly files: readonly File[];
  readonly texts: readonly PastedText[];
  /** A draft that was kept before there were searches has none. */
  readonly searches?: readonly SearchDraft[];
}

export const NO_SOURCES: SourceDraft = { addresses: "", files: [], texts: [], searches: [] };

/** How many results a search may be asked for. */
export const LIMITS = [5, 10, 20, 50] as const;
const LIMIT = 10;

/** The searches that say what to look for. */
export function searchesOf(draft: SourceDraft): readonly SearchDraft[] {
  return (draft.searches ?? []).filter((one) => one.words.trim());
}

/** The domains of a search, and what stands there and is none. */
export function readSites(text: string): { readonly sites: readonly string[]; readonly wrong: readonly string[] } {
  const given = text.split(/[\s,;]+/).filter(Boolean);
  const hosts = given.map((word) =>
    word
      .replace(/^https?:\/\//i, "")
      .replace(/\/.*$/, "")
      .toLowerCase(),
  );
  const right = hosts.map((host) => /^[^\s/:@]+\.[^\s/:@.]+$/.test(host));
  return {
    sites: [...new Set(hosts.filter((_, index) => right[index]))],
    wrong: given.filter((_, index) => !right[index]),
  };
}

/** The addresses of a text, each once, and the lines that hold none. */
export function readAddresses(text: string): { readonly urls: readonly string[]; readonly wrong: readonly string[] } {
  const urls = new Set<string>();
  const wrong: string[] = [];
  for (const line of text.split(/\s+/).filter(Boolean)) {
    const word = line.replace(/^[<("'\-*•,]+|[>)"',;]+$/g, "");
    const full = /^[a-z][a-z0-9+.-]*:/i.test(word)
      ? word
      : /^[\w-]+(\.[\w-]+)+([/:?#].*)?$/.test(word)
        ? `https://${word}`
        : word;
    if (/^https?:\/\/[^\s/]+/i.test(full) && URL.canParse(full)) urls.add(full);
    else if (word) wrong.push(line);
  }
  return { urls: [...urls], wrong };
}

export function countSources(draft: SourceDraft): number {
  return (
    readAddresses(draft.addresses).urls.length +
    draft.files.length +
    draft.texts.filter((one) => one.text.trim()).length +
    searchesOf(draft).length
  );
}

/** Return whether something that was typed cannot be sent as it stands. */
export function isWrong(draft: SourceDraft): boolean {
  return (
    readAddresses(draft.addresses).wrong.length > 0 ||
    searchesOf(draft).some(({ sites }) => readSites(sites).wrong.length > 0)
  );
}

/** The draft with what was dragged here from elsewhere: links, or a passage of text. */
export function withDropped(draft: SourceDraft, dropped: string): SourceDraft {
  const text = dropped.trim();
  if (!text) return draft;
  if (readAddresses(text).wrong.length)
    return { ...draft, texts: [...draft.texts.filter((one) => one.text.trim()), { ...nextText(draft), text }] };
  const before = draft.addresses.trimEnd();
  return { ...draft, addresses: before ? `${before}\n${text}` : text };
}

/** An empty text under a key of its own. */
export function nextText(draft: SourceDraft): PastedText {
  return { key: Math.max(0, ...draft.texts.map((one) => one.key)) + 1, title: "", text: "" };
}

/** An empty search under a key of its own. */
export function nextSearch(draft: SourceDraft): SearchDraft {
  const key = Math.max(0, ...(draft.searches ?? []).map((one) => one.key)) + 1;
  return { key, words: "", provider: "", limit: LIMIT, since: "", sites: "" };
}

function searchInput({ words, provider, limit, since, sites }: SearchDraft): SourceInput {
  const allow = readSites(sites).sites;
  return { search: { search: words.trim(), provider, limit, since: since || null, allow, block: [] } };
}

/** The same as fields of a form. */
export function appendSources(form: FormData, draft: SourceDraft): FormData {
  for (const url of readAddresses(draft.addresses).urls) form.append("urls", url);
  const texts = draft.texts
    .filter((one) => one.text.trim())
    .map(({ title, text }) => ({ text, ...(title.trim() ? { title: title.trim() } : {}) }));
  const named = [...texts, ...searchesOf(draft).map(searchInput)];
  if (named.length) form.append("sources", JSON.stringify(named));
  for (const file of draft.files) form.append("files", file, file.name);
  return form;
}
