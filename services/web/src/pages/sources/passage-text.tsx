/** A source's text with passages of it marked, the one that is asked for in sight; and who wrote it, and when. */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef } from "react";
import { api } from "../../api";
import { useIds } from "../../store";
import { t } from "../../texts";
import { ProblemNotice } from "../../ui/problem";
import type { Citation, Source } from "../../wire";
import { when } from "../../words";
import { cutAt } from "./passages";

/** `citations` are of one text; the first is the one that was asked for. */
export function PassageText({ citations }: { readonly citations: readonly Citation[] }): ReactNode {
  const { batch_id } = useIds();
  const [first] = citations;
  const [sourceId, sha256] = [first?.source_id ?? "", first?.text_sha256 ?? ""];
  const text = useQuery({
    queryKey: ["text", batch_id, sourceId, sha256],
    queryFn: () => api.sourceText(batch_id, sourceId, sha256),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const box = useRef<HTMLDivElement>(null);
  const passage = useRef<HTMLElement>(null);
  const shown = text.data;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another passage of the same text has to come into sight too
  useEffect(() => {
    const scroller = box.current?.closest(".scrolls");
    if (shown === undefined || !passage.current || !scroller) return;
    const [outer, inner] = [scroller.getBoundingClientRect(), passage.current.getBoundingClientRect()];
    scroller.scrollTop += inner.top - outer.top - (outer.height - inner.height) / 3;
  }, [shown, first?.start]);
  return (
    <>
      {first && first.score < 1 && (
        <p className="notice stale">
          <span>{t.pages.sources.passage.nearest}</span>
        </p>
      )}
      {text.isError && <ProblemNotice error={text.error} />}
      <div ref={box} className="source-text" aria-busy={text.isPending}>
        {shown !== undefined &&
          cutAt(shown, citations).map((piece, index) =>
            piece.citation === null ? (
              piece.text
            ) : (
              <mark
                // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text never move
                key={index}
                ref={piece.citation === 0 ? passage : undefined}
                className={piece.citation === 0 ? "asked" : undefined}
              >
                {piece.text}
              </mark>
            ),
          )}
      </div>
    </>
  );
}

export function useSource(sourceId: string): Source | undefined {
  const { batch_id } = useIds();
  const sources = useQuery({
    queryKey: ["sources", batch_id],
    queryFn: () => api.sources(batch_id),
    staleTime: 30_000,
  });
  return sources.data?.find((one) => one.source_id === sourceId);
}

export function AboutSource({ source }: { readonly source: Source }): ReactNode {
  const stored = source.stored;
  return (
    <p className="meta">
      {stored?.author && <span>{stored.author}</span>}
      {stored?.published && <span>{stored.published}</span>}
      {stored?.fetched_at && <span>{t.pages.sources.read(when(stored.fetched_at))}</span>}
      {source.url && (
        <a href={source.url} target="_blank" rel="noopener noreferrer nofollow">
          {t.pages.sources.open}
        </a>
      )}
    </p>
  );
}
