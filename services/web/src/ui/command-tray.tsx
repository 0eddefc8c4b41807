/** Where this page's commands stand, in words; read out as it changes. */
import type { ReactNode } from "react";
import { type Sent, type Standing, useDesk, useLetGo, useStanding } from "../commands";
import { Glyph } from "./glyph";

const WORDS: Record<Standing["status"], string> = {
  sent: "sent",
  accepted: "accepted",
  queued: "queued",
  merged: "joined to one that waits",
  running: "running",
  completed: "done",
  failed: "failed",
  cancelled: "cancelled",
  refused: "refused",
};

const GLYPHS: Record<Standing["status"], Parameters<typeof Glyph>[0]["of"]> = {
  sent: "pending",
  accepted: "pending",
  queued: "queued",
  merged: "queued",
  running: "running",
  completed: "completed",
  failed: "failed",
  cancelled: "cancelled",
  refused: "failed",
};

export function CommandTray(): ReactNode {
  const { sent } = useDesk();
  return (
    <div className="tray" role="status" aria-live="polite" aria-label="Commands">
      {sent.map((one) => (
        <Line key={one.commandId} one={one} />
      ))}
    </div>
  );
}

function Line({ one }: { readonly one: Sent }): ReactNode {
  const standing = useStanding(one);
  const { dismiss } = useDesk();
  useLetGo(one, standing);
  const place = standing.status === "queued" && standing.position ? `, number ${standing.position} in the queue` : "";
  const why = standing.problem ? `: ${standing.problem.detail} ${standing.problem.action}` : "";
  return (
    <div className={`tray-line ${standing.status}`}>
      <Glyph of={GLYPHS[standing.status]} />
      <span>
        {one.label}: <strong>{standing.status === "completed" ? one.done : WORDS[standing.status]}</strong>
        {place}
        {why}
      </span>
      <button
        type="button"
        className="button quiet slim"
        onClick={() => dismiss(one.commandId)}
        aria-label={`Dismiss: ${one.label}`}
      >
        Dismiss
      </button>
    </div>
  );
}

/** What a button that sent a command says meanwhile. */
export function useButtonWord(about: string): string | null {
  const { sent } = useDesk();
  const one = sent.findLast((candidate) => candidate.about === about);
  const standing = useStanding(one ?? NONE);
  if (!one) return null;
  const words: Record<Standing["status"], string | null> = {
    sent: "Sent",
    accepted: "Sent",
    queued: "Queued",
    merged: "Queued",
    running: "Running",
    completed: "Done",
    failed: null,
    cancelled: null,
    refused: "Refused",
  };
  return words[standing.status];
}

const NONE: Sent = { commandId: "none", about: "", label: "", runId: null, problem: null, answered: false, done: "" };
