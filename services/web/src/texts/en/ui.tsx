/** What every page shares: the head, problems, dialogs, commands, terms. */
import type { ReactNode } from "react";
import type { CommandStatus } from "../../wire";

export const ui = {
  site: {
    skip: "Skip to the page",
    nav: "Site",
    start: "New",
    batches: "Batches",
    workers: "Workers",
    help: "Help",
    operator: "Operation",
    language: "Language",
    noPage: "There is no such page",
    noPageHint: (batches: ReactNode, start: ReactNode) => (
      <>
        Go to {batches}, or start {start}.
      </>
    ),
    yourBatches: "your batches",
    newResearch: "new research",
    onlyLooking: "You may look",
    onlyLookingHint: (batches: ReactNode) => (
      <>
        Your token is a viewer’s: you can read {batches} and their reports. To start or rerun research, ask whoever runs
        this server for a researcher’s token.
      </>
    ),
    allBatches: "all batches",
    signedIn: (caller: string, role: string) => `Signed in as ${caller}, ${role}`,
    role: { viewer: "viewer", researcher: "researcher", operator: "operator" } as Record<string, string>,
    signOut: "Sign out",
  },
  signIn: {
    tab: "Sign in",
    title: "Who are you?",
    lead: "This server wants a token. Whoever runs it gave you one.",
    token: "Token",
    unknown: "The server does not know this token, or it has expired. Check it and try again.",
    go: "Continue",
  },
  problem: {
    page: "This page cannot be shown",
    reload: "Load it again",
    pageDetail: "Something went wrong on this page.",
    pageAction: "Load it again.",
    unreachable: "The server does not answer.",
    answered: (status: number) => `The server answered ${status}.`,
    unreachableAction: "The page tries again by itself; nothing is lost.",
    retryHelps: "Trying again may help.",
    retryDoesNot: "Trying again does not help unless something changes.",
    kept: "The result before it is kept.",
    /** Before a sentence of the server’s own; nothing where that is in this language. */
  },
  dialog: { close: "Close", notNow: "Not now" },
  connection: {
    offline: (clock: string) => `Offline. This page is as of ${clock}; it connects again by itself.`,
    tryNow: "Try now",
  },
  command: {
    tray: "Commands",
    status: {
      sent: "sent",
      accepted: "accepted",
      queued: "queued",
      merged: "joined to one that waits",
      running: "running",
      completed: "done",
      failed: "failed",
      cancelled: "cancelled",
      refused: "refused",
    } as Record<CommandStatus | "sent", string>,
    line: (label: string, status: ReactNode) => (
      <>
        {label}: {status}
      </>
    ),
    place: (position: number) => `, number ${position} in the queue`,
    why: (problem: string) => `: ${problem}`,
    dismiss: "Dismiss",
    dismissIt: (label: string) => `Dismiss: ${label}`,
  },
  draft: {
    kept: (time: string) => `Kept in this browser, ${time}.`,
    restored: (time: string) => `What you typed (${time}) was brought back.`,
    discard: "Start over",
    notKept: "This browser keeps nothing, perhaps because its window is private. Send it before you leave.",
  },
  badge: {
    attempt: (status: string, attempt: number) => `${status}, attempt ${attempt}`,
    queued: (position: number) => `Queued: no. ${position}`,
    failed: "Failed",
    cancelled: "Cancelled",
    why: (name: string) => `Out of date: why, and what to do about ${name}`,
    isNew: "New",
  },
  term: {
    rerun: {
      name: "Rerun",
      meaning: "Run one part of the research again. Everything else stays as it is until you say otherwise.",
    },
    stale: {
      name: "Out of date",
      meaning:
        "Something that this result was made from has changed since. The result is kept and can be read, but it does not know of the change. On the command line and in the API: stale.",
    },
    cascade: {
      name: "Cascade",
      meaning:
        "After the part that you rerun, whatever was made from it runs too, in order, but only where its inputs really changed.",
    },
    markStale: {
      name: "Mark only",
      meaning: "Only the part that you chose runs. What was made from it stays as it is and is marked out of date.",
    },
    cutOff: {
      name: "Unchanged",
      meaning: "The rerun said the same as before, so nothing below it had to run. This is called early cut-off.",
    },
    force: { name: "Force", meaning: "Run everything below as well, even where nothing changed." },
    update: { name: "Update", meaning: "Run whatever is out of date or not done yet, in order, and nothing else." },
    guidance: {
      name: "Guidance",
      meaning: "What this part should pay attention to, in your words. It stays with the part until you replace it.",
    },
    accept: {
      name: "Accept",
      meaning: "Say that an out-of-date result is good enough for now. The next change makes it out of date again.",
    },
    locked: {
      name: "Locked",
      meaning:
        "Nothing runs this result again until it is unlocked. If what it was made from changes, it is kept and is out of date.",
    },
    refetch: {
      name: "Fetch again",
      meaning: "Ask every source for its text again. Without this the stored texts are used.",
    },
    partial: {
      name: "Partial report",
      meaning: "Let the report do without steps that failed. It names what is missing.",
    },
    confidence: {
      name: "Confidence",
      meaning: "High when independent sources agree, low when only one says so or another says otherwise.",
    },
    batch: { name: "Batch", meaning: "A set of sources with the research on them. It lives until you end it." },
    lag: {
      name: "Waiting",
      meaning: "Jobs that no worker has taken yet. If it keeps growing, the pool needs more workers.",
    },
    upgradable: {
      name: "Newer version",
      meaning: "A newer version of the engine has been seen since this was made. Rerun it to use that version.",
    },
  },
};
