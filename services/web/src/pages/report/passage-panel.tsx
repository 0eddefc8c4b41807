/** The passage behind a citation, beside the report: the claim above it, the source's text below, and the ways to the next one. */
import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { t } from "../../texts";
import type { Citation, Reference } from "../../wire";
import { sourceName } from "../../words";
import { AboutSource, PassageText, useSource } from "../sources/passage-text";
import { sentenceHash } from "./arrival";

export interface Cited {
  readonly reference: number;
  readonly passage: number;
  /** The sentence that the mark stands behind; empty for a reference in the list. */
  readonly claim: string;
  readonly section: string;
  readonly mark: HTMLElement;
}

/** What a mark stands for, read from where it stands. */
export function citedBy(mark: HTMLElement): Cited {
  return {
    reference: Number(mark.dataset.reference),
    passage: Number(mark.dataset.passage),
    claim: mark.classList.contains("cite") ? claimBefore(mark) : "",
    section: mark.closest("section[id]")?.id ?? "",
    mark,
  };
}

function claimBefore(mark: HTMLElement): string {
  const block = mark.closest("p, li, td, th, h3, h4, blockquote");
  if (!block) return "";
  const range = document.createRange();
  range.setStart(block, 0);
  range.setEndBefore(mark);
  const before = range.cloneContents();
  for (const other of before.querySelectorAll(".cite")) other.remove();
  return lastSentence(before.textContent ?? "");
}

/** The last sentence of a text, in a script that sets spaces between sentences or in one that does not. */
export function lastSentence(text: string): string {
  const sentences = text.trim().split(/(?<=[.!?…]["”’)]?)\s+|(?<=[。！？])/u);
  return sentences.findLast((sentence) => sentence.trim())?.trim() ?? "";
}

/** Passages of one text, the one that was asked for first. */
export function passagesOf(reference: Reference | undefined, passage: number): readonly Citation[] {
  const all = reference?.citations ?? [];
  const asked = all[passage];
  return asked ? [asked, ...all.filter((other) => other !== asked && other.text_sha256 === asked.text_sha256)] : [];
}

interface Props {
  readonly cited: Cited;
  readonly references: ReadonlyMap<number, Reference>;
  readonly article: RefObject<HTMLElement | null>;
  readonly onMove: (cited: Cited) => void;
  readonly onClose: () => void;
}

export function PassagePanel({ cited, references, article, onMove, onClose }: Props): ReactNode {
  const panel = useRef<HTMLElement>(null);
  const reference = references.get(cited.reference);
  const citations = passagesOf(reference, cited.passage);
  const source = useSource(reference?.source_id ?? "");
  const marks = [...(article.current?.querySelectorAll<HTMLElement>(".cite") ?? [])];
  const place = marks.indexOf(cited.mark);
  const say = t.pages.sources.passage;
  const { mark } = cited;
  useEffect(() => {
    panel.current?.focus({ preventScroll: true });
    mark.classList.add("open");
    return () => mark.classList.remove("open");
  }, [mark]);
  const close = (): void => {
    onClose();
    mark.focus({ preventScroll: true });
  };
  const move = (by: number): void => {
    const next = marks[place + by];
    if (!next) return;
    next.scrollIntoView({ block: "center" });
    onMove(citedBy(next));
  };
  function key(event: KeyboardEvent): void {
    if (event.key === "Escape") close();
  }
  return (
    <aside ref={panel} className="passage-panel" tabIndex={-1} aria-label={say.panel} onKeyDown={key}>
      <header>
        <h2>{source ? sourceName(source) : (reference?.title ?? say.source)}</h2>
        <button type="button" className="button icon quiet" aria-label={t.ui.dialog.close} onClick={close}>
          ×
        </button>
      </header>
      {cited.claim && (
        <div className="claim">
          <p className="small soft">{say.claim}</p>
          <p className="serif">{cited.claim}</p>
          <CopyLink section={cited.section} claim={cited.claim} key={cited.claim} />
        </div>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <section className="scrolls" tabIndex={0} aria-label={say.whole}>
        {source && <AboutSource source={source} />}
        <PassageText citations={citations} />
      </section>
      {place >= 0 && (
        <footer>
          <span className="small soft numbers">{say.of(place + 1, marks.length)}</span>
          <button type="button" className="button slim" disabled={place === 0} onClick={() => move(-1)}>
            {say.previous}
          </button>
          <button type="button" className="button slim" disabled={place === marks.length - 1} onClick={() => move(1)}>
            {say.next}
          </button>
        </footer>
      )}
    </aside>
  );
}

function CopyLink({ section, claim }: { readonly section: string; readonly claim: string }): ReactNode {
  const [copied, setCopied] = useState(false);
  const say = t.pages.report;
  const hash = sentenceHash(section, claim);
  return (
    <a
      className="small"
      href={`#${hash}`}
      onClick={() => {
        const address = `${location.origin}${location.pathname}#${hash}`;
        void navigator.clipboard?.writeText(address).then(
          () => setCopied(true),
          () => undefined,
        );
      }}
    >
      {copied ? say.linkCopied : say.linkSentence}
    </a>
  );
}
