/** Before something runs again: what exactly will happen, and the choices that change it. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useDeferredValue, useEffect, useId, useReducer } from "react";
import { api, Refusal } from "../../api";
import { useDesk, useStillOpen } from "../../commands";
import { useDraft } from "../../drafts";
import { CeilingField, readCeiling } from "../../fields/ceiling";
import { Check, Choice } from "../../fields/choice";
import { EngineChoice } from "../../fields/engine-choice";
import { LanguageChoice } from "../../fields/language-choice";
import { useConfig, useOwner } from "../../queries";
import { useIds, useNode, useSession } from "../../store";
import { t } from "../../texts";
import { Dialog } from "../../ui/dialog";
import { DraftNote } from "../../ui/draft-note";
import { Glyph } from "../../ui/glyph";
import { ProblemNotice } from "../../ui/problem";
import { Term } from "../../ui/term";
import type { Config, Options } from "../../wire";
import { OwnWork } from "./own-work";
import { PreviewLists } from "./preview-lists";
import {
  AS_IT_IS,
  callOf,
  headOf,
  lengthIsWrong,
  optionsOf,
  type RerunChoices,
  type RerunTarget,
  reduceRerun,
  rerunOf,
  targetKey,
  targetLabel,
  targetName,
  type Written,
  writes,
  writtenOf,
} from "./rerun";

export type Verb = "rerun" | "retry" | "run" | "update" | "carryOn";

interface Props {
  readonly target: RerunTarget;
  /** The word of the button that opened it, which is that of its title and of what confirms it. */
  readonly verb: Verb;
  /** Another engine that was offered. */
  readonly engine?: string;
  readonly onClose: () => void;
}

export function RerunDialog({ target, verb, engine = "", onClose }: Props): ReactNode {
  const ids = useIds();
  const desk = useDesk();
  const tells = useStillOpen();
  const busy = useSession((session) => Boolean(session.state.run) || session.state.queue.length > 0);
  const version = useSession((session) => session.place.seq);
  const known = useNode(headOf(target))?.guidance ?? "";
  const typed = useDraft<string | null>(useOwner(), `rerun/${ids.session_id}/${targetKey(target)}`, null);
  const [rerun, dispatch] = useReducer(
    reduceRerun,
    { known, chosen: { engine, guidance: typed.value ?? known } },
    rerunOf,
  );
  const { choices } = rerun;
  const choose = (part: Partial<RerunChoices>): void => dispatch({ type: "chosen", part });
  const config = useConfig();
  const isRefresh = "stale" in target;
  const isSection = "section" in target;
  const options = optionsOf(rerun, target);
  const [kind, body] = callOf(target);
  const asked = useDeferredValue(JSON.stringify(options));
  const preview = useQuery({
    queryKey: ["preview", ids.session_id, kind, JSON.stringify(body), asked, version],
    queryFn: ({ signal }) =>
      api.preview(kind, { ...ids, ...body, options: { ...(JSON.parse(asked) as Options), dry_run: true } }, signal),
    placeholderData: keepPreviousData,
    gcTime: 0,
    retry: 1,
  });
  const told = preview.isPlaceholderData ? undefined : preview.data;
  useEffect(() => {
    if (told) dispatch({ type: "previewed", asked, preview: told });
  }, [asked, told]);
  const settled = preview.isSuccess && !preview.isPlaceholderData && asked === JSON.stringify(options);

  async function confirm(): Promise<void> {
    if (!preview.data) return;
    dispatch({ type: "sent" });
    const plan_token = preview.data.plan_token ?? null;
    try {
      await desk.order({
        about: targetKey(target),
        label: targetLabel(target),
        send: (command_id) => api.order(kind, { ...ids, ...body, command_id, options: { ...options, plan_token } }),
        tells,
      });
      typed.drop();
      onClose();
    } catch (problem) {
      const overtaken = problem instanceof Refusal && problem.problem.type === "plan_changed";
      dispatch({ type: "returned", error: overtaken ? null : problem });
      if (overtaken) await preview.refetch();
    }
  }

  const say = t.session.verb;
  const nothing = preview.data && preview.data.plan.run.length === 0 && preview.data.plan.may_run.length === 0;
  return (
    <Dialog
      title={isRefresh ? say[verb] : say.title(say[verb], targetName(target))}
      onClose={onClose}
      decline={t.ui.dialog.notNow}
      footer={
        <button
          type="button"
          className="button primary"
          disabled={
            !settled ||
            rerun.sending ||
            Boolean(nothing) ||
            readCeiling(choices.tokens).wrong ||
            lengthIsWrong(choices.written)
          }
          onClick={() => void confirm()}
        >
          {say[verb]}
        </button>
      }
    >
      {!isRefresh && !isSection && !writes(target) && <Follows choices={choices} choose={choose} />}
      {!isRefresh && (
        <Guidance
          hint={isSection ? t.session.rerun.guidanceOnce : t.session.rerun.guidanceHint}
          text={choices.guidance}
          onChange={(guidance) => {
            choose({ guidance });
            typed.change(guidance === known ? null : guidance);
          }}
        >
          <DraftNote
            draft={{
              ...typed,
              drop: () => {
                typed.drop();
                choose({ guidance: known });
              },
            }}
          />
        </Guidance>
      )}
      {writes(target) && <ReportFields choices={choices} choose={choose} />}
      {config && !isSection && (
        <More choices={choices} choose={choose} target={target} config={config} begun={engine !== ""} />
      )}
      {isRefresh && <OwnWork onLeave={onClose} />}
      {preview.isError ? (
        <ProblemNotice error={preview.error} />
      ) : (
        <PreviewLists
          preview={preview.data}
          waiting={!settled}
          marking={!isRefresh && choices.propagation === "mark_stale"}
        />
      )}
      {/* What may come while one reads comes below what is read. */}
      {busy && <Busy choices={choices} choose={choose} />}
      {rerun.moved && (
        <p className="notice stale" role="alert">
          <Glyph of="stale" />
          <span>{t.session.rerun.moved}</span>
        </p>
      )}
      {rerun.error !== null && <ProblemNotice error={rerun.error} />}
    </Dialog>
  );
}

