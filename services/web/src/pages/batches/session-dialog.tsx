/** A further session on the sources of a batch: another question, nothing to be fetched twice. */
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useId, useRef } from "react";
import { useLocation } from "wouter";
import { api, newCommandId } from "../../api";
import { useDraft } from "../../drafts";
import { readCeiling } from "../../fields/ceiling";
import { LanguageNotice } from "../../fields/language-notice";
import { askedOf, NO_RESEARCH, type ResearchDraft, ResearchFields, ReviewSwitch } from "../../fields/research-choices";
import { useConfig, useOwner } from "../../queries";
import { t } from "../../texts";
import { Dialog } from "../../ui/dialog";
import { DraftNote } from "../../ui/draft-note";
import { ProblemNotice } from "../../ui/problem";

interface Props {
  readonly batchId: string;
  readonly onClose: () => void;
}

export function SessionDialog({ batchId, onClose }: Props): ReactNode {
  const id = useId();
  const config = useConfig();
  const [, navigate] = useLocation();
  const typed = useDraft(useOwner(), `session/${batchId}`, NO_RESEARCH);
  const draft = typed.value;
  const change = (part: Partial<ResearchDraft>): void => typed.change((now) => ({ ...now, ...part }));
  const command = useRef(newCommandId());
  const start = useMutation({
    mutationFn: () =>
      api.addSession(batchId, { topic: draft.topic.trim(), ...askedOf(draft, config), command_id: command.current }),
    onSuccess: ({ session_id }) => {
      typed.drop();
      onClose();
      navigate(`/app/sessions/${session_id}`);
    },
    onError: () => {
      command.current = newCommandId();
    },
  });
  const say = t.session.another;
  return (
    <Dialog
      title={say.title}
      onClose={onClose}
      decline={t.ui.dialog.notNow}
      footer={
        <button
          type="button"
          className="button primary"
          disabled={!draft.topic.trim() || readCeiling(draft.tokens).wrong || start.isPending}
          onClick={() => start.mutate()}
        >
          {start.isPending ? t.pages.start.going : t.pages.start.go}
        </button>
      }
    >
      <p>{say.lead}</p>
      <div className="field">
        <label htmlFor={`${id}-topic`}>{say.question}</label>
        <textarea
          id={`${id}-topic`}
          className="growing"
          rows={2}
          value={draft.topic}
          maxLength={config?.limits.topic}
          onChange={(event) => change({ topic: event.target.value })}
        />
      </div>
      {config && <ResearchFields draft={draft} onChange={change} config={config} />}
      <ReviewSwitch draft={draft} onChange={change} />
      {config && <LanguageNotice draft={draft} config={config} />}
      <DraftNote draft={typed} />
      {start.isError && <ProblemNotice error={start.error} />}
    </Dialog>
  );
}
