import { describe, expect, it } from "vitest";
import {
  appendSources,
  countSources,
  isWrong,
  NO_SOURCES,
  nextSearch,
  readAddresses,
  readSites,
  withDropped,
} from "./source-input";

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

  it("sends each search that says what to look for, and is wrong where a site is none", () => {
    const search = { ...nextSearch(draft), words: " tides ", provider: "arxiv", since: "2020-01-01", sites: "A.org b" };
    const searching = { ...draft, texts: [], searches: [search, { ...nextSearch(draft), key: 9 }] };
    expect(countSources(searching)).toBe(3);
    expect(isWrong(searching)).toBe(true);
    expect(readSites("https://A.org/x, b.example")).toEqual({ sites: ["a.org", "b.example"], wrong: [] });
    const right = { ...searching, searches: [{ ...search, sites: "a.org" }] };
    expect(isWrong(right)).toBe(false);
    expect(JSON.parse(String(appendSources(new FormData(), right).get("sources")))).toEqual([
      { search: { search: "tides", provider: "arxiv", limit: 10, since: "2020-01-01", allow: ["a.org"], block: [] } },
    ]);
  });

  it("kept before there were searches has none", () => {
    const { searches: _, ...old } = NO_SOURCES;
    expect([countSources(old), isWrong(old), nextSearch(old).key]).toEqual([0, false, 1]);
  });

  it("takes links that are dragged to it as addresses, a passage as a text", () => {
    const two = withDropped(withDropped(NO_SOURCES, "https://a.example/x"), "https://b.example/y\r\n");
    expect(two.addresses).toBe("https://a.example/x\nhttps://b.example/y");
    const passage = withDropped(two, "The tide rises.");
    expect(passage.texts).toEqual([{ key: 1, title: "", text: "The tide rises." }]);
    expect(countSources(passage)).toBe(3);
  });
});
