/** The commands that this page has sent: where each one stands, until it is done or was refused. */
import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { api, newCommandId, Refusal } from "./api";
import { problemIn, type RunOutcome } from "./model";
import { useIds, useSession } from "./store";
import { t } from "./texts";
import type { CommandStatus, CommandView, Problem, Receipt } from "./wire";

export interface Sent {
  readonly commandId: string;
  /** What it is about, for the button that sent it. */
  readonly about: string;
  /** "Rerun of step 3". */
  readonly label: string;
  readonly runId: string | null;
  readonly problem: Problem | null;
  readonly answered: boolean;
  /** What is said of it when it is done. */
  readonly done: string;
}

export interface Standing {
  readonly status: "sent" | CommandStatus;
  readonly position: number | null;
  readonly problem: Problem | null;
}

export interface Order {
  readonly about: string;
  readonly label: string;
  readonly send: (commandId: string) => Promise<Receipt>;
  readonly done?: string;
  /** Whether whoever ordered still stands there to tell of a refusal itself; else the tray does. */
  readonly tells?: () => boolean;
}

interface Desk {
  readonly sent: readonly Sent[];
  readonly order: (order: Order) => Promise<Receipt>;
  readonly dismiss: (commandId: string) => void;
}

const Context = createContext<Desk | null>(null);
const KEPT = 6;
const TRIES = 8;
/** Milliseconds; each pause between two tries is twice the one before. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 4000;

export function CommandDesk({ children }: { readonly children: ReactNode }): ReactNode {
  const [sent, setSent] = useState<readonly Sent[]>([]);
  const change = useCallback((commandId: string, part: Partial<Sent>) => {
    setSent((all) => all.map((one) => (one.commandId === commandId ? { ...one, ...part } : one)));
  }, []);
  const order = useCallback(
    async ({ about, label, send, tells, done = t.session.label.done }: Order) => {
      const commandId = newCommandId();
      const made: Sent = { commandId, about, label, runId: null, problem: null, answered: false, done };
      setSent((all) => [...all.filter((one) => one.about !== about), made].slice(-KEPT));
      try {
        const receipt = await persistent(() => send(commandId));
        change(commandId, { runId: receipt.run_id ?? null, answered: true });
        return receipt;
      } catch (error) {
        const problem = error instanceof Refusal ? error.problem : null;
        if (tells?.()) setSent((all) => all.filter((one) => one.commandId !== commandId));
        else change(commandId, { problem, answered: true });
        throw error;
      }
    },
    [change],
  );
  const dismiss = useCallback(
    (commandId: string) => setSent((all) => all.filter((one) => one.commandId !== commandId)),
    [],
  );
  const desk = useMemo(() => ({ sent, order, dismiss }), [sent, order, dismiss]);
  return <Context value={desk}>{children}</Context>;
}

/** A command keeps its id, so that sending it again while the server is away does nothing twice. */
export async function persistent<T>(send: () => Promise<T>, pause = FIRST_PAUSE): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof Refusal) || error.problem.type !== "unavailable" || attempt === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.min(LONGEST_PAUSE, pause * 2 ** attempt)));
    }
  }
}

export function useDesk(): Desk {
  const desk = useContext(Context);
  if (!desk) throw new Error("no command desk around this component");
  return desk;
}

/** For a dialog that tells of its own refusal: whether it is still open. */
export function useStillOpen(): () => boolean {
  const open = useRef(false);
  useEffect(() => {
    open.current = true;
    return () => {
      open.current = false;
    };
  }, []);
  return useCallback(() => open.current, []);
}

const FINAL: ReadonlySet<string> = new Set(["completed", "failed", "cancelled", "refused"]);

export function isFinal(status: Standing["status"]): boolean {
  return FINAL.has(status);
}

/** From the frames where they tell; asked for where they were missed. */
export function useStanding(one: Sent): Standing;
export function useStanding(one: Sent | null): Standing | null;
export function useStanding(one: Sent | null): Standing | null {
  const { session_id } = useIds();
  const run = useSession((session) => (one?.runId ? session.runs[one.runId] : undefined));
  const refused = useSession((session) => (one ? session.refused[one.commandId] : undefined));
  const told = one && toldOf(one, run, refused);
  const asked = useQuery({
    queryKey: ["command", session_id, one?.commandId],
    queryFn: () => api.command(session_id, one?.commandId ?? ""),
    enabled: one?.answered === true && !(told && isFinal(told.status)),
    refetchInterval: (query) => (query.state.data && isFinal(query.state.data.status) ? false : 3000),
    retry: false,
  });
  return one && standingOf(one, told, asked.data);
}

/** What the frames, or the answer itself, say of a command; null if they say nothing. */
export function toldOf(one: Sent, run: RunOutcome | undefined, refused: Problem | undefined): Standing | null {
  const problem = one.problem ?? refused;
  if (problem) return { status: "refused", position: null, problem };
  return run ? { status: run.status, position: run.position, problem: run.problem } : null;
}

/** An end counts, whoever tells of it; before that the frames are newer than an answer to a question. */
export function standingOf(one: Sent, told: Standing | null, asked: CommandView | undefined): Standing {
  if (told && (isFinal(told.status) || !asked || !isFinal(asked.status))) return told;
  if (asked) return { status: asked.status, position: null, problem: asked.problem ? problemIn(asked.problem) : null };
  return { status: one.answered ? "accepted" : "sent", position: null, problem: null };
}

/** Lets a finished command go after a while; a refused one stays until it was read. */
export function useLetGo(one: Sent, standing: Standing): void {
  const { dismiss } = useDesk();
  const over = standing.status === "completed" || standing.status === "cancelled";
  useEffect(() => {
    if (!over) return;
    const timer = setTimeout(() => dismiss(one.commandId), 10_000);
    return () => clearTimeout(timer);
  }, [over, one.commandId, dismiss]);
}
