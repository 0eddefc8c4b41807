/** The buttons that every part of a session has: rerun, cancel, accept, lock, fork. What a button does is its word, whatever runs. */
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { useLocation } from "wouter";
import { api, newCommandId } from "../../api";
import { useDesk, useStanding, useStillOpen } from "../../commands";
import { useDraft } from "../../drafts";
import { useKey } from "../../keys";
import { stepOf } from "../../nodes";
import { useConfig, useMay, useOwner } from "../../queries";
import { useIds, useNode, useSession } from "../../store";
import { t } from "../../texts";
import { Dialog } from "../../ui/dialog";
import { useDialogs } from "../../ui/dialogs";
import { DraftNote } from "../../ui/draft-note";
import { ProblemNotice } from "../../ui/problem";
import type { Phase } from "../../wire";
import { capital, isActive, nodeName, theNode } from "../../words";
import type { RerunTarget } from "./rerun";
import { RerunDialog, type Verb } from "./rerun-dialog";

interface RerunProps {
  readonly target: RerunTarget;
  readonly verb?: Verb;
  readonly name: string;
  readonly className?: string;
  readonly disabled?: boolean;
  /** Another word on the button, where the verb alone would not tell it from its neighbours. */
  readonly label?: string;
  /** Another engine, which the dialog then begins with. */
  readonly engine?: string;
  /** A key that opens it, wherever one is on the page. */
  readonly hotkey?: string;
}

export function RerunButton({
  target,
  verb = "rerun",
  name,
  className = "button slim",
  disabled = false,
  label,
  engine,
  hotkey,
}: RerunProps): ReactNode {
  const show = useDialogs();
  const ended = useSession((session) => session.state.ended);
  const may = useMay("researcher");
  const features = useConfig()?.features;
  const on = "steps" in target ? features?.step_rerun : features?.phase_rerun;
  const offered = !ended && may && on === true;
  const open = (): void =>
    show((onClose) => <RerunDialog target={target} verb={verb} engine={engine} onClose={onClose} />);
  useKey(offered && !disabled && hotkey ? hotkey : null, open);
  if (!offered) return null;
  const word = label ?? t.session.verb[verb];
  return (
    <button
      type="button"
      className={className}
      disabled={disabled}
      aria-label={t.session.verb.of(word, name)}
      aria-keyshortcuts={hotkey}
      onClick={open}
    >
      {word}
    </button>
  );
}

type What =
  | { readonly phase: string }
  | { readonly step_id: number }
  | { readonly run_id: string }
  | Record<string, never>;

interface CancelProps {
  readonly what: What;
  /** It was told to stop already, here or elsewhere. */
  readonly stopping?: boolean;
  readonly name: string;
  readonly className?: string;
}

export function CancelButton({ what, name, stopping = false, className = "button slim" }: CancelProps): ReactNode {
  const ids = useIds();
  const desk = useDesk();
  const may = useMay("researcher");
  const about = `cancel ${JSON.stringify(what)}`;
  const sent = desk.sent.findLast((candidate) => candidate.about === about);
  const standing = useStanding(sent ?? null);
  if (!may) return null;
  const told = stopping || (standing !== null && standing.status !== "refused");
  return (
    <button
      type="button"
      className={className}
      disabled={told}
      aria-label={t.session.verb.of(t.session.verb.cancel, name)}
      onClick={() => {
        const sending = desk.order({
          about,
          label: t.session.label.cancel(name),
          done: t.session.label.toldToStop,
          send: (command_id) => api.order("cancel", { ...ids, ...what, command_id }),
        });
        sending.catch(() => undefined); // the list of commands tells
      }}
    >
      {t.session.verb.cancel}
    </button>
  );
}

/** Cancel while a node is at work, otherwise rerun. Where one gives way to the other, the focus stays. */
export function NodeAction({ node, hotkey }: { readonly node: string; readonly hotkey?: string }): ReactNode {
  const place = useRef<HTMLSpanElement>(null);
  const held = useRef(false);
  const status = useNode(node)?.status;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each status may bring another button
  useEffect(() => {
    if (held.current && document.activeElement === document.body)
      place.current?.querySelector("button")?.focus({ preventScroll: true });
  }, [status]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only watches where the focus is
    <span
      ref={place}
      className="action"
      onFocus={() => {
        held.current = true;
      }}
      onBlur={(event) => {
        if (event.relatedTarget) held.current = false; // null: the button is gone, or the window is
      }}
    >
      <Fitting node={node} hotkey={hotkey} />
    </span>
  );
}

function Fitting({ node, hotkey }: { readonly node: string; readonly hotkey?: string }): ReactNode {
  const view = useNode(node);
  const name = nodeName(node);
  const running = useSession((session) => session.state.run !== null);
  if (!view) return null;
  const step = stepOf(node);
  if (isActive(view)) {
    const what = step === null ? { phase: node } : { step_id: step };
    return <CancelButton what={what} name={name} stopping={view.status === "cancelling"} />;
  }
  if (view.locked_at) return null; // nothing may run it; its badge says so
  const never = view.artifact == null && view.freshness == null && view.status === "pending";
  if (never && running) return null; // its turn may still come
  return (
    <RerunButton
      target={targetOf(node)}
      name={name}
      verb={view.status === "failed" ? "retry" : never ? "run" : "rerun"}
      hotkey={hotkey}
    />
  );
}

export function targetOf(node: string): RerunTarget {
  const step = stepOf(node);
  return step === null ? { phase: node as Phase } : { steps: [step] };
}

