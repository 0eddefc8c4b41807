import { describe, expect, it } from "vitest";
import type { Citation, Reference } from "../wire";
import { citing, passageOf, type TextNode } from "./citing";

function quoted(quote: string, start = 0): Citation {
  return { source_id: "s", text_sha256: "", quote, start, end: start + quote.length, score: 1 };
}

const citations = [
  quoted("Noise fell by 3 dB."),
  quoted("Buses cost 380,000 euros a year."),
  quoted("Journeys take 4 percent longer."),
];
const reference: Reference = { number: 2, source_id: "s", title: "T", citations };

function urls(node: TextNode): string[] {
  return [...(node.url ? [node.url] : []), ...(node.children ?? []).flatMap(urls)];
}

function text(value: string, type = "paragraph"): TextNode {
  return { type: "root", children: [{ type, children: [{ type: "text", value }] }] };
}

describe("the passage behind a mark", () => {
  it("is the one that stands before it, word for word", () => {
    expect(passageOf("Buses cost 380,000 euros a year. [1]", citations)).toBe(1);
    expect(passageOf("Noise fell by 3 dB. And more. Journeys take 4 percent longer. ", citations)).toBe(2);
  });

  it("is found for a part of a quote as well", () => {
    expect(passageOf("… 380,000 euros a year …", citations)).toBe(1);
  });

  it("is the first where nothing fits", () => {
    expect(passageOf("In other words entirely.", citations)).toBe(0);
  });
});

describe("marks in a text", () => {
  it("become links, several side by side, and only where there is such a reference", () => {
    const tree = text("Noise fell by 3 dB. [1][2] Buses cost 380,000 euros a year. [2] See [3].");
    citing([reference])()(tree);
    expect(urls(tree)).toEqual(["#cite-2-0", "#cite-2-1"]);
    const words = JSON.stringify(tree);
    expect(words).toContain("[1]");
    expect(words).toContain("[3]");
  });

  it("stay what they are inside code and links", () => {
    const tree: TextNode = {
      type: "paragraph",
      children: [
        { type: "inlineCode", value: "a[2]" },
        { type: "link", url: "https://x.example", children: [{ type: "text", value: "[2]" }] },
      ],
    };
    citing([reference])()(tree);
    expect(urls(tree)).toEqual(["https://x.example"]);
  });
});
