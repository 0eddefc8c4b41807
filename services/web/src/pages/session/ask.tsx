/** A question to the sources: a calm field, and the dialog that says what asking means before anything runs. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useId, useState } from "react";
import { Link, useLocation } from "wouter";
import { api, Refusal } from "../../api";
import { useDesk, useStillOpen } from "../../commands";
import { useDraft } from "../../drafts";
import { CeilingField, readCeiling } from "../../fields/ceiling";
import { isStep, nodePath } from "../../nodes";
import { useConfig, useMay, useOwner } from "../../queries";
import { useIds, useNode, useSession } from "../../store";
import { t } from "../../texts";
import { Dialog } from "../../ui/dialog";
import { Glyph } from "../../ui/glyph";
import { ProblemNotice } from "../../ui/problem";
import { capital, nodeName } from "../../words";
import { PreviewLists } from "./preview-lists";

/** Offered once there is a plan that a question can become a step of. */
export function AskField(): ReactNode {
  const id = useId();
  const { session_id } = useIds();
  const owner = useOwner();
  const typed = useDraft(owner, `ask/${session_id}`, "");
  const [asking, setAsking] = useState<string | null>(null);
  const [awaited, setAwaited] = useState<string | null>(null);
  const may = useMay("researcher");
  const config = useConfig();
  const ended = useSession((session) => session.state.ended);
  const planned = useNode("phase2")?.artifact != null;
  const say = t.session.ask;
  if (ended || !may || !planned || !config?.features.plan_edit) return null;
  return (
    <form
      className="ask"
      aria-label={say.label}
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.value.trim()) setAsking(typed.value.trim());
      }}
    >
      <label className="hidden" htmlFor={id}>
        {say.label}
      </label>
      <input
        id={id}
        type="text"
        autoComplete="off"
        placeholder={say.placeholder}
        maxLength={config.limits.topic}
        value={typed.value}
        onChange={(event) => typed.change(event.target.value)}
      />
      <button type="submit" className="button" disabled={!typed.value.trim()}>
        {say.ask}
      </button>
      {asking !== null && (
        <AskDialog
          question={asking}
          onClose={() => setAsking(null)}
          onAsked={(node) => {
            typed.drop();
            setAsking(null);
            setAwaited(node);
          }}
        />
      )}
      {awaited !== null && <Lead to={awaited} onThere={() => setAwaited(null)} />}
    </form>
  );
}

/** Leads to the step that a question has become, as soon as the session has it. */
function Lead({ to, onThere }: { readonly to: string; readonly onThere: () => void }): ReactNode {
  const { session_id } = useIds();
  const [, navigate] = useLocation();
  const there = useNode(to) !== undefined;
  useEffect(() => {
    if (!there) return;
    onThere();
    navigate(nodePath(session_id, to));
  }, [there, to, onThere, session_id, navigate]);
  return null;
}

interface Props {
  readonly question: string;
  readonly onClose: () => void;
  /** With the step that the question has become. */
  readonly onAsked: (node: string) => void;
}

function AskDialog({ question, onClose, onAsked }: Props): ReactNode {
  const { session_id } = useIds();
  const desk = useDesk();
  const tells = useStillOpen();
  const engine = useSession((session) => session.state.engine);
  const version = useSession((session) => session.place.seq);
  const nodes = useSession((session) => session.state.nodes);
  const [tokens, setTokens] = useState("");
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const most = readCeiling(tokens);
  const max_tokens = most.tokens ?? null;
  const preview = useQuery({
    queryKey: ["ask", session_id, question, max_tokens, version],
    queryFn: ({ signal }) => api.previewQuestion(session_id, { question, max_tokens }, signal),
    placeholderData: keepPreviousData,
    gcTime: 0,
    retry: 1,
  });
  const asked = preview.data?.plan.run.find((node) => isStep(node) && !(node in nodes));
  const settled = preview.isSuccess && !preview.isPlaceholderData;
  const say = t.session.ask;

  async function ask(): Promise<void> {
    if (!preview.data || !asked) return;
    setSending(true);
    setError(null);
    const plan_token = preview.data.plan_token ?? null;
    try {
      await desk.order({
        about: "ask",
        label: say.command,
        send: (command_id) => api.ask(session_id, { question, max_tokens, plan_token, command_id }),
        tells,
      });
      onAsked(asked);
    } catch (problem) {
      setSending(false);
      setError(problem);
      if (problem instanceof Refusal && problem.problem.type === "plan_changed") await preview.refetch();
    }
  }

  const known = stepThatAsks(preview.error ?? error);
  return (
    <Dialog
      title={say.title}
      onClose={onClose}
      decline={t.ui.dialog.notNow}
      footer={
        <button
          type="button"
          className="button primary"
          disabled={!settled || !asked || sending || most.wrong}
          onClick={() => void ask()}
        >
          {say.ask}
        </button>
      }
    >
      <p className="question">{question}</p>
      <p>{say.lead}</p>
      {known !== null ? (
        <p className="notice">
          <Glyph of="info" />
          <span>
            {say.known(
              <Link href={nodePath(session_id, known)} onClick={onClose}>
                {capital(nodeName(known))}
              </Link>,
            )}
          </span>
        </p>
      ) : preview.isError ? (
        <ProblemNotice error={preview.error} />
      ) : (
        <PreviewLists preview={preview.data} waiting={!settled} titles={asked ? { [asked]: question } : {}} />
      )}
      {engine !== "extractive" && known === null && (
        <details className="more">
          <summary>{t.session.rerun.more}</summary>
          <CeilingField text={tokens} onChange={setTokens} of="run" />
        </details>
      )}
      {known === null && error !== null && <ProblemNotice error={error} />}
    </Dialog>
  );
}

/** The step that asks the same already, where that is why a question was refused. */
function stepThatAsks(error: unknown): string | null {
  if (!(error instanceof Refusal) || error.problem.code !== "asked_already") return null;
  const nodes = error.problem.facts?.nodes;
  return Array.isArray(nodes) ? String(nodes[0]) : null;
}
