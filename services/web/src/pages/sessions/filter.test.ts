import { describe, expect, it } from "vitest";
import { ALL, addressOf, askedOf, filterOf, isTag, SHOWS, searchOf, tagsIn } from "./filter";

describe("which sessions are shown", () => {
  it("is read from an address as it was written there", () => {
    for (const show of SHOWS) {
      const filter = { show, words: "harbour tide", tag: "team:north", age: "7d" };
      expect(filterOf(new URLSearchParams(searchOf(askedOf(filter))))).toEqual(filter);
    }
    expect(searchOf(askedOf(ALL))).toBe("");
    expect(filterOf(new URLSearchParams(addressOf({ ...ALL, words: "tide " }))).words).toBe("tide ");
    expect(searchOf(askedOf({ ...ALL, show: "either", words: " tide " }))).toBe("stale=true&failed=true&q=tide");
  });

  it("is read from the server's own names too", () => {
    expect(filterOf(new URLSearchParams("state=stale&older_than=3h"))).toEqual({ ...ALL, show: "stale", age: "3h" });
    expect(filterOf(new URLSearchParams("state=nonsense"))).toEqual(ALL);
  });

  it("takes tags as they are typed", () => {
    expect(tagsIn(" energy, team:north energy ")).toEqual(["energy", "team:north"]);
    expect(["energy", "v1.2", "-x", "two words", ""].map(isTag)).toEqual([true, true, false, false, false]);
  });
});
