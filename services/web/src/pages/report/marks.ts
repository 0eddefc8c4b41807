/** Marks in a text that leave the text as it is: the browser paints ranges. One that cannot shows none, and scrolls all the same. */

export type MarkName = "found" | "current" | "arrived";

export function mark(name: MarkName, ranges: readonly Range[]): void {
  if ("highlights" in CSS) CSS.highlights.set(name, new Highlight(...ranges));
}

export function clearMarks(...names: readonly MarkName[]): void {
  if ("highlights" in CSS) for (const name of names) CSS.highlights.delete(name);
}

/** So many are marked at most. */
const MOST = 1000;

/** Every place below an element where the words stand, whatever their case and however they are spread over elements. */
export function rangesOf(root: HTMLElement, words: string): readonly Range[] {
  const wanted = words.trim().toLowerCase().replace(/\s+/g, " ");
  if (!wanted) return [];
  const { text, place } = textOf(root);
  const found: Range[] = [];
  for (let at = text.indexOf(wanted); at >= 0 && found.length < MOST; at = text.indexOf(wanted, at + wanted.length)) {
    const [start, end] = [place(at), place(at + wanted.length - 1)];
    if (!start || !end) continue;
    const range = document.createRange();
    range.setStart(start.node, start.offset);
    range.setEnd(end.node, end.offset + 1);
    found.push(range);
  }
  return found;
}

interface Spot {
  readonly node: Text;
  readonly offset: number;
}

/** The text below an element with single spaces, without what is no text of it, and where each character stands. */
function textOf(root: HTMLElement): { readonly text: string; readonly place: (at: number) => Spot | undefined } {
  const spots: Spot[] = [];
  let text = "";
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement?.closest(".cite, .hidden, .anchor") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  for (let node = walker.nextNode() as Text | null; node; node = walker.nextNode() as Text | null) {
    const own = node.data.toLowerCase();
    for (let offset = 0; offset < own.length; offset++) {
      const character = own[offset] ?? "";
      const space = /\s/.test(character);
      if (space && text.endsWith(" ")) continue;
      text += space ? " " : character;
      spots.push({ node, offset });
    }
  }
  return { text, place: (at) => spots[at] };
}
