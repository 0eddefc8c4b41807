/** How parts, states, numbers and times are called. */
import type { FailureReason, Phase, Status } from "../../wire";

export const words = {
  phase: {
    title: {
      phase0: "Prepare the sources",
      phase1: "Discover goals",
      phase2: "Synthesize the plan",
      phase3: "Carry out the steps",
      phase4: "Write the report",
    } satisfies Record<Phase, string> as Record<Phase, string>,
    name: { phase0: "Sources", phase1: "Goals", phase2: "Plan", phase3: "Steps", phase4: "Report" } as Record<
      Phase,
      string
    >,
    doing: {
      phase0: "reading and summarising the sources",
      phase1: "looking for goals in the sources",
      phase2: "bringing the goals together and planning the steps",
      phase3: "carrying out the steps",
      phase4: "writing the report",
    } as Record<Phase, string>,
    doingBriefly: {
      phase0: "Reading the sources",
      phase1: "Looking for goals",
      phase2: "Planning the steps",
      phase3: "Carrying them out",
      phase4: "Writing the report",
    } as Record<Phase, string>,
  },
  status: {
    pending: "Not run yet",
    queued: "Queued",
    running: "Running",
    cancelling: "Cancelling",
    completed: "Done",
    failed: "Failed",
    cancelled: "Cancelled",
  } as Record<Status, string>,
  stale: "Out of date",
  failure: {
    blocked_address: "The address may not be fetched",
    not_found: "Not found",
    forbidden: "Access refused",
    challenge: "Behind a robot check",
    paywall: "Behind a paywall",
    robots: "The site refuses robots",
    timeout: "Too slow to answer",
    unreachable: "Unreachable",
    too_large: "Too large",
    too_many_redirects: "Redirected in circles",
    unsupported: "A format that cannot be read",
    not_text: "Holds no text",
    empty: "Empty",
    malformed: "Damaged",
    server_error: "The site has an error",
    resources: "Too costly to read",
  } as Record<FailureReason, string>,
  /** A part in the middle of a sentence. */
  node: {
    phase: { phase0: "sources", phase1: "goals", phase2: "plan", phase3: "steps", phase4: "report" } as Record<
      Phase,
      string
    >,
    step: (step: number) => `step ${step}`,
    newSteps: "new steps",
  },
  /** As subject: "the goals", "step 4"; and whether it is a plural. */
  the: (name: string, isStep: boolean) => (isStep ? name : `the ${name}`),
  nothing: "nothing",
  list: (names: readonly string[]) =>
    names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`,
  listMore: (names: readonly string[], more: number) => `${names.join(", ")} and ${more} more`,
  count: {
    source: (n: string, one: boolean) => `${n} source${one ? "" : "s"}`,
    independentSource: (n: string, one: boolean) => `${n} independent source${one ? "" : "s"}`,
    step: (n: string, one: boolean) => `${n} step${one ? "" : "s"}`,
    part: (n: string, one: boolean) => `${n} part${one ? "" : "s"}`,
    change: (n: string, one: boolean) => `${n} change${one ? "" : "s"}`,
    moreChange: (n: string, one: boolean) => `${n} more change${one ? "" : "s"}`,
    command: (n: string, one: boolean) => `${n} command${one ? "" : "s"}`,
    token: (n: string, one: boolean) => `${n} token${one ? "" : "s"}`,
    word: (n: string, one: boolean) => `${n} word${one ? "" : "s"}`,
    passage: (n: string, one: boolean) => `${n} passage${one ? "" : "s"}`,
    section: (n: string, one: boolean) => `${n} section${one ? "" : "s"}`,
    session: (n: string, one: boolean) => `${n} session${one ? "" : "s"}`,
    address: (n: string, one: boolean) => `${n} address${one ? "" : "es"}`,
    file: (n: string, one: boolean) => `${n} file${one ? "" : "s"}`,
    text: (n: string, one: boolean) => `${n} text${one ? "" : "s"}`,
    finding: (n: string, one: boolean) => `${n} finding${one ? "" : "s"}`,
    hit: (n: string, one: boolean) => `${n} hit${one ? "" : "s"}`,
  },
  time: {
    underTenth: "under 0.1 s",
    seconds: (n: string) => `${n} s`,
    minutes: (n: string) => `${n} min`,
    hours: (n: string) => `${n} h`,
    about: (time: string) => `about ${time}`,
    justNow: "just now",
    minutesAgo: (n: number) => `${n} minute${n === 1 ? "" : "s"} ago`,
    hoursAgo: (n: number) => `${n} hour${n === 1 ? "" : "s"} ago`,
    daysAgo: (n: number) => `${n} day${n === 1 ? "" : "s"} ago`,
    dateAndClock: (date: string, clock: string) => `${date}, ${clock}`,
  },
};
