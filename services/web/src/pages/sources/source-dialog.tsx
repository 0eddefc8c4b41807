/** Adding, replacing and removing sources. Nothing runs by it: what was made from them becomes out of date and says so. */
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api } from "../../api";
import { useDraft } from "../../drafts";
import { SourceFields } from "../../fields/source-fields";
import { appendSources, countSources, isWrong, NO_SOURCES } from "../../fields/source-input";
import { useOwner } from "../../queries";
import { useIds } from "../../store";
import { t } from "../../texts";
import { Dialog } from "../../ui/dialog";
import { DraftNote } from "../../ui/draft-note";
import { ProblemNotice } from "../../ui/problem";
import type { Source } from "../../wire";
import { sourceName } from "../../words";

export type SourceEdit = { readonly kind: "add" } | { readonly kind: "replace" | "remove"; readonly source: Source };

interface Props {
  readonly edit: SourceEdit;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function SourceDialog({ edit, onClose, onDone }: Props): ReactNode {
  const { batch_id } = useIds();
  const typed = useDraft(
    useOwner(),
    `sources/${batch_id}/${edit.kind === "add" ? "" : edit.source.source_id}`,
    NO_SOURCES,
  );
  const draft = typed.value;
  const total = countSources(draft);
  const save = useMutation({
    mutationFn: () => {
      if (edit.kind === "remove") return api.removeSource(batch_id, edit.source.source_id);
      const form = appendSources(new FormData(), draft);
      return edit.kind === "add"
        ? api.addSources(batch_id, form)
        : api.replaceSource(batch_id, edit.source.source_id, form);
    },
    onSuccess: () => {
      typed.drop();
      onDone();
      onClose();
    },
  });
  const say = t.pages.sources.dialog;
  const words = { add: say.doAdd, replace: say.doReplace, remove: say.doRemove } as const;
  const ready = edit.kind === "remove" || (edit.kind === "add" ? total > 0 : total === 1);
  return (
    <Dialog
      title={say[edit.kind]}
      onClose={onClose}
      decline={t.ui.dialog.notNow}
      footer={
        <button
          type="button"
          className={edit.kind === "remove" ? "button danger" : "button primary"}
          disabled={!ready || save.isPending || isWrong(draft)}
          onClick={() => save.mutate()}
        >
          {words[edit.kind]}
        </button>
      }
    >
      {edit.kind === "remove" && <p>{say.removed(sourceName(edit.source))}</p>}
      {edit.kind === "replace" && <p>{say.standIn(sourceName(edit.source))}</p>}
      {edit.kind !== "remove" && (
        <SourceFields
          draft={draft}
          onChange={typed.change}
          one={edit.kind === "replace"}
          error={edit.kind === "replace" && total > 1 ? say.oneOnly : null}
        />
      )}
      <p className="soft">{say.nothingRuns}</p>
      {edit.kind !== "remove" && <DraftNote draft={typed} />}
      {save.isError && <ProblemNotice error={save.error} />}
    </Dialog>
  );
}
