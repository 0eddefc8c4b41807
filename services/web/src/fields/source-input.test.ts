import { describe, expect, it } from "vitest";
import { appendSources, countSources, NO_SOURCES, readAddresses, withDropped } from "./source-input";

describe("addresses in a pasted text", () => {
  it("are found one by one, each once, however they are set apart", () => {
    const text =
      "https://a.example/x\nhttps://b.example, <https://c.example/y?z=1>;\n- https://a.example/x\n  d.example/page";
    expect(readAddresses(text).urls).toEqual([
      "https://a.example/x",
      "https://b.example",
      "https://c.example/y?z=1",
      "https://d.example/page",
    ]);
  });

  it("are told apart from what is none", () => {
    expect(readAddresses("ftp://a.example javascript:alert(1) word https://")).toEqual({
      urls: [],
      wrong: ["ftp://a.example", "javascript:alert(1)", "word", "https://"],
    });
  });
});

describe("a draft of sources", () => {
  const draft = {
    addresses: "https://a.example",
    files: [new File(["x"], "x.txt")],
    texts: [
      { key: 1, title: " T ", text: "A text." },
      { key: 2, title: "", text: "  " },
    ],
  };

  it("counts what will be sent, and sends what it counted", () => {
    expect(countSources(draft)).toBe(3);
    const form = appendSources(new FormData(), draft);
    expect(form.getAll("urls")).toEqual(["https://a.example"]);
    expect(JSON.parse(String(form.get("sources")))).toEqual([{ text: "A text.", title: "T" }]);
    expect(form.getAll("files").length).toBe(1);
  });

  it("takes links that are dragged to it as addresses, a passage as a text", () => {
    const two = withDropped(withDropped(NO_SOURCES, "https://a.example/x"), "https://b.example/y\r\n");
    expect(two.addresses).toBe("https://a.example/x\nhttps://b.example/y");
    const passage = withDropped(two, "The tide rises.");
    expect(passage.texts).toEqual([{ key: 1, title: "", text: "The tide rises." }]);
    expect(countSources(passage)).toBe(3);
  });
});
