/** Sources as a person gives them: many addresses in one box, files, texts. */

export interface PastedText {
  readonly key: number;
  readonly title: string;
  readonly text: string;
}

export interface SourceDraft {
  readonly addresses: string;
  readonly files: readonly File[];
  readonly texts: readonly PastedText[];
}

export const NO_SOURCES: SourceDraft = { addresses: "", files: [], texts: [] };

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
    draft.texts.filter((one) => one.text.trim()).length
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

/** The same as fields of a form. */
export function appendSources(form: FormData, draft: SourceDraft): FormData {
  for (const url of readAddresses(draft.addresses).urls) form.append("urls", url);
  const texts = draft.texts
    .filter((one) => one.text.trim())
    .map(({ title, text }) => ({ text, ...(title.trim() ? { title: title.trim() } : {}) }));
  if (texts.length) form.append("sources", JSON.stringify(texts));
  for (const file of draft.files) form.append("files", file, file.name);
  return form;
}
