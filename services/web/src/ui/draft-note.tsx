/** Says that what is typed is kept, or that it was brought back, and lets it be dropped. */
import type { ReactNode } from "react";
import type { Draft } from "../drafts";
import { t } from "../texts";
import { when } from "../words";

interface Props {
  readonly draft: Pick<Draft<unknown>, "keptAt" | "safe" | "restored" | "fleeting" | "drop">;
  /** There is another button that drops it. */
  readonly plain?: boolean;
}

export function DraftNote({ draft: { keptAt, safe, restored, fleeting, drop }, plain = false }: Props): ReactNode {
  return (
    <p className="draft-note small soft" role="status" aria-busy={keptAt !== null && !safe}>
      {fleeting && t.ui.draft.notKept}
      {keptAt && !fleeting && (restored ? t.ui.draft.restored(when(keptAt)) : t.ui.draft.kept(when(keptAt)))}
      {(keptAt || fleeting) && !plain && (
        <button type="button" className="link-button" onClick={drop}>
          {t.ui.draft.discard}
        </button>
      )}
    </p>
  );
}
