/** What the server tells by a code and parameters: why something is out of date, and the story of a session. */

import type { FailureReason, Notice, Problem, TimelineEntry } from "../../wire";

export const server = {
  /** A problem in this language; empty where the server's own sentences are in it already. */
  problem: (_problem: Problem, _name: (node: string) => string): string => "",
  /** What to do about a source that has no text; empty as above. */
  source: (_reason: FailureReason): string => "",
  /** What a source goes through while it is prepared; empty where the server's own words are in this language already. */
  stage: (_stage: string): string => "",
  /** A warning of a preview; empty where the server's own sentence is in this language already. */
  notice: (_notice: Notice, _name: (node: string) => string): string => "",
  /** An entry of the timeline; empty where the server’s own sentence is in this language already. */
  event: (_entry: TimelineEntry, _name: (node: string) => string): string => "",
  cause: {
    changed: (what: string, many: boolean) => `${what} ${many ? "have" : "has"} changed`,
    edited: (what: string, many: boolean) =>
      `${what} ${many ? "have" : "has"} changed since someone edited what is below`,
    added: (what: string) => `${what} is new`,
    locked: (what: string) => `${what} is locked: only unlocking lets it be run`,
    missing: (what: string, many: boolean) => `${what} ${many ? "have" : "has"} no result`,
    lacking: (what: string) => `The report was made without a good result of ${what}`,
    upstream: (what: string, many: boolean) => `${what} ${many ? "are" : "is"} out of date`,
    failed: (what: string) => `The last try of ${what} failed`,
    definition: "The plan defines it otherwise",
    gone: "A step that was used is no longer in the plan",
    guidance: (what: string) => `The guidance of ${what} was changed`,
    engine: (what: string) => `The engine of ${what} was changed`,
    model: (what: string) => `The model of ${what} was changed`,
    language: (what: string) => `The language of ${what} was changed`,
    report: "The report is to be written otherwise",
    sourceReplaced: (name: string) => `“${name}” was replaced`,
    sourceChanged: (name: string) => `“${name}” has changed`,
    sourceAdded: (name: string) => `“${name}” was added`,
    sourceRemoved: (name: string) => `“${name}” was removed`,
    aSource: "A source",
    someSourceChanged: "A source has changed",
    someSourceAdded: "A source was added",
    someSourceRemoved: "A source was removed",
    preparation: "the preparation of the sources",
  },
};
