import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DraftBook, type Kept, type Shelf } from "./drafts";

class Shelves implements Shelf {
  readonly held = new Map<string, Kept<unknown>>();
  full = false;
  read = async () => [...this.held];
  write = async (changed: readonly (readonly [string, Kept<unknown>])[]) => {
    if (this.full) throw new Error("full");
    for (const [key, kept] of changed) this.held.set(key, kept);
  };
  remove = async (keys: readonly string[]) => {
    for (const key of keys) this.held.delete(key);
  };
}

async function opened(shelf: Shelf): Promise<DraftBook> {
  const book = new DraftBook();
  await book.open(shelf);
  return book;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("what is typed and not sent", () => {
  it("is there again when the page is loaded again, and is told to be from before", async () => {
    const shelf = new Shelves();
    const book = await opened(shelf);
    book.set("olga/start", "What does the tide");
    expect(book.restored("olga/start")).toBe(false);
    await vi.advanceTimersByTimeAsync(1000);
    const later = await opened(shelf);
    expect(later.get("olga/start")?.value).toBe("What does the tide");
    expect(later.restored("olga/start")).toBe(true);
  });

  it("is written once for many changes, and at once where the page goes", async () => {
    const shelf = new Shelves();
    let writes = 0;
    const book = await opened({
      ...shelf,
      read: shelf.read,
      write: (changed) => {
        writes++;
        return shelf.write(changed);
      },
      remove: shelf.remove,
    });
    for (const text of ["W", "Wh", "Who"]) book.set("a/b", text);
    expect([writes, book.writtenAt("a/b")]).toEqual([0, null]);
    await book.flush();
    expect(book.writtenAt("a/b")).toBe(book.get("a/b")?.at);
    expect([writes, shelf.held.get("a/b")?.value]).toEqual([1, "Who"]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(writes).toBe(1);
  });

  it("is gone when it was sent, and of its owner when that one signs out", async () => {
    const shelf = new Shelves();
    const book = await opened(shelf);
    for (const key of ["olga/a", "olga/b", "ines/a"]) book.set(key, key);
    await book.flush();
    book.drop("olga/a");
    await book.flush();
    expect([...shelf.held.keys()]).toEqual(["olga/b", "ines/a"]);
    await book.dropAll("olga/");
    expect([...shelf.held.keys()]).toEqual(["ines/a"]);
  });

  it("is dropped when nobody came back to it for a month", async () => {
    const shelf = new Shelves();
    shelf.held.set("a/old", { value: "x", at: new Date(Date.now() - 31 * 86_400_000).toISOString() });
    const book = await opened(shelf);
    expect(book.get("a/old")).toBeUndefined();
    expect(shelf.held.size).toBe(0);
  });

  it("lives as long as the page where the browser keeps nothing, and says so", async () => {
    const shelf = new Shelves();
    const book = await opened(shelf);
    shelf.full = true;
    book.set("a/b", "x");
    await vi.advanceTimersByTimeAsync(1000);
    expect(book.keeps).toBe(false);
    expect(book.get("a/b")?.value).toBe("x");
    const closed = await opened({ ...shelf, read: () => Promise.reject(new Error("private")) });
    expect(closed.keeps).toBe(false);
  });
});
