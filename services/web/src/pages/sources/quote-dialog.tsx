/** A quote in its source: the whole text, with the passage marked and in sight. */
import type { ReactNode } from "react";
import { t } from "../../texts";
import { Dialog } from "../../ui/dialog";
import type { Citation } from "../../wire";
import { sourceName } from "../../words";
import { AboutSource, PassageText, useSource } from "./passage-text";

interface Props {
  /** Of one text; the first is the one that was asked for. */
  readonly citations: readonly Citation[];
  readonly onClose: () => void;
}

export function QuoteDialog({ citations, onClose }: Props): ReactNode {
  const source = useSource(citations[0]?.source_id ?? "");
  return (
    <Dialog title={source ? sourceName(source) : t.pages.sources.passage.source} onClose={onClose} wide>
      {source && <AboutSource source={source} />}
      <PassageText citations={citations} />
    </Dialog>
  );
}
