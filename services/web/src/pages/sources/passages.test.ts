import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Citation } from "../../wire";
import { cutAt } from "./passages";

function cite(start: number, end: number): Citation {
  return { source_id: "s", text_sha256: "", quote: "", start, end, score: 1 };
}

describe("a text with its passages", () => {
  it("marks what was quoted, counting as the server does", () => {
    const text = "𝄞 Noise fell by 3 dB. 交通 is calmer.";
    const [, marked] = cutAt(text, [cite(2, 21)]);
    expect(marked).toEqual({ text: "Noise fell by 3 dB.", citation: 0 });
    expect(cutAt(text, [cite(22, 24)])[1]?.text).toBe("交通");
  });

  it("loses nothing, whatever is quoted", () => {
    const span = fc.tuple(fc.integer({ min: -2, max: 40 }), fc.integer({ min: -2, max: 40 }));
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 30 }), fc.array(span, { maxLength: 5 }), (text, spans) => {
        const pieces = cutAt(
          text,
          spans.map(([start, end]) => cite(start, end)),
        );
        expect(pieces.map((piece) => piece.text).join("")).toBe(text);
      }),
    );
  });
});
