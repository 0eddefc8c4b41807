/** The tags of a session, as one line that is edited: what is new is added, what is gone is taken away. */
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useId, useRef, useState } from "react";
import { api, newCommandId } from "../../api";
import { t } from "../../texts";
import { Dialog } from "../../ui/dialog";
import { ProblemNotice } from "../../ui/problem";
import type { SessionSummary } from "../../wire";
import { isTag, tagsIn } from "./filter";

interface Props {
  readonly session: SessionSummary;
  readonly onClose: () => void;
  readonly onTagged: () => void;
}

export function TagDialog({ session, onClose, onTagged }: Props): ReactNode {
  const id = useId();
  const [text, setText] = useState(session.tags.join(" "));
  const command = useRef(newCommandId());
  const wanted = tagsIn(text);
  const add = wanted.filter((tag) => !session.tags.includes(tag));
  const remove = session.tags.filter((tag) => !wanted.includes(tag));
  const wrong = wanted.filter((tag) => !isTag(tag));
  const save = useMutation({
    mutationFn: () => api.tag(session.session_id, { add, remove, command_id: command.current }),
    onSuccess: () => {
      onTagged();
      onClose();
    },
    onError: () => {
      command.current = newCommandId();
    },
  });
  const say = t.pages.sessions.tagging;
  return (
    <Dialog
      title={say.title}
      onClose={onClose}
      decline={t.ui.dialog.notNow}
      footer={
        <button
          type="submit"
          form={id}
          className="button primary"
          disabled={add.length + remove.length === 0 || wrong.length > 0 || save.isPending}
        >
          {say.tag}
        </button>
      }
    >
      <form
        id={id}
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (add.length + remove.length > 0 && wrong.length === 0) save.mutate();
        }}
      >
        <p className="question">{session.topic}</p>
        <div className="field">
          <label htmlFor={`${id}-tags`}>{say.label}</label>
          <input
            id={`${id}-tags`}
            type="text"
            autoComplete="off"
            value={text}
            aria-invalid={wrong.length > 0}
            aria-describedby={`${id}-hint`}
            onChange={(event) => setText(event.target.value)}
          />
          <p className={wrong.length ? "error" : "hint"} id={`${id}-hint`} aria-live="polite">
            {wrong.length ? say.wrong(wrong.join(" ")) : say.hint}
          </p>
        </div>
      </form>
      {save.isError && <ProblemNotice error={save.error} />}
    </Dialog>
  );
}
