import { describe, expect, it } from "vitest";
import { sift } from "./source-files";

const RULES = {
  kinds: [".pdf", ".md", ".txt"],
  limits: { upload_bytes: 1000, sources: 10, topic: 2000, guidance: 2000 },
};
const file = (name: string, content: string | Uint8Array<ArrayBuffer>, type = ""): File =>
  new File([content], name, { type, lastModified: 1 });

describe("files that are given", () => {
  it("are taken where their ending, their type or their contents say that they can be read", async () => {
    const given = [
      file("a.PDF", new Uint8Array([0, 1, 2]), "application/pdf"),
      file("b.md", "# B"),
      file("notes", "As plain as can be."),
      file("c.csv", "a,b", "text/csv"),
      file("d.bin", "in truth a text", "application/octet-stream"),
    ];
    expect(await sift(given, [], RULES)).toEqual({ taken: given, refused: [] });
  });

  it("are left out with the reason where they cannot", async () => {
    const given = [
      file("photo.png", "x", "image/png"),
      file("archive.zip", "x", "application/zip"),
      file("program", new Uint8Array([77, 90, 0, 0])),
      file("long.txt", "x".repeat(1001)),
      file("nothing.txt", ""),
    ];
    const { taken, refused } = await sift(given, [], RULES);
    expect(taken).toEqual([]);
    expect(refused).toEqual([
      expect.stringMatching(/“photo\.png” is an image/),
      expect.stringMatching(/“archive\.zip” is of a kind/),
      expect.stringMatching(/“program” is of a kind/),
      expect.stringMatching(/“long\.txt” has 1\.0 kB; a file may have 1\.0 kB/),
      "“nothing.txt” is empty.",
    ]);
  });

  it("are taken once", async () => {
    const held = [file("b.md", "# B")];
    const given = [file("b.md", "# B"), file("b.md", "# Another"), file("b.md", "# Another")];
    expect((await sift(given, held, RULES)).taken).toEqual([given[1]]);
  });
});
