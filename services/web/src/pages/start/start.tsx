/** New research: a question, sources, and off to the live session. What is typed here is kept until it is sent. */
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useCallback, useId, useRef, useState } from "react";
import { useLocation } from "wouter";
import { api, newCommandId } from "../../api";
import { useDraft } from "../../drafts";
import { readCeiling } from "../../fields/ceiling";
import { LanguageNotice } from "../../fields/language-notice";
import { askedOf, NO_RESEARCH, type ResearchDraft, ResearchFields, ReviewSwitch } from "../../fields/research-choices";
import { SourceFields } from "../../fields/source-fields";
import { appendSources, countSources, isWrong, NO_SOURCES, type SourceDraft } from "../../fields/source-input";
import { useOwner } from "../../queries";
import { t } from "../../texts";
import { DraftNote } from "../../ui/draft-note";
import { ProblemNotice } from "../../ui/problem";
import { useTitle } from "../../ui/title";
import type { Config } from "../../wire";

interface StartDraft {
  readonly research: ResearchDraft;
  readonly sources: SourceDraft;
}

const NOTHING: StartDraft = { research: NO_RESEARCH, sources: NO_SOURCES };

export function StartPage({ config }: { readonly config: Config }): ReactNode {
  const say = t.pages.start;
  useTitle(say.tab);
  const id = useId();
  const [, navigate] = useLocation();
  const typed = useDraft(useOwner(), "start", NOTHING);
  const { research, sources } = typed.value;
  const { change } = typed;
  const changeResearch = (part: Partial<ResearchDraft>): void =>
    change((now) => ({ ...now, research: { ...now.research, ...part } }));
  const changeSources = useCallback(
    (part: (sources: SourceDraft) => SourceDraft) => change((now) => ({ ...now, sources: part(now.sources) })),
    [change],
  );
  const [tried, setTried] = useState(false);
  const question = useRef<HTMLTextAreaElement>(null);
  const command = useRef(newCommandId());
  const start = useMutation({
    mutationFn: async (what: StartDraft | "sample") => {
      const { research, sources } = what === "sample" ? await sampleDraft() : what;
      return api.start(formOf(research, sources, config, command.current));
    },
    onSuccess: ({ session_id }, what) => {
      if (what !== "sample") typed.drop();
      navigate(`/app/sessions/${session_id}`);
    },
    onError: () => {
      command.current = newCommandId();
    },
  });
  const noTopic = research.topic.trim() ? null : say.noTopic;
  const noSources = countSources(sources) === 0 ? say.noSources : null;
  const wrong = isWrong(sources) || countSources(sources) > config.limits.sources || readCeiling(research.tokens).wrong;
  const going = start.isPending || start.isSuccess;

  function submit(event: FormEvent): void {
    event.preventDefault();
    setTried(true);
    if (noTopic) question.current?.focus();
    if (!noTopic && !noSources && !wrong) start.mutate(typed.value);
  }

  return (
    <form className="page start" onSubmit={submit} noValidate>
      <div className="page-head">
        <h1>{say.title}</h1>
        <p className="lead">{say.lead}</p>
        <p className="sample">
          <button type="button" className="button slim" disabled={going} onClick={() => start.mutate("sample")}>
            {say.sample}
          </button>
          <span className="soft small">{say.sampleHint}</span>
        </p>
      </div>
      <div className="field">
        <label htmlFor={`${id}-topic`}>{say.question}</label>
        <textarea
          ref={question}
          id={`${id}-topic`}
          className="growing question"
          rows={2}
          value={research.topic}
          maxLength={config.limits.topic}
          placeholder={say.placeholder}
          aria-invalid={tried && noTopic !== null}
          aria-describedby={`${id}-topic-error`}
          onChange={(event) => changeResearch({ topic: event.target.value })}
        />
        <p className="error" id={`${id}-topic-error`} aria-live="polite">
          {tried && noTopic}
        </p>
      </div>
      <fieldset className="card stack">
        <legend className="hidden">{t.fields.source.legend}</legend>
        <SourceFields draft={sources} onChange={changeSources} error={tried ? noSources : null} />
      </fieldset>
      <details className="more">
        <summary>{say.more}</summary>
        <div className="stack">
          <ResearchFields draft={research} onChange={changeResearch} config={config} />
        </div>
      </details>
      <ReviewSwitch draft={research} onChange={changeResearch} />
      {start.isError && <ProblemNotice error={start.error} />}
      <div className="button-row">
        <button type="submit" className="button primary large" disabled={going}>
          {going ? say.going : say.go}
        </button>
        <DraftNote draft={typed} />
      </div>
      <LanguageNotice draft={research} config={config} />
    </form>
  );
}

function formOf(research: ResearchDraft, sources: SourceDraft, config: Config, commandId: string): FormData {
  const form = appendSources(new FormData(), sources);
  form.set("topic", research.topic.trim());
  const { options, ...named } = askedOf(research, config);
  for (const [name, value] of Object.entries({ ...named, ...options })) form.set(name, String(value));
  form.set("command_id", commandId);
  return form;
}

async function sampleDraft(): Promise<StartDraft> {
  const { SAMPLE_FILES, SAMPLE_TOPIC } = await import("./sample");
  return { research: { ...NO_RESEARCH, topic: SAMPLE_TOPIC }, sources: { ...NO_SOURCES, files: SAMPLE_FILES } };
}
