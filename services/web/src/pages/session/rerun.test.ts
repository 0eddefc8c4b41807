import { describe, expect, it } from "vitest";
import type { Plan, Preview } from "../../wire";
import { callOf, lengthIsWrong, optionsOf, type Rerun, reduceRerun, rerunOf, targetLabel } from "./rerun";

function aPreview(change: Partial<Plan> = {}, provisional = false): Preview {
  const plan: Plan = {
    run: ["phase3/1"],
    may_run: ["phase4"],
    keep: [],
    stale: [],
    drop: [],
    may_drop: [],
    warnings: [],
    notices: [],
    estimate: {
      seconds: 1,
      tokens: 0,
      calls: 0,
      recorded: [],
      never_run: [],
      most_seconds: 1,
      most_tokens: 0,
      most_calls: 0,
    },
    ...change,
  };
  return { plan, provisional };
}

const STEP = { steps: [1] } as const;
const shown = (rerun: Rerun, preview: Preview, asked = "a"): Rerun =>
  reduceRerun(rerun, { type: "previewed", asked, preview });

describe("a rerun before it is sent", () => {
  it("asks for what was chosen, and for guidance and language only where they differ", () => {
    const begun = rerunOf({ known: "As before." });
    expect(optionsOf(begun, STEP)).toEqual({
      propagation: "cascade",
      force: false,
      refetch: false,
      allow_partial: false,
      if_running: "queue",
    });
    const chosen = reduceRerun(begun, {
      type: "chosen",
      part: { propagation: "mark_stale", guidance: "", language: "zh", tokens: "1,500" },
    });
    expect(optionsOf(chosen, STEP)).toMatchObject({
      propagation: "mark_stale",
      guidance: "",
      language: "zh",
      max_tokens: 1500,
    });
    expect(optionsOf(chosen, { stale: true })).toEqual({ allow_partial: false, max_tokens: 1500, if_running: "queue" });
  });

  it("writes one section with guidance for this once, and nothing else", () => {
    const section = { section: "step-2", title: "Costs" } as const;
    const chosen = reduceRerun(rerunOf({ known: "" }), {
      type: "chosen",
      part: { guidance: "Shorter.", language: "zh" },
    });
    expect(optionsOf(chosen, section)).toEqual({
      section: "step-2",
      guidance: "Shorter.",
      allow_partial: false,
      if_running: "queue",
    });
    expect(callOf(section)).toEqual(["restart_phase", { phase: "phase4" }]);
    expect(targetLabel(section)).toBe("Rerun of the section “Costs”");
  });

  it("says how the report is written only where that was changed, and of the report alone", () => {
    const written = { length: "1,200", tone: " dry ", audience: "", outline: "Costs\n\n Noise " };
    const chosen = reduceRerun(rerunOf({ known: "" }), { type: "chosen", part: { written } });
    expect(optionsOf(chosen, { phase: "phase4" }).report).toEqual({
      length: 1200,
      tone: "dry",
      audience: "",
      outline: ["Costs", "Noise"],
    });
    expect(optionsOf(chosen, STEP).report).toBeUndefined();
    expect(optionsOf(rerunOf({ known: "" }), { phase: "phase4" }).report).toBeUndefined();
    expect([lengthIsWrong(written), lengthIsWrong({ ...written, length: "9000" })]).toEqual([false, true]);
  });

  it("begins with what was typed before, and with an engine that was offered", () => {
    const begun = rerunOf({ known: "", chosen: { guidance: "Costs.", engine: "extractive" } });
    expect(optionsOf(begun, STEP)).toMatchObject({ guidance: "Costs.", engine: "extractive" });
  });

  it("has to be confirmed again when what would happen is another for the same choices", () => {
    const once = shown(rerunOf({ known: "" }), aPreview());
    expect(once.moved).toBe(false);
    expect(
      shown(
        once,
        aPreview({
          estimate: {
            seconds: 9,
            tokens: 9,
            calls: 0,
            recorded: [],
            never_run: [],
            most_seconds: 9,
            most_tokens: 9,
            most_calls: 0,
          },
        }),
      ).moved,
    ).toBe(false);
    const other = shown(once, aPreview({ run: ["phase3/1", "phase3/2"] }));
    expect(other.moved).toBe(true);
    expect(shown(other, aPreview({ run: ["phase3/1", "phase3/2"] })).moved).toBe(true);
    expect(shown(other, aPreview(), "b").moved).toBe(false);
  });

  it("takes no promise of a preview that is provisional", () => {
    const once = shown(rerunOf({ known: "" }), aPreview());
    expect(shown(once, aPreview({ run: [] }, true))).toBe(once);
  });

  it("can be sent again after a refusal, and forgets it when it is", () => {
    const refused = reduceRerun(reduceRerun(rerunOf({ known: "" }), { type: "sent" }), {
      type: "returned",
      error: "no",
    });
    expect([refused.sending, refused.error]).toEqual([false, "no"]);
    const again = reduceRerun(refused, { type: "sent" });
    expect([again.sending, again.error]).toEqual([true, null]);
  });

  it("is a call of its target, and is called by it", () => {
    expect(callOf({ phase: "phase2" })).toEqual(["restart_phase", { phase: "phase2" }]);
    expect(callOf(STEP)).toEqual(["restart_step", { step_ids: [1] }]);
    expect(callOf({ stale: true })).toEqual(["refresh", {}]);
    expect([targetLabel({ phase: "phase3" }), targetLabel({ steps: [1, 2] })]).toEqual([
      "Rerun of all steps",
      "Rerun of step 1 and step 2",
    ]);
  });
});