interface ChoosingProps {
  readonly choices: RerunChoices;
  readonly choose: (part: Partial<RerunChoices>) => void;
}

function Follows({ choices, choose }: ChoosingProps): ReactNode {
  const say = t.session.rerun;
  return (
    <fieldset className="choices">
      <legend className="hidden">{say.follows}</legend>
      <Choice
        name="propagation"
        value="cascade"
        chosen={choices.propagation}
        onChoose={(propagation) => choose({ propagation })}
        hint={say.cascadeHint}
        term={<Term of="cascade">{say.cascadeTerm}</Term>}
      >
        {say.cascade}
      </Choice>
      <Choice
        name="propagation"
        value="mark_stale"
        chosen={choices.propagation}
        onChoose={(propagation) => choose({ propagation })}
        hint={say.markStaleHint}
        term={<Term of="markStale">{say.markStaleTerm}</Term>}
      >
        {say.markStale}
      </Choice>
    </fieldset>
  );
}

function Guidance({
  hint,
  text,
  onChange,
  children,
}: {
  readonly hint: string;
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly children: ReactNode;
}): ReactNode {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{t.session.rerun.guidance}</label>
      <textarea
        id={id}
        value={text}
        maxLength={20_000}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
      />
      <p className="hint" id={`${id}-hint`}>
        {hint}
      </p>
      {children}
    </div>
  );
}

