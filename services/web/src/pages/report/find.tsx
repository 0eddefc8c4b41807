/** Search within the report: every hit is marked, and one after the other comes into sight. */
import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { useKey } from "../../keys";
import { t } from "../../texts";
import { clearMarks, mark, rangesOf } from "./marks";

export function Find({ article }: { readonly article: RefObject<HTMLElement | null> }): ReactNode {
  const [open, setOpen] = useState(false);
  const [words, setWords] = useState("");
  const [ranges, setRanges] = useState<readonly Range[]>([]);
  const [at, setAt] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const say = t.pages.report;
  const begin = (): void => {
    setOpen(true);
    requestAnimationFrame(() => field.current?.select());
  };
  useKey("/", begin);
  useEffect(() => {
    if (!open || !article.current) return;
    const found = rangesOf(article.current, words);
    setRanges(found);
    setAt(0);
    mark("found", found);
    return () => clearMarks("found", "current");
  }, [open, words, article]);
  useEffect(() => {
    const range = ranges[at];
    if (!range) return clearMarks("current");
    mark("current", [range]);
    range.startContainer.parentElement?.scrollIntoView({ block: "center" });
  }, [ranges, at]);
  const step = (by: number): void => setAt((now) => (ranges.length ? (now + by + ranges.length) % ranges.length : 0));
  const close = (): void => {
    setOpen(false);
    setRanges([]);
    requestAnimationFrame(() => opener.current?.focus());
  };
  function key(event: KeyboardEvent): void {
    if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  }
  if (!open)
    return (
      <button ref={opener} type="button" className="button slim" onClick={begin}>
        {say.find}
      </button>
    );
  return (
    <search className="find">
      <input
        ref={field}
        type="search"
        aria-label={say.search}
        placeholder={say.search}
        value={words}
        onChange={(event) => setWords(event.target.value)}
        onKeyDown={key}
      />
      <span className="small soft numbers" role="status">
        {words.trim() && (ranges.length ? say.hits(at + 1, ranges.length) : say.noHits)}
      </span>
      <button type="button" className="button icon slim" aria-label={say.previousHit} onClick={() => step(-1)}>
        ↑
      </button>
      <button type="button" className="button icon slim" aria-label={say.nextHit} onClick={() => step(1)}>
        ↓
      </button>
      <button type="button" className="button icon slim" aria-label={say.closeSearch} onClick={close}>
        ×
      </button>
    </search>
  );
}
