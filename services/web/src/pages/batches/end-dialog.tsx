/** Ending a batch, or deleting it: says what goes, and wants it typed. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { type ReactNode, useId, useRef, useState } from "react";
import { api, newCommandId } from "../../api";
import { Choice } from "../../fields/choice";
import { Dialog } from "../../ui/dialog";
import { ProblemNotice } from "../../ui/problem";
import { bytes, count } from "../../words";

interface Props {
  readonly batch: { readonly batch_id: string; readonly topic: string; readonly ended: boolean };
  readonly onClose: () => void;
  readonly onEnded: (deleted: boolean) => void;
}

export function EndDialog({ batch, onClose, onEnded }: Props): ReactNode {
  const id = useId();
  const [how, setHow] = useState<"end" | "delete">(batch.ended ? "delete" : "end");
  const [typed, setTyped] = useState("");
  const command = useRef(newCommandId());
  const view = useQuery({ queryKey: ["batch", batch.batch_id, "size"], queryFn: () => api.batch(batch.batch_id) });
  const end = useMutation({
    mutationFn: () => api.endBatch(batch.batch_id, how === "delete", command.current),
    onSuccess: () => {
      onEnded(how === "delete");
      onClose();
    },
  });
  const stored = view.data?.bytes ? ` (${bytes(view.data.bytes)})` : "";
  return (
    <Dialog
      title={batch.ended ? "Delete this batch" : "End this batch"}
      onClose={onClose}
      decline="Keep it"
      footer={
        <button
          type="button"
          className="button danger"
          disabled={typed.trim().toLowerCase() !== how || end.isPending}
          onClick={() => end.mutate()}
        >
          {how === "delete" ? "Delete everything" : "End the batch"}
        </button>
      }
    >
      <p>
        <strong>{batch.topic}</strong>
      </p>
      {!batch.ended && (
        <fieldset className="choices">
          <legend className="hidden">How</legend>
          <Choice
            name="how"
            value="end"
            chosen={how}
            onChoose={setHow}
            hint="What runs is cancelled and nothing can be run again. All results stay readable."
          >
            End it
          </Choice>
          <Choice
            name="how"
            value="delete"
            chosen={how}
            onChoose={setHow}
            hint="Ends it and removes everything that belongs to it. This cannot be undone."
          >
            End and delete it
          </Choice>
        </fieldset>
      )}
      {how === "delete" && view.data && (
        <p>
          Deleted are {count(view.data.sources.length, "source")} with their stored texts, the results and reports of{" "}
          {count(view.data.sessions.length, "session")}, and the timeline{stored}.
        </p>
      )}
      <div className="field">
        <label htmlFor={id}>Type “{how}” to confirm</label>
        <input
          id={id}
          type="text"
          value={typed}
          autoComplete="off"
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      {end.isError && <ProblemNotice error={end.error} />}
    </Dialog>
  );
}
