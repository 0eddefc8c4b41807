import { describe, expect, it } from "vitest";
import { readViews } from "./saved-views";

describe("saved views", () => {
  it("are read as far as they are views, whatever a browser has kept", () => {
    const view = { name: "Energy", search: "tag=energy" };
    expect(readViews(JSON.stringify([view, { name: 3 }, null, "x"]))).toEqual([view]);
    expect(["", "{", "7", null].map(readViews)).toEqual([[], [], [], []]);
  });
});
