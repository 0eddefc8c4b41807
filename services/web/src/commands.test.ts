import { describe, expect, it } from "vitest";
import { Refusal } from "./api";
import { persistent, type Sent, standingOf, toldOf } from "./commands";
import type { CommandView, Problem } from "./wire";

const SENT: Sent = { commandId: "c", about: "a", label: "A", runId: "r", problem: null, answered: true, done: "done" };
const NO: Problem = { type: "conflict", detail: "No.", action: "", retryable: false };
const AWAY: Problem = { ...NO, type: "unavailable" };
const RUN = { status: "queued", position: 2, problem: null, place: { seq: 1, n: 1 } } as const;
const asked = (status: CommandView["status"]): CommandView => ({ command_id: "c", status });

describe("where a command stands", () => {
  it("is what its run does, unless it was refused", () => {
    expect(toldOf(SENT, RUN, undefined)).toEqual({ status: "queued", position: 2, problem: null });
    expect(toldOf(SENT, RUN, NO)?.status).toBe("refused");
    expect(toldOf({ ...SENT, problem: NO }, undefined, undefined)?.problem).toBe(NO);
    expect(toldOf(SENT, undefined, undefined)).toBeNull();
  });

  it("is over when anybody says so, and else what came last", () => {
    const told = toldOf(SENT, RUN, undefined);
    expect(standingOf(SENT, told, asked("running")).status).toBe("queued");
    expect(standingOf(SENT, told, asked("completed")).status).toBe("completed");
    expect(standingOf(SENT, null, asked("merged")).status).toBe("merged");
    expect(standingOf(SENT, null, undefined).status).toBe("accepted");
    expect(standingOf({ ...SENT, answered: false }, null, undefined).status).toBe("sent");
  });
});

describe("a command that is sent", () => {
  const failing = (problem: Problem, times: number): { send: () => Promise<string>; tries: () => number } => {
    let tries = 0;
    const send = async (): Promise<string> => {
      if (++tries <= times) throw new Refusal(problem, 0);
      return "taken";
    };
    return { send, tries: () => tries };
  };

  it("is sent again while the server is away, but not for ever", async () => {
    expect(await persistent(failing(AWAY, 3).send, 0)).toBe("taken");
    const away = failing(AWAY, 99);
    await expect(persistent(away.send, 0)).rejects.toBeInstanceOf(Refusal);
    expect(away.tries()).toBe(8);
  });

  it("takes a refusal for an answer", async () => {
    const refused = failing(NO, 99);
    await expect(persistent(refused.send, 0)).rejects.toMatchObject({ problem: NO });
    expect(refused.tries()).toBe(1);
  });
});
