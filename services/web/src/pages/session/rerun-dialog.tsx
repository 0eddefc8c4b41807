/** Before something runs again: what exactly will happen, and the choices that change it. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useDeferredValue, useEffect, useId, useRef, useState } from "react";
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
import type { IfRunning, Options, Phase, Preview, Propagation } from "../../wire";
import { capital, listed, nodeName } from "../../words";
import { OwnWork } from "./own-work";
import { PreviewLists } from "./preview-lists";

/** No language is asked for: the one before stays. */
const AS_IT_IS = "as-it-is";

export type RerunTarget = { readonly phase: Phase } | { readonly steps: readonly number[] } | { readonly stale: true };

export function targetLabel(target: RerunTarget): string {
  if ("stale" in target) return "Update";
  if ("phase" in target) return `Rerun of ${target.phase === "phase3" ? "all steps" : `the ${nodeName(target.phase)}`}`;
  return `Rerun of ${listed(
    target.steps.map((step) => `step ${step}`),
    4,
  )}`;
}

export function targetKey(target: RerunTarget): string {
  if ("stale" in target) return "refresh";
  return "phase" in target ? target.phase : target.steps.map((step) => `phase3/${step}`).join(" ");
}

function call(target: RerunTarget): readonly [string, object] {
  if ("stale" in target) return ["refresh", {}];
  return "phase" in target ? ["restart/phase", { phase: target.phase }] : ["restart/step", { step_ids: target.steps }];
}

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
  const [version, head] = [
    useSession((session) => session.place.seq),
    "phase" in target ? target.phase : "steps" in target ? `phase3/${target.steps[0]}` : "",
  ];
  const known = useNode(head)?.guidance ?? "";
  const [propagation, setPropagation] = useState<Propagation>("cascade");
  const [ifRunning, setIfRunning] = useState<IfRunning>("queue");
  const [force, setForce] = useState(false);
  const [refetch, setRefetch] = useState(false);
  const [partial, setPartial] = useState(false);
  const [guidance, setGuidance] = useState(known);
  const [language, setLanguage] = useState(AS_IT_IS);
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const engine = useSession((session) => session.state.engine);
  const config = useConfig();
  const ceiling = useCeiling();
  const field = useId();
  const isRefresh = "stale" in target;
  const options: Options = {
    ...(isRefresh
      ? {}
      : {
          propagation,
          force,
          refetch,
          ...(guidance === known ? {} : { guidance }),
          ...(language === AS_IT_IS ? {} : { language }),
        }),
    allow_partial: partial,
    ...(ceiling.tokens === null ? {} : { max_tokens: ceiling.tokens }),
    if_running: ifRunning,
  };
  const [path, body] = call(target);
  const asked = useDeferredValue(JSON.stringify(options));
  const preview = useQuery({
    queryKey: ["preview", ids.session_id, path, JSON.stringify(body), asked, version],
    queryFn: ({ signal }) =>
      api.preview(path, { ...ids, ...body, options: { ...(JSON.parse(asked) as Options), dry_run: true } }, signal),
    placeholderData: keepPreviousData,
    gcTime: 0,
    retry: 1,
  });
  const moved = useMoved(asked, preview.isPlaceholderData ? undefined : preview.data);
  const settled = preview.isSuccess && !preview.isPlaceholderData && asked === JSON.stringify(options);

  async function confirm(): Promise<void> {
    if (!preview.data) return;
    setSending(true);
    setError(null);
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
      setSending(false);
      if (problem instanceof Refusal && problem.problem.type === "plan_changed") {
        await preview.refetch();
      } else setError(problem);
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
          disabled={!settled || sending || Boolean(nothing) || ceiling.wrong}
          onClick={() => void confirm()}
        >
          {sending ? "Sent" : isRefresh ? "Update" : busy && ifRunning === "queue" ? "Queue it" : "Rerun"}
        </button>
      }
    >
      {!isRefresh && (
        <fieldset className="choices">
          <legend className="hidden">What was made from it</legend>
          <Choice
            name="propagation"
            value="cascade"
            chosen={propagation}
            onChoose={setPropagation}
            hint="Whatever was made from it runs too, where something really changed."
            term={<Term of="cascade">cascade</Term>}
          >
            Bring along what depends on it
          </Choice>
          <Choice
            name="propagation"
            value="mark_stale"
            chosen={propagation}
            onChoose={setPropagation}
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
            value={guidance}
            maxLength={20_000}
            aria-describedby={`${field}-hint`}
            onChange={(event) => setGuidance(event.target.value)}
          />
          <p className="hint" id={`${field}-hint`}>
            What to pay attention to. It stays until you replace it; leave it empty for none.
          </p>
        </div>
      )}
      {busy && (
        <fieldset className="choices">
          <legend>Something is running</legend>
          <Choice name="busy" value="queue" chosen={ifRunning} onChoose={setIfRunning}>
            Wait for it
          </Choice>
          <Choice
            name="busy"
            value="interrupt"
            chosen={ifRunning}
            onChoose={setIfRunning}
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
            <Check checked={force} onChange={setForce} term={<Term of="force">force</Term>}>
              Run everything below, changed or not
            </Check>
          )}
          {"phase" in target && target.phase === "phase0" && (
            <Check checked={refetch} onChange={setRefetch} term={<Term of="refetch">fetch again</Term>}>
              Ask every source for its text anew
            </Check>
          )}
          <Check
            checked={partial}
            onChange={setPartial}
            hint="It names what it had to do without."
            term={<Term of="partial">partial report</Term>}
          >
            Write the report even if steps fail
          </Check>
          {!isRefresh && (
            <LanguageChoice
              languages={config?.languages}
              engine={engine}
              chosen={language}
              unnamed={[
                { value: AS_IT_IS, words: "As it is" },
                { value: "", words: "The question’s own" },
              ]}
              onChoose={setLanguage}
            />
          )}
          {engine !== "extractive" && <CeilingField ceiling={ceiling} of="this run" />}
        </div>
      </details>
      {moved && (
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
      {error !== null && <ProblemNotice error={error} />}
    </Dialog>
  );
}

/** Whether the plan that is shown under the same choices is another than before. While something runs a preview promises nothing. */
function useMoved(asked: string, preview: Preview | undefined): boolean {
  const [moved, setMoved] = useState(false);
  const before = useRef({ asked, plan: "" });
  useEffect(() => {
    if (!preview || preview.provisional) return;
    const { estimate, warnings, ...lists } = preview.plan;
    const plan = JSON.stringify(lists);
    const same = before.current.asked === asked;
    if (!same) setMoved(false);
    else if (before.current.plan && before.current.plan !== plan) setMoved(true);
    before.current = { asked, plan };
  }, [asked, preview]);
  return moved;
}
