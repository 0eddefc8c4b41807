/**
 * The session as a picture: every part with its state, and what is made from what. Hovering lights what is below; what is
 * chosen is previewed in the same picture: what would run, may run, be kept, be dropped.
 */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import { Link } from "wouter";
import { api } from "../../api";
import { nodePath, stepOf } from "../../nodes";
import { useArtifact, useConfig, useMay } from "../../queries";
import { useIds, useNode, useSession } from "../../store";
import { t } from "../../texts";
import { Glyph } from "../../ui/glyph";
import { NodeGlyph } from "../../ui/standing";
import { type NodeView, PHASES, type Plan } from "../../wire";
import { count, placeInQueue, seconds, standingWords } from "../../words";
import { RerunButton } from "./actions";
import { type Picture, type Placed, type PlanStep, pathOf, pictureOf, styleOf } from "./graph-layout";
import { PhaseStop } from "./phase-stop";
import { callOf, type RerunTarget } from "./rerun";

type Fate = "run" | "may_run" | "keep" | "stale" | "drop";

export default function Graph(): ReactNode {
  const steps = usePlanSteps();
  const unread = useArtifact("phase2").isLoading;
  const picture = useMemo(() => pictureOf(steps), [steps]);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [hovered, setHovered] = useState<string | null>(null);
  const target = useMemo<RerunTarget>(
    () => ({ steps: steps.map(({ step_id }) => step_id).filter((step) => chosen.has(step)) }),
    [steps, chosen],
  );
  const fates = useFates(target);
  const lit = hovered ? picture.below(hovered) : null;
  const placed = new Map(picture.placed.map((one) => [one.node, one]));
  const choosing = useChoosing();
  const toggle = (step: number): void =>
    setChosen((all) => {
      const next = new Set(all);
      if (!next.delete(step)) next.add(step);
      return next;
    });
  const look = (node: string): string =>
    [lit && (lit.has(node) ? "lit" : "dim"), fates?.get(node) && `fate-${fates.get(node)}`].filter(Boolean).join(" ");
  if (unread) return null; // else the steps would stand elsewhere a moment later
  return (
    <div className="graph">
      <Foretold chosen={chosen.size} target={target} fates={fates} onClear={() => setChosen(new Set())} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <section className="graph-scroll" aria-label={t.session.overview.graph} tabIndex={0}>
        <div className="graph-canvas" style={{ width: picture.width, height: picture.height }}>
          <Lines picture={picture} placed={placed} lit={lit} />
          <ol aria-label={t.session.overview.phases}>
            {PHASES.map((phase) => {
              const place = placed.get(phase);
              return place ? (
                <PhaseStop key={phase} phase={phase} place={place} look={look(phase)} onHover={setHovered} />
              ) : null;
            })}
          </ol>
          <ul aria-label={t.pages.steps.title}>
            {steps.map(({ step_id }) => {
              const node = `phase3/${step_id}`;
              const place = placed.get(node);
              return place ? (
                <StepBox
                  key={node}
                  node={node}
                  place={place}
                  look={look(node)}
                  chosen={chosen.has(step_id)}
                  onChoose={choosing ? toggle : null}
                  onHover={setHovered}
                />
              ) : null;
            })}
          </ul>
        </div>
      </section>
    </div>
  );
}

function useChoosing(): boolean {
  const ended = useSession((session) => session.state.ended);
  const may = useMay("researcher");
  const on = useConfig()?.features.step_rerun ?? false;
  return may && on && !ended;
}

/** The plan's steps as the state has them; what they depend on as soon as the plan itself was read. */
function usePlanSteps(): readonly PlanStep[] {
  const ids = useSession((session) => session.steps);
  const plan = useArtifact("phase2").data?.steps;
  return useMemo(() => {
    const known = new Map((plan ?? []).map((step) => [step.step_id, step.depends_on]));
    return ids.map((step_id) => ({
      step_id,
      depends_on: (known.get(step_id) ?? []).filter((other) => ids.includes(other)),
    }));
  }, [ids, plan]);
}

/** What would become of each part if what is chosen ran again, as the server foretells it. */
function useFates(target: RerunTarget): ReadonlyMap<string, Fate> | null {
  const ids = useIds();
  const version = useSession((session) => session.place.seq);
  const [kind, body] = callOf(target);
  const some = "steps" in target && target.steps.length > 0;
  const preview = useQuery({
    queryKey: ["preview", ids.session_id, kind, JSON.stringify(body), "graph", version],
    queryFn: ({ signal }) => api.preview(kind, { ...ids, ...body, options: { dry_run: true } }, signal),
    placeholderData: (before) => before,
    enabled: some,
    gcTime: 0,
    retry: 1,
  });
  const plan = some ? preview.data?.plan : undefined;
  return useMemo(() => (plan ? fatesOf(plan) : null), [plan]);
}

