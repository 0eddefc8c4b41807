/** The words that a newcomer cannot know, each with its meaning: for tooltips and the help page. */
export const TERMS = {
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
    meaning:
      "Only the part that you chose runs. What was made from it is left as it is and says that it is out of date.",
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
} as const;

export type TermName = keyof typeof TERMS;
