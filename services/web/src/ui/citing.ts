/** Finds the passage behind a `[2]` in the report: the one that the words before it were taken from. */
import type { Citation, Reference } from "../wire";

export interface TextNode {
  type: string;
  value?: string;
  url?: string;
  children?: TextNode[];
}

const MARK = /\[(\d{1,4})\]/g;
const BLOCKS = new Set(["paragraph", "tableCell", "heading"]);

/** A remark plugin: every `[2]` that names a reference becomes a link to `#cite-2-<passage>`. */
export function citing(references: readonly Reference[]): () => (tree: TextNode) => void {
  const numbered = new Map(references.map((reference) => [reference.number, reference]));
  return () => (tree) => {
    const walk = (node: TextNode): void => {
      if (BLOCKS.has(node.type)) {
        let before = "";
        const split = (parent: TextNode): void => {
          parent.children = parent.children?.flatMap((child) => {
            if (child.type === "link" || child.type === "inlineCode") return [child];
            if (child.type !== "text" || child.value === undefined) {
              split(child);
              return [child];
            }
            const cut = cutAtMarks(child.value, before, numbered);
            before += child.value;
            return cut;
          });
        };
        split(node);
      } else for (const child of node.children ?? []) walk(child);
    };
    walk(tree);
  };
}

function cutAtMarks(text: string, before: string, references: ReadonlyMap<number, Reference>): TextNode[] {
  const pieces: TextNode[] = [];
  let at = 0;
  for (const mark of text.matchAll(MARK)) {
    const reference = references.get(Number(mark[1]));
    if (!reference || mark.index === undefined) continue;
    if (mark.index > at) pieces.push({ type: "text", value: text.slice(at, mark.index) });
    const passage = passageOf(before + text.slice(0, mark.index), reference.citations);
    pieces.push({
      type: "link",
      url: `#cite-${reference.number}-${passage}`,
      children: [{ type: "text", value: String(reference.number) }],
    });
    at = mark.index + mark[0].length;
  }
  if (at < text.length) pieces.push({ type: "text", value: text.slice(at) });
  return pieces;
}

/** The place of the citation that the text before a mark ends with; else of one that shares its last words; else the first. */
export function passageOf(before: string, citations: readonly Citation[]): number {
  const said = plain(before.replace(/(\s*\[\d+\])+\s*$/, ""));
  const ends = citations.findIndex((citation) => said.endsWith(plain(citation.quote)));
  if (ends >= 0) return ends;
  const last = plain((said.split("...").findLast((part) => part.trim().length > 8) ?? said).slice(-60));
  const shares = last ? citations.findIndex((citation) => plain(citation.quote).includes(last)) : -1;
  return Math.max(0, shares);
}

function plain(text: string): string {
  return text
    .normalize("NFKC")
    .replace(/[\s*_]+/g, " ")
    .trim();
}