/** How the report is to be written: what is typed replaces what was asked for before. */
function ReportFields({ choices, choose }: ChoosingProps): ReactNode {
  const id = useId();
  const say = t.fields.report;
  const known = useNode("phase4")?.report;
  const engine = useSession((session) => session.state.engine);
  const written = choices.written ?? writtenOf(known);
  const change = (part: Partial<Written>): void => choose({ written: { ...written, ...part } });
  const wrong = lengthIsWrong(written);
  const lines = [
    { name: "tone", label: say.tone, hint: say.toneHint },
    { name: "audience", label: say.audience, hint: say.audienceHint },
  ] as const;
  return (
    <details
      className="more"
      open={written.length + written.tone + written.audience + written.outline !== "" || undefined}
    >
      <summary>{say.legend}</summary>
      <div className="stack">
        {(choices.engine || engine) === "extractive" && <p className="hint">{say.noModel}</p>}
        <div className="field">
          <label htmlFor={`${id}-length`}>{say.length}</label>
          <input
            id={`${id}-length`}
            type="text"
            inputMode="numeric"
            autoComplete="off"
            placeholder={say.lengthNone}
            value={written.length}
            aria-invalid={wrong}
            aria-describedby={wrong ? `${id}-length-hint` : undefined}
            onChange={(event) => change({ length: event.target.value })}
          />
          {wrong && (
            <p className="error" id={`${id}-length-hint`} aria-live="polite">
              {say.lengthWrong}
            </p>
          )}
        </div>
        {lines.map(({ name, label, hint }) => (
          <div className="field" key={name}>
            <label htmlFor={`${id}-${name}`}>{label}</label>
            <input
              id={`${id}-${name}`}
              type="text"
              maxLength={200}
              value={written[name]}
              aria-describedby={`${id}-${name}-hint`}
              onChange={(event) => change({ [name]: event.target.value })}
            />
            <p className="hint" id={`${id}-${name}-hint`}>
              {hint}
            </p>
          </div>
        ))}
        <div className="field">
          <label htmlFor={`${id}-outline`}>{say.outline}</label>
          <textarea
            id={`${id}-outline`}
            value={written.outline}
            aria-describedby={`${id}-outline-hint`}
            onChange={(event) => change({ outline: event.target.value })}
          />
          <p className="hint" id={`${id}-outline-hint`}>
            {say.outlineHint}
          </p>
        </div>
      </div>
    </details>
  );
}

function Busy({ choices, choose }: ChoosingProps): ReactNode {
  const say = t.session.rerun;
  return (
    <fieldset className="choices">
      <legend>{say.busy}</legend>
      <Choice
        name="busy"
        value="queue"
        chosen={choices.ifRunning}
        onChoose={(ifRunning) => choose({ ifRunning })}
        hint={say.queueHint}
      >
        {say.queue}
      </Choice>
      <Choice
        name="busy"
        value="interrupt"
        chosen={choices.ifRunning}
        onChoose={(ifRunning) => choose({ ifRunning })}
        hint={say.interruptHint}
      >
        {say.interrupt}
      </Choice>
    </fieldset>
  );
}

interface MoreProps extends ChoosingProps {
  readonly target: RerunTarget;
  readonly config: Config;
  /** Something in it was chosen already. */
  readonly begun: boolean;
}

function More({ choices, choose, target, config, begun }: MoreProps): ReactNode {
  const say = t.session.rerun;
  const own = useSession((session) => session.state.engine);
  const isRefresh = "stale" in target;
  const engine = choices.engine || own;
  return (
    <details className="more" open={begun || undefined}>
      <summary>{say.more}</summary>
      <div className="choices">
        {!isRefresh && (
          <Check
            checked={choices.force}
            onChange={(force) => choose({ force })}
            term={<Term of="force">{say.forceTerm}</Term>}
          >
            {say.force}
          </Check>
        )}
        {"phase" in target && target.phase === "phase0" && (
          <Check
            checked={choices.refetch}
            onChange={(refetch) => choose({ refetch })}
            term={<Term of="refetch">{say.refetchTerm}</Term>}
          >
            {say.refetch}
          </Check>
        )}
        <Check
          checked={choices.partial}
          onChange={(partial) => choose({ partial })}
          hint={say.partialHint}
          term={<Term of="partial">{say.partialTerm}</Term>}
        >
          {say.partial}
        </Check>
        {!isRefresh && (
          <EngineChoice
            config={config}
            chosen={engine}
            onChoose={(chosen) => choose({ engine: chosen === own ? "" : chosen })}
          />
        )}
        {!isRefresh && (
          <LanguageChoice
            languages={config.languages}
            engine={engine}
            chosen={choices.language}
            unnamed={[
              { value: AS_IT_IS, words: t.fields.language.asItIs },
              { value: "", words: t.fields.language.own },
            ]}
            onChoose={(language) => choose({ language })}
          />
        )}
        {engine !== "extractive" && (
          <CeilingField text={choices.tokens} onChange={(tokens) => choose({ tokens })} of="run" />
        )}
      </div>
    </details>
  );
}
