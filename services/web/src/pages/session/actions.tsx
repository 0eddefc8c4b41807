/** The buttons that every part of a session has: rerun, cancel, accept. */
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { api } from "../../api";
import { useDesk, useStillOpen } from "../../commands";
import { useConfig, useMay } from "../../queries";
import { useIds, useNode, useSession } from "../../store";
import { useButtonWord } from "../../ui/command-tray";
import { Dialog } from "../../ui/dialog";
import { ProblemNotice } from "../../ui/problem";
import { capital, isActive, nodeName } from "../../words";
import { type RerunTarget, targetKey } from "./rerun";
import { RerunDialog } from "./rerun-dialog";

interface RerunProps {
  readonly target: RerunTarget;
  readonly label?: string;
  readonly name: string;
  readonly className?: string;
  readonly disabled?: boolean;
}

/** Says how its command stands while there is one. */
export function RerunButton({
  target,
  label = "Rerun",
  name,
  className = "button slim",
  disabled = false,
}: RerunProps): ReactNode {
  const [open, setOpen] = useState(false);
  const ended = useSession((session) => session.state.ended);
  const may = useMay("researcher");
  const features = useConfig()?.features;
  const word = useButtonWord(targetKey(target));
  const on = "steps" in target ? features?.step_rerun : features?.phase_rerun;
  if (ended || !may || !on) return null;
  return (
    <>
      <button
        type="button"
        className={className}
        disabled={disabled}
        aria-label={`${label}: ${name}${word && word !== label ? `, ${word.toLowerCase()}` : ""}`}
        onClick={() => setOpen(true)}
      >
        {word ?? label}
      </button>
      {open && <RerunDialog target={target} onClose={() => setOpen(false)} />}
    </>
  );
}

type What =
  | { readonly phase: string }
  | { readonly step_id: number }
  | { readonly run_id: string }
  | Record<string, never>;

export function CancelButton({
  what,
  name,
  stopping = false,
  className = "button slim",
}: {
  readonly what: What;
  /** It was told to stop already, here or elsewhere. */
  readonly stopping?: boolean;
  readonly name: string;
  readonly className?: string;
}): ReactNode {
  const ids = useIds();
  const desk = useDesk();
  const may = useMay("researcher");
  const about = `cancel ${JSON.stringify(what)}`;
  const word = useButtonWord(about);
  if (!may) return null;
  const told = stopping || (word !== null && word !== "Refused");
  const said = told ? "Cancelling" : "Cancel";
  return (
    <button
      type="button"
      className={className}
      disabled={told}
      aria-label={`${said}: ${name}`}
      onClick={() => {
        const sending = desk.order({
          about,
          label: `Cancel ${name}`,
          done: "told to stop",
          send: (command_id) => api.workflow("cancel", { ...ids, ...what, command_id }),
        });
        sending.catch(() => undefined); // the tray tells
      }}
    >
      {said}
    </button>
  );
}

/** Cancel while a node is at work, otherwise rerun. Where one gives way to the other, the focus stays. */
export function NodeAction({ node }: { readonly node: string }): ReactNode {
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
      <Fitting node={node} />
    </span>
  );
}

function Fitting({ node }: { readonly node: string }): ReactNode {
  const view = useNode(node);
  const name = nodeName(node);
  const running = useSession((session) => session.state.run !== null);
  if (!view) return null;
  const step = node.startsWith("phase3/") ? Number(node.slice(7)) : null;
  if (isActive(view)) {
    const what = step === null ? { phase: node } : { step_id: step };
    return <CancelButton what={what} name={name} stopping={view.status === "cancelling"} />;
  }
  const target: RerunTarget = step === null ? { phase: node as "phase0" } : { steps: [step] };
  const never = view.artifact == null && view.freshness == null && view.status === "pending";
  if (never && running) return null; // its turn may still come
  return (
    <RerunButton target={target} name={name} label={view.status === "failed" ? "Retry" : never ? "Run" : "Rerun"} />
  );
}

export function AcceptButton({ node }: { readonly node: string }): ReactNode {
  const [open, setOpen] = useState(false);
  const ended = useSession((session) => session.state.ended);
  const may = useMay("researcher");
  if (ended || !may) return null;
  return (
    <>
      <button
        type="button"
        className="button slim"
        onClick={() => setOpen(true)}
        aria-label={`Accept as it is: ${nodeName(node)}`}
      >
        Accept as it is
      </button>
      {open && <AcceptDialog node={node} onClose={() => setOpen(false)} />}
    </>
  );
}

function AcceptDialog({ node, onClose }: { readonly node: string; readonly onClose: () => void }): ReactNode {
  const id = useId();
  const ids = useIds();
  const desk = useDesk();
  const tells = useStillOpen();
  const [reason, setReason] = useState("");
  const [error, setError] = useState<unknown>(null);
  async function accept(): Promise<void> {
    try {
      await desk.order({
        about: `accept ${node}`,
        label: `Accepting the ${nodeName(node)}`,
        send: (command_id) => api.workflow("accept", { ...ids, node, reason, command_id }),
        tells,
      });
      onClose();
    } catch (problem) {
      setError(problem);
    }
  }
  return (
    <Dialog
      title={`Accept ${nodeName(node)} as it is`}
      onClose={onClose}
      decline="Not now"
      footer={
        <button type="button" className="button primary" disabled={!reason.trim()} onClick={() => void accept()}>
          Accept
        </button>
      }
    >
      <p>
        {capital(nodeName(node))} then counts as up to date with what it was made from, until the next change. The
        timeline keeps who said so and why.
      </p>
      <div className="field">
        <label htmlFor={id}>Why is it good enough?</label>
        <textarea id={id} value={reason} maxLength={2000} onChange={(event) => setReason(event.target.value)} />
      </div>
      {error !== null && <ProblemNotice error={error} />}
    </Dialog>
  );
}
