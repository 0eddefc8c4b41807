/** Adding, replacing and removing sources. Nothing runs by it: what was made from them becomes out of date and says so. */
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api } from "../../api";
import { SourceFields } from "../../fields/source-fields";
import { appendSources, countSources, NO_SOURCES } from "../../fields/source-input";
import { useIds } from "../../store";
import { Dialog } from "../../ui/dialog";
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
  const [draft, setDraft] = useState(NO_SOURCES);
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
      onDone();
      onClose();
    },
  });
  const titles = { add: "Add sources", replace: "Replace a source", remove: "Remove a source" } as const;
  const ready = edit.kind === "remove" || (edit.kind === "add" ? total > 0 : total === 1);
  return (
    <Dialog
      title={titles[edit.kind]}
      onClose={onClose}
      decline="Not now"
      footer={
        <button
          type="button"
          className={edit.kind === "remove" ? "button danger" : "button primary"}
          disabled={!ready || save.isPending}
          onClick={() => save.mutate()}
        >
          {edit.kind === "add" ? "Add" : edit.kind === "replace" ? "Replace" : "Remove"}
        </button>
      }
    >
      {edit.kind === "remove" && <p>“{sourceName(edit.source)}” is taken out of the batch.</p>}
      {edit.kind === "replace" && <p>Give one address, file or text to stand in for “{sourceName(edit.source)}”.</p>}
      {edit.kind !== "remove" && (
        <SourceFields
          draft={draft}
          onChange={setDraft}
          one={edit.kind === "replace"}
          error={edit.kind === "replace" && total > 1 ? "One source only, please." : null}
        />
      )}
      <p className="soft">
        Nothing runs by this. What was made from the sources becomes out of date, and Update brings it along.
      </p>
      {save.isError && <ProblemNotice error={save.error} />}
    </Dialog>
  );
}
