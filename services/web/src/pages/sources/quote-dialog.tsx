/** A quote in its source: the whole text, with the passage marked and in sight. */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef } from "react";
import { api } from "../../api";
import { useIds } from "../../store";
import { Dialog } from "../../ui/dialog";
import { ProblemNotice } from "../../ui/problem";
import type { Citation, Source } from "../../wire";
import { sourceName, when } from "../../words";
import { cutAt } from "./passages";

/** `citations` are of one text; the first is the one that was asked for. */
export function QuoteDialog({
  citations,
  onClose,
}: {
  readonly citations: readonly Citation[];
  readonly onClose: () => void;
}): ReactNode {
  const { batch_id } = useIds();
  const [first] = citations;
  const sourceId = first?.source_id ?? "";
  const sha256 = first?.text_sha256 ?? "";
  const sources = useQuery({
    queryKey: ["sources", batch_id],
    queryFn: () => api.sources(batch_id),
    staleTime: 30_000,
  });
  const text = useQuery({
    queryKey: ["text", batch_id, sourceId, sha256],
    queryFn: () => api.sourceText(batch_id, sourceId, sha256),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const passage = useRef<HTMLElement>(null);
  const shown = text.data;
  useEffect(() => {
    if (shown !== undefined) passage.current?.scrollIntoView({ block: "center" });
  }, [shown]);
  const source = sources.data?.find((one) => one.source_id === sourceId);
  return (
    <Dialog title={source ? sourceName(source) : "Source"} onClose={onClose} wide>
      {source && <About source={source} />}
      {first && first.score < 1 && (
        <p className="notice stale">
          <span>This quote was matched to the nearest passage; it is not word for word.</span>
        </p>
      )}
      {text.isError && <ProblemNotice error={text.error} />}
      <div className="source-text" aria-busy={text.isPending}>
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
    </Dialog>
  );
}

function About({ source }: { readonly source: Source }): ReactNode {
  const stored = source.stored;
  return (
    <p className="meta">
      {stored?.author && <span>{stored.author}</span>}
      {stored?.published && <span>{stored.published}</span>}
      {stored?.fetched_at && <span>read {when(stored.fetched_at)}</span>}
      {source.url && (
        <a href={source.url} target="_blank" rel="noopener noreferrer nofollow">
          Open the page
        </a>
      )}
    </p>
  );
}