function fatesOf(plan: Plan): ReadonlyMap<string, Fate> {
  const fates: readonly Fate[] = ["keep", "stale", "may_run", "run", "drop"];
  return new Map(fates.flatMap((fate) => plan[fate].map((node) => [node, fate] as const)));
}

interface ForetoldProps {
  readonly chosen: number;
  readonly target: RerunTarget;
  readonly fates: ReadonlyMap<string, Fate> | null;
  readonly onClear: () => void;
}

function Foretold({ chosen, target, fates, onClear }: ForetoldProps): ReactNode {
  const say = t.session.preview;
  const names: readonly (readonly [Fate, string])[] = [
    ["run", say.runs],
    ["may_run", say.mayRun],
    ["stale", say.stale],
    ["drop", say.dropped],
    ["keep", say.kept],
  ];
  const there = new Set(fates?.values());
  return (
    <div className="graph-head">
      <p className="soft small" aria-live="polite">
        {chosen ? t.pages.steps.chosen(chosen) : t.session.overview.chooseHint}
      </p>
      {chosen > 0 && (
        <ul className="legend small" aria-label={say.region}>
          {names
            .filter(([fate]) => there.has(fate))
            .map(([fate, name]) => (
              <li key={fate} className={`fate-${fate}`}>
                {name}
              </li>
            ))}
        </ul>
      )}
      {chosen > 0 && (
        <div className="button-row">
          <button type="button" className="button quiet slim" onClick={onClear}>
            {t.pages.steps.clear}
          </button>
          <RerunButton
            target={target}
            label={t.pages.steps.rerunChosen}
            name={t.session.overview.inGraph}
            className="button slim primary"
          />
        </div>
      )}
    </div>
  );
}

interface LinesProps {
  readonly picture: Picture;
  readonly placed: ReadonlyMap<string, Placed>;
  readonly lit: ReadonlySet<string> | null;
}

function Lines({ picture, placed, lit }: LinesProps): ReactNode {
  const views = useSession((session) => session.state.nodes);
  return (
    <svg width={picture.width} height={picture.height} aria-hidden="true">
      {picture.edges.map(({ from, to }) => {
        const [one, other] = [placed.get(from), placed.get(to)];
        if (!one || !other) return null;
        const looks = [lineLook(views, from, to), lit && (lit.has(from) && lit.has(to) ? "lit" : "dim")];
        return <path key={`${from} ${to}`} d={pathOf(one, other)} className={looks.filter(Boolean).join(" ")} />;
      })}
    </svg>
  );
}

/** Dashed where what it leads to does not know what it comes from; full where it does. */
function lineLook(views: Readonly<Record<string, NodeView>>, from: string, to: string): string {
  const [above, below] = [views[from], views[to]];
  if (below?.freshness === "stale" && below.causes.some((cause) => cause.node === from)) return "stale";
  return above?.artifact && below?.artifact ? "done" : "";
}

interface BoxProps {
  readonly node: string;
  readonly place: Placed;
  readonly look: string;
  readonly chosen: boolean;
  readonly onChoose: ((step: number) => void) | null;
  readonly onHover: (node: string | null) => void;
}

function StepBox({ node, place, look, chosen, onChoose, onHover }: BoxProps): ReactNode {
  const view = useNode(node);
  const { session_id } = useIds();
  const position = useSession((session) => placeInQueue(session.state.queue, node));
  const step = stepOf(node) ?? 0;
  if (!view) return null;
  const state = view.freshness === "stale" ? "stale" : view.status;
  const cost = [view.seconds > 0 && seconds(view.seconds), view.tokens > 0 && count(view.tokens, "token")];
  const small = place.height < 50;
  return (
    <li
      className={`box ${state} ${look} ${chosen ? "chosen" : ""} ${small ? "small-box" : ""}`}
      style={styleOf(place)}
      onMouseEnter={() => onHover(node)}
      onMouseLeave={() => onHover(null)}
      onFocus={() => onHover(node)}
      onBlur={() => onHover(null)}
    >
      <NodeGlyph view={view} />
      <Link href={nodePath(session_id, node)} className="box-words" title={view.title}>
        <span className="one-line">
          <span className="soft numbers">{step}</span> {view.title}
        </span>
        {!small && (
          <span className="soft small one-line numbers">
            {position ? t.ui.badge.queued(position) : cost.filter(Boolean).join(" · ") || standingWords(view)}
          </span>
        )}
      </Link>
      {view.locked_at && <Glyph of="locked" label={t.ui.term.locked.name} />}
      {onChoose && (
        <input
          type="checkbox"
          checked={chosen}
          aria-label={t.session.overview.chooseInGraph(step)}
          onChange={() => onChoose(step)}
        />
      )}
    </li>
  );
}
