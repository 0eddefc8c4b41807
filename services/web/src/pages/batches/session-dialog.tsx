/** A further session on the sources of a batch: another question, nothing to be fetched twice. */
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useId, useRef, useState } from "react";
import { useLocation } from "wouter";
import { api, newCommandId } from "../../api";
import { ResearchFields, useResearchChoices } from "../../fields/research-choices";
import { useConfig } from "../../queries";
import { Dialog } from "../../ui/dialog";
import { ProblemNotice } from "../../ui/problem";

export function SessionDialog({
  batchId,
  onClose,
}: {
  readonly batchId: string;
  readonly onClose: () => void;
}): ReactNode {
  const id = useId();
  const config = useConfig();
  const [, navigate] = useLocation();
  const [topic, setTopic] = useState("");
  const choices = useResearchChoices(config);
  const command = useRef(newCommandId());
  const start = useMutation({
    mutationFn: () =>
      api.addSession(batchId, {
        topic: topic.trim(),
        ...choices.asked,
        command_id: command.current,
      }),
    onSuccess: ({ session_id }) => {
      onClose();
      navigate(`/app/sessions/${session_id}`);
    },
    onError: () => {
      command.current = newCommandId();
    },
  });
  return (
    <Dialog
      title="New session on these sources"
      onClose={onClose}
      decline="Not now"
      footer={
        <button
          type="button"
          className="button primary"
          disabled={!topic.trim() || choices.ceiling.wrong || start.isPending}
          onClick={() => start.mutate()}
        >
          {start.isPending ? "Starting …" : "Start the research"}
        </button>
      }
    >
      <p>
        Asks the sources of this batch another question. They are not fetched again, and the other sessions stay as they
        are.
      </p>
      <div className="field">
        <label htmlFor={`${id}-topic`}>Question</label>
        <textarea
          id={`${id}-topic`}
          className="growing"
          rows={2}
          value={topic}
          maxLength={config?.limits.topic}
          onChange={(event) => setTopic(event.target.value)}
        />
      </div>
      {config && <ResearchFields choices={choices} config={config} />}
      {start.isError && <ProblemNotice error={start.error} />}
    </Dialog>
  );
}
