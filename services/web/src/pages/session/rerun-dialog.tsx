/** Before something runs again: what exactly will happen, and the choices that change it. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useDeferredValue, useEffect, useId, useReducer } from "react";
import { api, Refusal } from "../../api";
import { useDesk, useStillOpen } from "../../commands";
import { CeilingField, useCeiling } from "../../fields/ceiling";
import { Check, Choice } from "../../fields/choice";
import { LanguageChoice } from "../../fields/language-choice";
import { useConfig } from "../../queries";
import { useIds, useNode, useSession } from "../../store";
import { Dialog } from "../../ui/dialog";
import { Glyph } from "../../ui/glyph";
import { ProblemNotice } from "../../ui/problem";
import { Term } from "../../ui/term";
import type { Options } from "../../wire";
import { capital } from "../../words";
import { OwnWork } from "./own-work";
import { PreviewLists } from "./preview-lists";
import {
  AS_IT_IS,
  callOf,
  headOf,
  optionsOf,
  type RerunChoices,
  type RerunTarget,
  reduceRerun,
  rerunOf,
  targetKey,
  targetLabel,
} from "./rerun";

export function RerunDialog({
  target,
  onClose,
}: {
  readonly target: RerunTarget;
  readonly onClose: () => void;
}): ReactNode {
  const ids = useIds();
  const desk = useDesk();
  const tells = useStillOpen();
  const busy = useSession((session) => Boolean(session.state.run) || session.state.queue.length > 0);
  const version = useSession((session) => session.place.seq);
  const known = useNode(headOf(target))?.guidance ?? "";
  const [rerun, dispatch] = useReducer(reduceRerun, known, rerunOf);
  const { choices } = rerun;
  const choose = (part: Partial<RerunChoices>): void => dispatch({ type: "chosen", part });
  const engine = useSession((session) => session.state.engine);
  const config = useConfig();
  const ceiling = useCeiling();
  const field = useId();
  const isRefresh = "stale" in target;
  const options = optionsOf(rerun, target, ceiling.tokens);
  const [path, body] = callOf(target);
  const asked = useDeferredValue(JSON.stringify(options));
  const preview = useQuery({
    queryKey: ["preview", ids.session_id, path, JSON.stringify(body), asked, version],
    queryFn: ({ signal }) =>
      api.preview(path, { ...ids, ...body, options: { ...(JSON.parse(asked) as Options), dry_run: true } }, signal),
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
        send: (command_id) => api.workflow(path, { ...ids, ...body, command_id, options: { ...options, plan_token } }),
        tells,
      });
      onClose();
    } catch (problem) {
      const overtaken = problem instanceof Refusal && problem.problem.type === "plan_changed";
      dispatch({ type: "returned", error: overtaken ? null : problem });
      if (overtaken) await preview.refetch();
    }
  }

  const nothing = preview.data && preview.data.plan.run.length === 0 && preview.data.plan.may_run.length === 0;
  return (
    <Dialog
      title={isRefresh ? "Bring everything up to date" : capital(targetLabel(target).replace("Rerun of", "Rerun"))}
      onClose={onClose}
      decline="Not now"
      footer={
        <button
          type="button"
          className="button primary"
          disabled={!settled || rerun.sending || Boolean(nothing) || ceiling.wrong}
          onClick={() => void confirm()}
        >
          {rerun.sending ? "Sent" : isRefresh ? "Update" : busy && choices.ifRunning === "queue" ? "Queue it" : "Rerun"}
        </button>
      }
    >
      {!isRefresh && (
        <fieldset className="choices">
          <legend className="hidden">What was made from it</legend>
          <Choice
            name="propagation"
            value="cascade"
            chosen={choices.propagation}
            onChoose={(propagation) => choose({ propagation })}
            hint="Whatever was made from it runs too, where something really changed."
            term={<Term of="cascade">cascade</Term>}
          >
            Bring along what depends on it
          </Choice>
          <Choice
            name="propagation"
            value="mark_stale"
            chosen={choices.propagation}
            onChoose={(propagation) => choose({ propagation })}
            hint="The rest is left as it is and says that it is out of date."
            term={<Term of="markStale">mark the rest</Term>}
          >
            Only this
          </Choice>
        </fieldset>
      )}
      {!isRefresh && (
        <div className="field">
          <label htmlFor={field}>Guidance</label>
          <textarea
            id={field}
            value={choices.guidance}
            maxLength={20_000}
            aria-describedby={`${field}-hint`}
            onChange={(event) => choose({ guidance: event.target.value })}
          />
          <p className="hint" id={`${field}-hint`}>
            What to pay attention to. It stays until you replace it; leave it empty for none.
          </p>
        </div>
      )}
      {busy && (
        <fieldset className="choices">
          <legend>Something is running</legend>
          <Choice name="busy" value="queue" chosen={choices.ifRunning} onChoose={(ifRunning) => choose({ ifRunning })}>
            Wait for it
          </Choice>
          <Choice
            name="busy"
            value="interrupt"
            chosen={choices.ifRunning}
            onChoose={(ifRunning) => choose({ ifRunning })}
            hint="What it has completed is kept."
          >
            Cancel it and go first
          </Choice>
        </fieldset>
      )}
      <details className="more">
        <summary>More choices</summary>
        <div className="choices">
          {!isRefresh && (
            <Check checked={choices.force} onChange={(force) => choose({ force })} term={<Term of="force">force</Term>}>
              Run everything below, changed or not
            </Check>
          )}
          {"phase" in target && target.phase === "phase0" && (
            <Check
              checked={choices.refetch}
              onChange={(refetch) => choose({ refetch })}
              term={<Term of="refetch">fetch again</Term>}
            >
              Ask every source for its text anew
            </Check>
          )}
          <Check
            checked={choices.partial}
            onChange={(partial) => choose({ partial })}
            hint="It names what it had to do without."
            term={<Term of="partial">partial report</Term>}
          >
            Write the report even if steps fail
          </Check>
          {!isRefresh && (
            <LanguageChoice
              languages={config?.languages}
              engine={engine}
              chosen={choices.language}
              unnamed={[
                { value: AS_IT_IS, words: "As it is" },
                { value: "", words: "The question’s own" },
              ]}
              onChoose={(language) => choose({ language })}
            />
          )}
          {engine !== "extractive" && <CeilingField ceiling={ceiling} of="this run" />}
        </div>
      </details>
      {rerun.moved && (
        <p className="notice stale" role="alert">
          <Glyph of="stale" />
          <span>
            The session has changed since this was worked out. Below is what would happen now; confirm it again.
          </span>
        </p>
      )}
      {isRefresh && <OwnWork onLeave={onClose} />}
      {preview.isError ? (
        <ProblemNotice error={preview.error} />
      ) : (
        <PreviewLists preview={preview.data} waiting={!settled} />
      )}
      {rerun.error !== null && <ProblemNotice error={rerun.error} />}
    </Dialog>
  );
}
