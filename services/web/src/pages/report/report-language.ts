import type { Language } from "../../texts";
import type { Phase4 } from "../../wire";

const HAN = /\p{Script=Han}/gu;
const LETTERS = /\p{L}/gu;
/** The share of letters from which a text is Chinese: what it quotes may be in another language. */
const MOSTLY = 0.3;

/** The code of the language that a report is written in; by its letters where it does not say. */
export function codeOf(report: Pick<Phase4, "meta" | "title" | "markdown">): string {
  if (report.meta.language) return report.meta.language;
  const own = `${report.title} ${report.markdown.match(/^#.*$/gm)?.join(" ") ?? ""}`;
  const [han, letters] = [own.match(HAN)?.length ?? 0, own.match(LETTERS)?.length ?? 0];
  return letters > 0 && han / letters > MOSTLY ? "zh" : "";
}

/** The language of what stands around the report's words: its own where there is a catalogue for it, else English. */
export function languageOf(report: Pick<Phase4, "meta" | "title" | "markdown">): Language {
  return codeOf(report).toLowerCase().startsWith("zh") ? "zh" : "en";
}