export function AcceptButton({ node }: { readonly node: string }): ReactNode {
  const show = useDialogs();
  const ended = useSession((session) => session.state.ended);
  const may = useMay("researcher");
  if (ended || !may) return null;
  const word = t.session.verb.accept;
  return (
    <button
      type="button"
      className="button slim"
      onClick={() => show((onClose) => <AcceptDialog node={node} onClose={onClose} />)}
      aria-label={t.session.verb.of(word, nodeName(node))}
    >
      {word}
    </button>
  );
}

function AcceptDialog({ node, onClose }: { readonly node: string; readonly onClose: () => void }): ReactNode {
  const id = useId();
  const ids = useIds();
  const desk = useDesk();
  const tells = useStillOpen();
  const reason = useDraft(useOwner(), `accept/${ids.session_id}/${node}`, "");
  const [error, setError] = useState<unknown>(null);
  const say = t.session.accept;
  async function accept(): Promise<void> {
    try {
      await desk.order({
        about: `accept ${node}`,
        label: t.session.label.accept(nodeName(node)),
        send: (command_id) => api.order("accept", { ...ids, node, reason: reason.value, command_id }),
        tells,
      });
      reason.drop();
      onClose();
    } catch (problem) {
      setError(problem);
    }
  }
  return (
    <Dialog
      title={say.title(nodeName(node))}
      onClose={onClose}
      decline={t.ui.dialog.notNow}
      footer={
        <button type="button" className="button primary" disabled={!reason.value.trim()} onClick={() => void accept()}>
          {t.session.verb.accept}
        </button>
      }
    >
      <p>{say.lead(capital(nodeName(node)))}</p>
      <div className="field">
        <label htmlFor={id}>{say.why}</label>
        <textarea
          id={id}
          value={reason.value}
          maxLength={2000}
          onChange={(event) => reason.change(event.target.value)}
        />
        <DraftNote draft={reason} />
      </div>
      {error !== null && <ProblemNotice error={error} />}
    </Dialog>
  );
}

/** Keeps a node from being run, or lets it be run again. One button for both, so that the focus stays on it. */
export function LockButton({ node }: { readonly node: string }): ReactNode {
  const show = useDialogs();
  const ended = useSession((session) => session.state.ended);
  const view = useNode(node);
  const may = useMay("researcher");
  if (ended || !may || !view || node === "phase3") return null;
  const does = view.locked_at ? "unlock" : "lock";
  return (
    <button
      type="button"
      className="button slim"
      onClick={() => show((onClose) => <LockDialog node={node} verb={does} onClose={onClose} />)}
      aria-label={t.session.verb.of(t.session.verb[does], nodeName(node))}
    >
      {t.session.verb[does]}
    </button>
  );
}

interface LockProps {
  readonly node: string;
  readonly verb: "lock" | "unlock";
  readonly onClose: () => void;
}

function LockDialog({ node, verb, onClose }: LockProps): ReactNode {
  const { session_id } = useIds();
  const desk = useDesk();
  const tells = useStillOpen();
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const say = t.session.lock;
  async function send(): Promise<void> {
    setSending(true);
    try {
      await desk.order({
        about: `lock ${node}`,
        label: say.label[verb](theNode(node)),
        send: (command_id) => api.lock(session_id, { node, locked: verb === "lock", command_id }),
        tells,
      });
      onClose();
    } catch (problem) {
      setSending(false);
      setError(problem);
    }
  }
  return (
    <Dialog
      title={t.session.verb.title(t.session.verb[verb], theNode(node))}
      onClose={onClose}
      decline={t.ui.dialog.notNow}
      footer={
        <button type="button" className="button primary" disabled={sending} onClick={() => void send()}>
          {t.session.verb[verb]}
        </button>
      }
    >
      <p>{say[verb]}</p>
      {error !== null && <ProblemNotice error={error} />}
    </Dialog>
  );
}

/** Another session that shares what is above a node. Only where there is something to share. */
export function ForkButton({ node }: { readonly node: string }): ReactNode {
  const show = useDialogs();
  const ended = useSession((session) => session.state.ended);
  const made = useNode(node)?.artifact != null;
  const may = useMay("researcher");
  if (ended || !may || !made || node === "phase0") return null;
  const word = t.session.verb.fork;
  return (
    <button
      type="button"
      className="button slim"
      onClick={() => show((onClose) => <ForkDialog node={node} onClose={onClose} />)}
      aria-label={t.session.verb.of(word, nodeName(node))}
    >
      {word}
    </button>
  );
}

function ForkDialog({ node, onClose }: { readonly node: string; readonly onClose: () => void }): ReactNode {
  const { session_id } = useIds();
  const [, navigate] = useLocation();
  const command = useRef(newCommandId());
  const fork = useMutation({
    mutationFn: () => api.fork(session_id, node, command.current),
    onSuccess: (made) => {
      onClose();
      navigate(`/app/sessions/${made.session_id}`);
    },
    onError: () => {
      command.current = newCommandId();
    },
  });
  const say = t.session.fork;
  return (
    <Dialog
      title={say.title(nodeName(node))}
      onClose={onClose}
      decline={t.ui.dialog.notNow}
      footer={
        <button
          type="button"
          className="button primary"
          disabled={fork.isPending || fork.isSuccess}
          onClick={() => fork.mutate()}
        >
          {t.session.verb.fork}
        </button>
      }
    >
      <p>{say.lead(nodeName(node))}</p>
      {fork.error !== null && <ProblemNotice error={fork.error} />}
    </Dialog>
  );
}
