/** The parts of a session by their ids: `phase0` … `phase4`, `phase3/4` for step 4, `phase3/*` for steps that there are not yet. */
import type { Phase } from "./wire";

const STEP = "phase3/";
/** Stands for the steps that a new plan may bring. */
export const NEW_STEPS = "phase3/*";

/** The page of each phase, below its session. */
export const PHASE_PAGES: Record<Phase, string> = {
  phase0: "sources",
  phase1: "goals",
  phase2: "plan",
  phase3: "steps",
  phase4: "report",
};

export function stepNode(step: number): string {
  return `${STEP}${step}`;
}

/** `phase3/4` → 4; null for whatever is no step of the plan. */
export function stepOf(node: string): number | null {
  return isStep(node) ? Number(node.slice(STEP.length)) : null;
}

export function isStep(node: string): boolean {
  return node.startsWith(STEP) && node !== NEW_STEPS;
}

export function phaseOf(node: string): Phase {
  return node.slice(0, "phase0".length) as Phase; // the server's own names
}

/** In the order in which nodes are worked on. */
export function inOrder(one: string, other: string): number {
  return phaseOf(one).localeCompare(phaseOf(other)) || (stepOf(one) ?? 0) - (stepOf(other) ?? 0);
}

export function nodePath(sessionId: string, node: string): string {
  const step = stepOf(node);
  return `/app/sessions/${sessionId}/${PHASE_PAGES[phaseOf(node)]}${step === null ? "" : `/${step}`}`;
}

/** Who reads whom, as the rules have it: of a step what it depends on, of the report every step. */
export function parentsOf(node: string, dependsOn: ReadonlyMap<number, readonly number[]>): readonly string[] {
  switch (phaseOf(node)) {
    case "phase0":
      return [];
    case "phase1":
      return ["phase0"];
    case "phase2":
      return ["phase0", "phase1"];
    case "phase3":
      return ["phase0", "phase2", ...(dependsOn.get(stepOf(node) ?? 0) ?? []).map(stepNode)];
    case "phase4":
      return ["phase0", "phase2", ...[...dependsOn.keys()].map(stepNode)];
  }
}
