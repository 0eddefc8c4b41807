/** What an edit of goals or plan means, before it is saved. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api, Refusal } from "../../api";
import { useDesk, useStillOpen } from "../../commands";
import { Choice } from "../../fields/choice";
import { useIds } from "../../store";
import { t } from "../../texts";
import { Dialog } from "../../ui/dialog";
import { ProblemNotice } from "../../ui/problem";
import type { Preview, Propagation, Receipt } from "../../wire";
import { nodeName } from "../../words";
import { PreviewLists } from "./preview-lists";

interface Props {
  readonly phase: "phase1" | "phase2";
  /** Of the result that was edited: a newer one is not overwritten. */
  readonly etag: string;
  readonly body: object;
  /** Of the edited steps, by node. */
  readonly titles?: Readonly<Record<string, string>>;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}

export function SaveDialog({ phase, etag, body, titles, onClose, onSaved }: Props): ReactNode {
  const { session_id } = useIds();
  const desk = useDesk();
  const tells = useStillOpen();
  const [propagation, setPropagation] = useState<Propagation>("mark_stale");
  const [error, setError] = useState<unknown>(null);
  const [sending, setSending] = useState(false);
  const preview = useQuery({
    queryKey: ["edit", session_id, phase, etag, propagation, JSON.stringify(body)],
    queryFn: () => api.edit<Preview>(session_id, phase, body, etag, { propagation, dry_run: "true" }),
    placeholderData: keepPreviousData,
    gcTime: 0,
    retry: 1,
  });
  const name = nodeName(phase);
  const say = t.session.save;

  async function save(): Promise<void> {
    setSending(true);
    try {
      await desk.order({
        about: `edit ${phase}`,
        label: t.session.label.edit(name),
        send: (command_id) => api.edit<Receipt>(session_id, phase, body, etag, { propagation, command_id }),
        tells,
      });
      onSaved();
    } catch (problem) {
      setSending(false);
      setError(problem);
    }
  }

  const failed = error ?? preview.error;
  const overtaken = failed instanceof Refusal && failed.problem.type === "conflict";
  return (
    <Dialog
      title={say.title(name)}
      onClose={onClose}
      decline={say.back}
      footer={
        <button
          type="button"
          className="button primary"
          disabled={!preview.isSuccess || sending}
          onClick={() => void save()}
        >
          {propagation === "cascade" ? say.saveAndRun : say.save}
        </button>
      }
    >
      <fieldset className="choices">
        <legend className="hidden">{say.follows}</legend>
        <Choice name="follow" value="mark_stale" chosen={propagation} onChoose={setPropagation} hint={say.onlyHint}>
          {say.only}
        </Choice>
        <Choice name="follow" value="cascade" chosen={propagation} onChoose={setPropagation} hint={say.cascadeHint}>
          {say.cascade}
        </Choice>
      </fieldset>
      {overtaken && (
        <p className="notice failed" role="alert">
          <span>{say.overtaken(name)}</span>
        </p>
      )}
      {failed && !overtaken ? (
        <ProblemNotice error={failed} />
      ) : (
        <PreviewLists preview={preview.data} waiting={preview.isFetching} titles={titles} />
      )}
    </Dialog>
  );
}
