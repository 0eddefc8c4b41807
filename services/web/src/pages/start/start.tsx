/** New research: a question, sources, and off to the live session. */
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useRef, useState } from "react";
import { useLocation } from "wouter";
import { api, newCommandId } from "../../api";
import { ResearchFields, useResearchChoices } from "../../fields/research-choices";
import { SourceFields } from "../../fields/source-fields";
import { appendSources, countSources, NO_SOURCES, readAddresses } from "../../fields/source-input";
import { ProblemNotice } from "../../ui/problem";
import { useTitle } from "../../ui/title";
import type { Config } from "../../wire";

export function StartPage({ config }: { readonly config: Config }): ReactNode {
  useTitle("New research");
  const id = useId();
  const [, navigate] = useLocation();
  const [topic, setTopic] = useState("");
  const [draft, setDraft] = useState(NO_SOURCES);
  const choices = useResearchChoices(config);
  const [tried, setTried] = useState(false);
  const question = useRef<HTMLTextAreaElement>(null);
  const command = useRef(newCommandId());
  const start = useMutation({
    mutationFn: () => {
      const form = appendSources(new FormData(), draft);
      form.set("topic", topic.trim());
      const { options, ...named } = choices.asked;
      for (const [name, value] of Object.entries({ ...named, ...options })) form.set(name, String(value));
      form.set("command_id", command.current);
      return api.start(form);
    },
    onSuccess: ({ session_id }) => navigate(`/app/sessions/${session_id}`),
    onError: () => {
      command.current = newCommandId();
    },
  });
  const noTopic = !topic.trim() ? "Say what you want to find out." : null;
  const noSources = countSources(draft) === 0 ? "Name at least one source: an address, a file or a text." : null;
  const wrong = readAddresses(draft.addresses).wrong.length > 0 || countSources(draft) > config.limits.sources;

  function submit(event: FormEvent): void {
    event.preventDefault();
    setTried(true);
    if (noTopic) question.current?.focus();
    if (!noTopic && !noSources && !wrong && !choices.ceiling.wrong) start.mutate();
  }

  return (
    <form className="page start" onSubmit={submit} noValidate>
      <div className="page-head">
        <h1>What do you want to find out?</h1>
        <p className="lead">
          Give a question and your sources. Reprise reads them, plans the research, carries it out step by step and
          writes a report that cites every claim. You can run any part again later.
        </p>
      </div>
      <div className="field">
        <label htmlFor={`${id}-topic`}>Question</label>
        <textarea
          ref={question}
          id={`${id}-topic`}
          className="growing question"
          rows={2}
          value={topic}
          maxLength={config.limits.topic}
          placeholder="What has changed, and was it worth it?"
          aria-invalid={tried && noTopic !== null}
          aria-describedby={`${id}-topic-error`}
          onChange={(event) => setTopic(event.target.value)}
        />
        <p className="error" id={`${id}-topic-error`} aria-live="polite">
          {tried && noTopic}
        </p>
      </div>
      <fieldset className="card stack">
        <legend className="hidden">Sources</legend>
        <SourceFields draft={draft} onChange={setDraft} error={tried ? noSources : null} />
      </fieldset>
      <details className="more">
        <summary>Guidance and engine</summary>
        <div className="stack">
          <ResearchFields choices={choices} config={config} />
        </div>
      </details>
      {start.isError && <ProblemNotice error={start.error} />}
      <div className="button-row">
        <button type="submit" className="button primary large" disabled={start.isPending || start.isSuccess}>
          {start.isPending || start.isSuccess ? "Starting …" : "Start the research"}
        </button>
      </div>
    </form>
  );
}
