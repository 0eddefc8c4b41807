/** The steps of the plan as cards. Only those in sight are drawn, so that two thousand are as quick as ten. */
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useArtifact, useConfig, useMay } from "../../queries";
import { useSession } from "../../store";
import type { Step } from "../../wire";
import { RerunButton } from "../session/actions";
import { StepCard } from "./step-card";

const HEIGHT = 76;
/** Of the page's head, and some air below it. */
const ABOVE = 72;
/** Up to so many are drawn at once. */
const FEW = 60;

export function StepList({ open }: { readonly open?: number }): ReactNode {
  const steps = useSession((session) => session.steps);
  const plan = usePlan();
  const ended = useSession((session) => session.state.ended);
  const may = useMay("researcher");
  const on = useConfig()?.features.step_rerun ?? false;
  const choosing = may && on && !ended;
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [unfolded, setUnfolded] = useState<ReadonlySet<number>>(new Set(open ? [open] : []));
  const list = useRef<HTMLOListElement>(null);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => setOffset(list.current?.offsetTop ?? 0), []);
  const virtual = useWindowVirtualizer({
    count: steps.length,
    estimateSize: () => HEIGHT,
    overscan: steps.length <= FEW ? FEW : 6,
    scrollMargin: offset,
    scrollPaddingStart: ABOVE,
    getItemKey: (index) => steps[index] ?? index,
    initialRect: { width: 1000, height: 1000 },
  });
  const at = open ? steps.indexOf(open) : -1;
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "start" });
  }, [at, virtual.scrollToIndex]);
  const choose = useCallback((step: number) => setChosen((all) => toggled(all, step)), []);
  const unfold = useCallback((step: number) => setUnfolded((all) => toggled(all, step)), []);
  const standing = useMemo(() => steps.filter((step) => chosen.has(step)), [steps, chosen]);
  return (
    <section className="steps" aria-label="Steps">
      <div className="section-head">
        <h2>Steps</h2>
        {choosing && (
          <div className="button-row">
            <span className="soft small" aria-live="polite">
              {standing.length ? `${standing.length} chosen` : "Choose steps to rerun together"}
            </span>
            {standing.length > 0 && (
              <button type="button" className="button quiet slim" onClick={() => setChosen(new Set())}>
                Clear
              </button>
            )}
            <RerunButton
              target={{ steps: standing }}
              label="Rerun chosen"
              name="the chosen steps"
              disabled={standing.length === 0}
            />
          </div>
        )}
      </div>
      <ol ref={list} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const step = steps[item.index];
          if (step === undefined) return null;
          return (
            <li
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              aria-setsize={steps.length}
              aria-posinset={item.index + 1}
              style={{ transform: `translateY(${item.start - virtual.options.scrollMargin}px)` }}
            >
              <StepCard
                step={step}
                planned={plan.get(step)}
                chosen={chosen.has(step)}
                onChoose={choosing ? choose : null}
                open={unfolded.has(step)}
                onUnfold={unfold}
              />
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function toggled(all: ReadonlySet<number>, step: number): ReadonlySet<number> {
  const next = new Set(all);
  if (!next.delete(step)) next.add(step);
  return next;
}

const NO_PLAN: ReadonlyMap<number, Step> = new Map();

/** The plan's own words for each step. */
export function usePlan(): ReadonlyMap<number, Step> {
  const plan = useArtifact("phase2");
  const steps = plan.data?.steps;
  return useMemo(() => (steps ? new Map(steps.map((step) => [step.step_id, step])) : NO_PLAN), [steps]);
}
