/** A further session on the sources of a batch: another question, nothing to be fetched twice. */
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useId, useRef, useState } from "react";
import { useLocation } from "wouter";
import { api, newCommandId } from "../api";
import { Dialog } from "../ui/dialog";
import { ProblemNotice } from "../ui/problem";
import { CeilingField, useCeiling } from "./ceiling";
import { EngineChoice } from "./engine-choice";
import { useConfig } from "./rights";

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
  const [guidance, setGuidance] = useState("");
  const [engine, setEngine] = useState(config?.engine ?? "");
  const [review, setReview] = useState(false);
  const ceiling = useCeiling();
  const command = useRef(newCommandId());
  const start = useMutation({
    mutationFn: () =>
      api.addSession(batchId, {
        topic: topic.trim(),
        ...(guidance.trim() ? { guidance: guidance.trim() } : {}),
        ...(engine === config?.engine ? {} : { engine }),
        options: {
          ...(review ? { stop_after: "phase2" as const } : {}),
          ...(ceiling.tokens === null ? {} : { max_session_tokens: ceiling.tokens }),
        },
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
          disabled={!topic.trim() || ceiling.wrong || start.isPending}
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
          className="one-line"
          rows={2}
          value={topic}
          maxLength={config?.limits.topic}
          onChange={(event) => setTopic(event.target.value)}
        />
      </div>
      <div className="field">
        <label htmlFor={`${id}-guidance`}>Guidance</label>
        <textarea
          id={`${id}-guidance`}
          value={guidance}
          maxLength={config?.limits.guidance}
          aria-describedby={`${id}-hint`}
          onChange={(event) => setGuidance(event.target.value)}
        />
        <p className="hint" id={`${id}-hint`}>
          What to pay attention to. Optional.
        </p>
      </div>
      {config && <EngineChoice engines={config.engines} chosen={engine} onChoose={setEngine} />}
      {engine !== "extractive" && <CeilingField ceiling={ceiling} of="the session" />}
      <div className="choice">
        <input
          type="checkbox"
          id={`${id}-review`}
          checked={review}
          onChange={(event) => setReview(event.target.checked)}
        />
        <label htmlFor={`${id}-review`}>Stop after the plan, so that I can read and edit it first</label>
      </div>
      {start.isError && <ProblemNotice error={start.error} />}
    </Dialog>
  );
}
