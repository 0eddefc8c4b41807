/**
 * The texts of the page, in the language that is spoken now. `t` is set before anything is drawn; a change draws all of it
 * anew, so that whoever reads `t` while drawing reads the right one, and nobody has to hand it around.
 */
import { en, type Texts } from "./en";

export type { Texts } from "./en";
export type Language = "en" | "zh";

/** Each by its own name. */
export const LANGUAGES: Readonly<Record<Language, string>> = { en: "English", zh: "中文" };

const CHOSEN = "reprise-language";
const known = new Map<Language, Texts>([["en", en]]);

export let t: Texts = en;
export let language: Language = "en";

/** Load a language's texts and speak it from now on. */
export async function speak(wanted: Language): Promise<void> {
  t = await textsIn(wanted);
  language = wanted;
  document.documentElement.lang = wanted;
}

/** The texts of a language, whichever is spoken: what stands in a report is in the report's own. */
export async function textsIn(wanted: Language): Promise<Texts> {
  const held = known.get(wanted) ?? (await import("./zh")).zh;
  known.set(wanted, held);
  return held;
}

/** The language that was chosen here before, else the first of the browser's that there is. */
export function preferred(chosen = localStorage.getItem(CHOSEN), browser = navigator.languages): Language {
  const wanted = [chosen ?? "", ...browser].map((code) => code.split("-")[0]?.toLowerCase() ?? "");
  return wanted.find((code): code is Language => code in LANGUAGES) ?? "en";
}

export function remember(chosen: Language): void {
  localStorage.setItem(CHOSEN, chosen);
}
