/** A rerun before it is sent: what runs, the choices, what was shown of it, and whether it is on its way. One reducer, no page. */
import { readCeiling } from "../../fields/ceiling";
import { stepNode } from "../../nodes";
import { t } from "../../texts";
import type { IfRunning, Options, Orders, Phase, Plan, Preview, Propagation, ReportOptions } from "../../wire";
import { listed, theNode } from "../../words";

export type RerunTarget =
  | { readonly phase: Phase }
  | { readonly steps: readonly number[] }
  | { readonly stale: true }
  /** One section of the report, by its id; the others keep their text. */
  | { readonly section: string; readonly title: string };

/** How the report is to be written, as it was typed. */
export interface Written {
  readonly length: string;
  readonly tone: string;
  readonly audience: string;
  /** A title a line. */
  readonly outline: string;
}

/** No language is asked for: the one before stays. */
export const AS_IT_IS = "as-it-is";

export interface RerunChoices {
  readonly propagation: Propagation;
  readonly ifRunning: IfRunning;
  readonly force: boolean;
  readonly refetch: boolean;
  readonly partial: boolean;
  readonly guidance: string;
  readonly language: string;
  /** Empty: the session's own. */
  readonly engine: string;
  /** At most so many, as it was typed. */
  readonly tokens: string;
  /** Null: as before. */
  readonly written: Written | null;
}

export interface Rerun {
  readonly choices: RerunChoices;
  /** The guidance that the part has already; the same is not sent again. */
  readonly known: string;
  readonly sending: boolean;
  readonly error: unknown;
  /** The plan that was last shown, and for which choices. */
  readonly shown: { readonly asked: string; readonly plan: string } | null;
  /** What would happen is another than was shown for the same choices: it has to be confirmed again. */
  readonly moved: boolean;
}

export type RerunAction =
  | { readonly type: "chosen"; readonly part: Partial<RerunChoices> }
  | { readonly type: "previewed"; readonly asked: string; readonly preview: Preview }
  | { readonly type: "sent" }
  /** Refused, or overtaken by another change (`error` null), of which the next preview tells. */
  | { readonly type: "returned"; readonly error: unknown };

/** What a dialog begins with. `chosen` is what was chosen already: a guidance typed before, another engine that was offered. */
export function rerunOf({ known, chosen = {} }: { known: string; chosen?: Partial<RerunChoices> }): Rerun {
  return {
    choices: {
      propagation: "cascade",
      ifRunning: "queue",
      force: false,
      refetch: false,
      partial: false,
      guidance: known,
      language: AS_IT_IS,
      engine: "",
      tokens: "",
      written: null,
      ...chosen,
    },
    known,
    sending: false,
    error: null,
    shown: null,
    moved: false,
  };
}

export function reduceRerun(rerun: Rerun, action: RerunAction): Rerun {
  switch (action.type) {
    case "chosen":
      return { ...rerun, choices: { ...rerun.choices, ...action.part } };
    case "previewed":
      return previewed(rerun, action.asked, action.preview);
    case "sent":
      return { ...rerun, sending: true, error: null };
    case "returned":
      return { ...rerun, sending: false, error: action.error };
  }
}

/** While something runs a preview promises nothing. */
function previewed(rerun: Rerun, asked: string, preview: Preview): Rerun {
  if (preview.provisional) return rerun;
  const plan = promised(preview.plan);
  const { shown } = rerun;
  const same = shown?.asked === asked;
  if (same && shown.plan === plan) return rerun;
  return { ...rerun, shown: { asked, plan }, moved: same };
}

/** What a plan promises: its lists, not what they may cost. */
function promised({ run, may_run, keep, stale, drop, may_drop }: Plan): string {
  return JSON.stringify([run, may_run, keep, stale, drop, may_drop]);
}

/** What is asked of the server: of an update only what it has a choice in. */
export function optionsOf({ choices, known }: Rerun, target: RerunTarget): Options {
  const { propagation, force, refetch, guidance, language, engine, partial, ifRunning } = choices;
  const { tokens } = readCeiling(choices.tokens);
  const own =
    "section" in target
      ? { section: target.section, ...(guidance === "" ? {} : { guidance }) }
      : "stale" in target
        ? {}
        : {
            propagation,
            force,
            refetch,
            ...(guidance === known ? {} : { guidance }),
            ...(language === AS_IT_IS ? {} : { language }),
            ...(engine ? { engine } : {}),
            ...(choices.written && writes(target) ? { report: readWritten(choices.written) } : {}),
          };
  return {
    ...own,
    allow_partial: partial,
    ...(tokens === null ? {} : { max_tokens: tokens }),
    if_running: ifRunning,
  };
}

/** Whether it is the whole report that is written. */
export function writes(target: RerunTarget): boolean {
  return "phase" in target && target.phase === "phase4";
}

/** The options of a report as they are typed. */
export function writtenOf(report: ReportOptions | null | undefined): Written {
  return {
    length: report?.length ? String(report.length) : "",
    tone: report?.tone ?? "",
    audience: report?.audience ?? "",
    outline: (report?.outline ?? []).join("\n"),
  };
}

/** Longest report that can be asked for, in words. */
export const MOST_WORDS = 5_000;

export function lengthIsWrong(written: Written | null): boolean {
  const { tokens, wrong } = readCeiling(written?.length ?? "");
  return wrong || (tokens ?? 0) > MOST_WORDS;
}

function readWritten(written: Written): ReportOptions {
  const outline = written.outline
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return {
    length: readCeiling(written.length).tokens ?? 0,
    tone: written.tone.trim(),
    audience: written.audience.trim(),
    outline,
  };
}

/** The order that a target is, and its body. */
export function callOf(target: RerunTarget): readonly [keyof Orders, object] {
  if ("stale" in target) return ["refresh", {}];
  if ("section" in target) return ["restart_phase", { phase: "phase4" }];
  return "phase" in target ? ["restart_phase", { phase: target.phase }] : ["restart_step", { step_ids: target.steps }];
}

/** The node whose guidance the dialog begins with; empty for an update, and for a section, whose guidance is for once. */
export function headOf(target: RerunTarget): string {
  if ("stale" in target || "section" in target) return "";
  return "phase" in target ? target.phase : stepNode(target.steps[0] ?? 0);
}

/** "the goals", "step 1 and step 2"; empty for an update, which names nothing. */
export function targetName(target: RerunTarget): string {
  if ("stale" in target) return "";
  if ("section" in target) return t.session.verb.section(target.title);
  if ("phase" in target) return target.phase === "phase3" ? t.session.verb.allSteps : theNode(target.phase);
  return listed(target.steps.map(t.words.node.step), 4);
}

/** How its command is called while it runs. */
export function targetLabel(target: RerunTarget): string {
  return "stale" in target ? t.session.label.update : t.session.label.rerun(targetName(target));
}

export function targetKey(target: RerunTarget): string {
  if ("stale" in target) return "refresh";
  if ("section" in target) return `phase4 ${target.section}`;
  return "phase" in target ? target.phase : target.steps.map(stepNode).join(" ");
}
