/** Ending a batch, or deleting it: says what goes, and wants it typed. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { type ReactNode, useId, useRef, useState } from "react";
import { api, newCommandId } from "../../api";
import { Choice } from "../../fields/choice";
import { t } from "../../texts";
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
  const say = t.session.end;
  const stored = view.data?.bytes ? say.size(bytes(view.data.bytes)) : "";
  return (
    <Dialog
      title={how === "delete" ? say.titleDelete : say.titleEnd}
      onClose={onClose}
      decline={say.keep}
      footer={
        <button
          type="button"
          className="button danger"
          disabled={typed.trim().toLowerCase() !== say.word[how] || end.isPending}
          onClick={() => end.mutate()}
        >
          {how === "delete" ? say.doDelete : say.doEnd}
        </button>
      }
    >
      <p>
        <strong>{batch.topic}</strong>
      </p>
      {!batch.ended && (
        <fieldset className="choices">
          <legend className="hidden">{say.how}</legend>
          <Choice name="how" value="end" chosen={how} onChoose={setHow} hint={say.endHint}>
            {say.end}
          </Choice>
          <Choice name="how" value="delete" chosen={how} onChoose={setHow} hint={say.deleteHint}>
            {say.delete}
          </Choice>
        </fieldset>
      )}
      {how === "delete" && view.data && (
        <p>
          {say.goes(count(view.data.sources.length, "source"), count(view.data.sessions.length, "session"), stored)}
        </p>
      )}
      <div className="field">
        <label htmlFor={id}>{say.type(say.word[how])}</label>
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
