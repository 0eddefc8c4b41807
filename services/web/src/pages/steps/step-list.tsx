/** The steps of the plan as cards. Only those in sight are drawn, so that two thousand are as quick as ten. */
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import {
  type ReactNode,
  useCallback,
  useDeferredValue,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useKey } from "../../keys";
import { stepNode } from "../../nodes";
import { useArtifact, useConfig, useMay } from "../../queries";
import { useSession } from "../../store";
import { t } from "../../texts";
import type { FormerStep, Step } from "../../wire";
import { RerunButton } from "../session/actions";
import { StepCard } from "./step-card";
import { filtered, NO_FILTER, range, STATES, type StepFilter, type StepState } from "./step-filter";

const HEIGHT = 76;
/** Of the page's head and the bar, and some air below them. */
const ABOVE = 152;
/** Up to so many are drawn at once. */
const FEW = 60;
/** So many steps need no filter. */
const NO_NEED = 5;

export function StepList({ open }: { readonly open?: number }): ReactNode {
  const steps = useSession((session) => session.steps);
  const plan = usePlan();
  const former = useFormer();
  const ended = useSession((session) => session.state.ended);
  const may = useMay("researcher");
  const on = useConfig()?.features.step_rerun ?? false;
  const choosing = may && on && !ended;
  const [filter, setFilter] = useState(NO_FILTER);
  const shown = useShown(steps, plan, filter);
  const { chosen, choose, clear, add } = useChosen(shown);
  const [unfolded, setUnfolded] = useState<ReadonlySet<number>>(new Set(open ? [open] : []));
  const list = useRef<HTMLOListElement>(null);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => setOffset(list.current?.offsetTop ?? 0), []);
  const virtual = useWindowVirtualizer({
    count: shown.length,
    estimateSize: () => HEIGHT,
    overscan: shown.length <= FEW ? FEW : 6,
    scrollMargin: offset,
    scrollPaddingStart: ABOVE,
    getItemKey: (index) => shown[index] ?? index,
    initialRect: { width: 1000, height: 1000 },
  });
  const at = open ? shown.indexOf(open) : -1;
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "start" });
  }, [at, virtual.scrollToIndex]);
  const unfold = useCallback((step: number) => setUnfolded((all) => toggled(all, step)), []);
  const standing = useMemo(() => steps.filter((step) => chosen.has(step)), [steps, chosen]);
  const places = useMemo(() => new Map(steps.map((step, index) => [step, index + 1])), [steps]);
  const say = t.pages.steps;
  return (
    <section className="steps" aria-label={say.title}>
      <div className="section-head">
        <h2>{say.title}</h2>
        {choosing && (
          <div className="button-row">
            <span className="soft small" aria-live="polite">
              {standing.length ? say.chosen(standing.length) : say.chooseHint}
            </span>
            <ChooseStale steps={steps} onChoose={add} />
            {standing.length > 0 && (
              <button type="button" className="button quiet slim" onClick={clear}>
                {say.clear}
              </button>
            )}
            <RerunButton
              target={{ steps: standing }}
              label={say.rerunChosen}
              name={t.session.verb.theChosen}
              disabled={standing.length === 0}
            />
          </div>
        )}
      </div>
      {steps.length > NO_NEED && (
        <Filter filter={filter} onChange={setFilter} shown={shown.length} all={steps.length} />
      )}
      {shown.length === 0 && steps.length > 0 && <p className="soft">{say.none}</p>}
      <ol ref={list} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const step = shown[item.index];
          if (step === undefined) return null;
          return (
            <li
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              aria-setsize={shown.length}
              aria-posinset={item.index + 1}
              style={{ transform: `translateY(${item.start - virtual.options.scrollMargin}px)` }}
            >
              <StepCard
                step={step}
                place={places.get(step) ?? 0}
                of={steps.length}
                planned={plan.get(step)}
                former={former.get(step)}
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

/** The steps that fit the filter. Without one the list is the plan's own, so that no update of a step makes another. */
function useShown(steps: readonly number[], plan: ReadonlyMap<number, Step>, filter: StepFilter): readonly number[] {
  const wanted = useDeferredValue(filter);
  const filtering = wanted.state !== "all" || wanted.words.trim() !== "";
  const nodes = useSession((session) => (filtering ? session.state.nodes : null));
  return useMemo(
    () => (nodes ? filtered(steps, nodes, wanted, (step) => plan.get(step)?.description ?? "") : steps),
    [steps, nodes, wanted, plan],
  );
}

interface Chosen {
  readonly chosen: ReadonlySet<number>;
  /** One more or less; from the last one to this with `through`. */
  readonly choose: (step: number, through: boolean) => void;
  readonly add: (steps: readonly number[]) => void;
  readonly clear: () => void;
}

function useChosen(shown: readonly number[]): Chosen {
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const last = useRef<number | null>(null);
  const order = useRef(shown);
  useEffect(() => {
    order.current = shown;
  }, [shown]);
  const choose = useCallback((step: number, through: boolean) => {
    const from = last.current;
    last.current = step;
    if (through && from !== null) setChosen((all) => new Set([...all, ...range(order.current, from, step)]));
    else setChosen((all) => toggled(all, step));
  }, []);
  const add = useCallback((steps: readonly number[]) => setChosen((all) => new Set([...all, ...steps])), []);
  const clear = useCallback(() => setChosen(new Set()), []);
  return { chosen, choose, add, clear };
}

function ChooseStale({
  steps,
  onChoose,
}: {
  readonly steps: readonly number[];
  readonly onChoose: (steps: readonly number[]) => void;
}): ReactNode {
  const key = useSession(({ state }) =>
    steps.filter((step) => state.nodes[stepNode(step)]?.freshness === "stale").join(),
  );
  const stale = key ? key.split(",").map(Number) : [];
  if (stale.length < 2) return null;
  return (
    <button type="button" className="button quiet slim" onClick={() => onChoose(stale)}>
      {t.pages.steps.allStale(stale.length)}
    </button>
  );
}

interface FilterProps {
  readonly filter: StepFilter;
  readonly onChange: (filter: StepFilter) => void;
  readonly shown: number;
  readonly all: number;
}

function Filter({ filter, onChange, shown, all }: FilterProps): ReactNode {
  const say = t.pages.steps;
  const field = useRef<HTMLInputElement>(null);
  useKey("/", () => field.current?.focus());
  return (
    <search className="step-filter">
      <input
        ref={field}
        type="search"
        aria-label={say.filter}
        placeholder={say.filter}
        value={filter.words}
        onChange={(event) => onChange({ ...filter, words: event.target.value })}
      />
      <select
        aria-label={say.state}
        value={filter.state}
        onChange={(event) => onChange({ ...filter, state: event.target.value as StepState })}
      >
        {STATES.map((state) => (
          <option key={state} value={state}>
            {say.states[state]}
          </option>
        ))}
      </select>
      <span className="soft small numbers" role="status">
        {say.shown(shown, all)}
      </span>
    </search>
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

const NOBODY: ReadonlyMap<number, FormerStep> = new Map();

/** The step of an earlier plan in whose place each one stands. */
function useFormer(): ReadonlyMap<number, FormerStep> {
  const former = useArtifact("phase2").data?.former;
  return useMemo(() => {
    const replaced = (former ?? []).flatMap((one) => (one.replaced_by ? [[one.replaced_by, one] as const] : []));
    return replaced.length ? new Map(replaced) : NOBODY;
  }, [former]);
}
