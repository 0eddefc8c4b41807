import { describe, expect, it } from "vitest";
import { en } from "./en";
import { preferred } from "./index";
import { zh } from "./zh";

/** Leaves of a catalogue by their path; a function is called with stand-ins. */
function leaves(texts: unknown, path = ""): [string, string][] {
  if (typeof texts === "string") return [[path, texts]];
  if (Array.isArray(texts)) return texts.flatMap((one, index) => leaves(one, `${path}.${index}`));
  if (texts && typeof texts === "object" && !("$$typeof" in texts))
    return Object.entries(texts).flatMap(([key, one]) => leaves(one, path ? `${path}.${key}` : key));
  return [];
}

/** Names, addresses and keys that are the same in every language. */
const SAME =
  /^(locale|words\.comma|fields\.source\.placeholder|pages\.report\.downloads\.(md|pdf|docx|bib|ris|csl)|pages\.help\.key\.\d\.0)/;

describe("the catalogues", () => {
  it("have the same texts, each in its own script", () => {
    const [english, chinese] = [new Map(leaves(en)), new Map(leaves(zh))];
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
    for (const [path, text] of chinese)
      if (text && !SAME.test(path)) expect([path, text]).toEqual([path, expect.stringMatching(/\p{Script=Han}/u)]);
    for (const [path, text] of english)
      expect([path, text]).toEqual([path, expect.not.stringMatching(/\p{Script=Han}/u)]);
  });

  it("count and list as their language does", () => {
    expect([en.words.count.step("1", true), en.words.count.step("2", false)]).toEqual(["1 step", "2 steps"]);
    expect(zh.words.count.step("2", false)).toBe("2 个步骤");
    expect(en.words.list(["a", "b", "c"])).toBe("a, b and c");
    expect(zh.words.list(["甲", "乙", "丙"])).toBe("甲、乙和丙");
  });
});

describe("the language that is spoken", () => {
  it("is the one that was chosen, else the browser's first that there is, else English", () => {
    expect(preferred("zh", ["en-GB"])).toBe("zh");
    expect(preferred(null, ["fr-FR", "zh-TW", "en"])).toBe("zh");
    expect(preferred("xx", ["fr"])).toBe("en");
  });
});
