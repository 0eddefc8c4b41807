/** Links into a report: to a section by its id, to a sentence by its section and first words. They arrive once it is drawn. */
import { type RefObject, useEffect } from "react";
import { clearMarks, mark, rangesOf } from "./marks";

/** So many characters of a sentence tell it from its neighbours. */
const WORDS = 60;

/** The part of an address after `#` for a sentence of a section. */
export function sentenceHash(section: string, sentence: string): string {
  return `${section}~${encodeURIComponent(sentence.trim().slice(0, WORDS))}`;
}

export function readHash(hash: string): { readonly section: string; readonly words: string } {
  const [section = "", words = ""] = hash.replace(/^#/, "").split("~");
  try {
    return { section: decodeURIComponent(section), words: decodeURIComponent(words) };
  } catch {
    return { section, words: "" };
  }
}

/** Bring into sight what the address points to: now, and whenever it points elsewhere. */
export function useArrival(article: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const arrive = (): void => {
      const { section, words } = readHash(location.hash);
      const place = section && article.current?.querySelector<HTMLElement>(`[id="${CSS.escape(section)}"]`);
      if (!place) return;
      const [range] = words ? rangesOf(place, words) : [];
      if (range) {
        mark("arrived", [range]);
        range.startContainer.parentElement?.scrollIntoView({ block: "center" });
      } else place.scrollIntoView();
    };
    // Its furniture may come a moment later than its text.
    const waiting = new MutationObserver(() => {
      if (article.current) {
        waiting.disconnect();
        arrive();
      }
    });
    if (article.current) arrive();
    else waiting.observe(document.body, { childList: true, subtree: true });
    window.addEventListener("hashchange", arrive);
    return () => {
      waiting.disconnect();
      window.removeEventListener("hashchange", arrive);
      clearMarks("arrived");
    };
  }, [article]);
}
