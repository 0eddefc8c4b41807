/** An update of many sessions that was begun here: how many of them are still at work, and how all of it is cancelled. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { api } from "../../api";
import type { FleetReceipt } from "../../wire";

/** Milliseconds after which one that is not seen at work is over: before that it may not have begun. */
const BEGINS_WITHIN = 5_000;
const PAUSE = 2_000;

interface Begun {
  readonly commandId: string;
  readonly sessions: readonly string[];
  readonly at: number;
}

export interface FleetRun {
  readonly sessions: number;
  /** Null until it is known. */
  readonly atWork: number | null;
  readonly over: boolean;
  readonly cancel: () => void;
  readonly cancelling: boolean;
  /** What came of cancelling. */
  readonly cancelled: FleetReceipt | undefined;
  readonly error: unknown;
  readonly dismiss: () => void;
}

/** It is kept in this browser, so that it can still be cancelled after the page was left. */
export function useFleetRun(owner: string): { run: FleetRun | null; begin: (receipt: FleetReceipt) => void } {
  const key = `reprise-update-all/${owner}`;
  const [begun, setBegun] = useState(() => readBegun(localStorage.getItem(key)));
  const keep = useCallback(
    (next: Begun | null) => {
      setBegun(next);
      if (next) localStorage.setItem(key, JSON.stringify(next));
      else localStorage.removeItem(key);
    },
    [key],
  );
  const working = useQuery({
    queryKey: ["fleet", begun?.commandId],
    queryFn: async ({ signal }) => {
      const running = await allRunning(signal);
      const atWork = (begun?.sessions ?? []).filter((one) => running.has(one)).length;
      return { atWork, over: atWork === 0 && Date.now() - (begun?.at ?? 0) > BEGINS_WITHIN };
    },
    enabled: begun !== null,
    refetchInterval: (query) => (query.state.data?.over ? false : PAUSE),
  });
  const cancel = useMutation({ mutationFn: (commandId: string) => api.cancelAll(commandId) });
  const begin = useCallback(
    ({ command_id, sessions }: FleetReceipt) =>
      keep({
        commandId: command_id,
        sessions: sessions.flatMap(({ session_id, receipt }) => (receipt ? [session_id] : [])),
        at: Date.now(),
      }),
    [keep],
  );
  if (!begun) return { run: null, begin };
  const run = {
    sessions: begun.sessions.length,
    atWork: working.data?.atWork ?? null,
    over: working.data?.over ?? false,
    cancel: () => cancel.mutate(begun.commandId),
    cancelling: cancel.isPending,
    cancelled: cancel.data,
    error: cancel.error,
    dismiss: () => {
      cancel.reset();
      keep(null);
    },
  };
  return { run, begin };
}

async function allRunning(signal: AbortSignal): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  let after: string | null = null;
  do {
    const page = await api.sessions("state=running", after, signal);
    for (const { session_id } of page.sessions) found.add(session_id);
    after = page.next ?? null;
  } while (after !== null);
  return found;
}

function readBegun(kept: string | null): Begun | null {
  try {
    const found = JSON.parse(kept ?? "null") as Begun | null;
    return found && typeof found.commandId === "string" && Array.isArray(found.sessions) ? found : null;
  } catch {
    return null;
  }
}
