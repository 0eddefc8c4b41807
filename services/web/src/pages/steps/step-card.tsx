/** One step: how it stands, and unfolded what it asked and found. */
import { memo, type ReactNode, useId } from "react";
import { stepNode } from "../../nodes";
import { useFindings } from "../../queries";
import { useNode, useSession } from "../../store";
import { t } from "../../texts";
import { Causes } from "../../ui/causes";
import { Glyph } from "../../ui/glyph";
import { Held } from "../../ui/held";
import { NodeProblem } from "../../ui/node-problem";
import { ProblemNotice } from "../../ui/problem";
import { NodeGlyph } from "../../ui/standing";
import type { FormerStep, Step } from "../../wire";
import { headlineOf, listed, placeInQueue, seconds, when } from "../../words";
import { AcceptButton, ForkButton, LockButton, NodeAction } from "../session/actions";
import { OtherEngine } from "../session/other-engine";
import { NodeBadges } from "../session/why";
import { Findings } from "./findings";
import { isNew } from "./step-filter";

interface Props {
  readonly step: number;
  /** Where it stands in the plan, which is not its number. */
  readonly place: number;
  readonly of: number;
  readonly planned: Step | undefined;
  /** The step of an earlier plan in whose place it stands. */
  readonly former: FormerStep | undefined;
  readonly chosen: boolean;
  /** Null where nothing can be chosen. */
  readonly onChoose: ((step: number, through: boolean) => void) | null;
  readonly open: boolean;
  readonly onUnfold: (step: number) => void;
}

export const StepCard = memo(function StepCard(props: Props): ReactNode {
  const { step, place, of, planned, former, chosen, onChoose, open, onUnfold } = props;
  const id = useId();
  const node = stepNode(step);
  const say = t.pages.steps;
  const view = useNode(node);
  const position = useSession((session) => placeInQueue(session.state.queue, node));
  const fresh = useSession((session) => view !== undefined && isNew(view, session.state.nodes.phase2));
  if (!view) return null;
  const title = view.title || planned?.title || say.untitled(step);
  return (
    <article className={`step ${chosen ? "chosen" : ""} ${onChoose ? "" : "fixed"}`} aria-labelledby={`${id}-title`}>
      <div className="step-row">
        {onChoose && (
          <input
            type="checkbox"
            checked={chosen}
            onChange={(event) => onChoose(step, (event.nativeEvent as MouseEvent).shiftKey)}
            aria-label={say.choose(step)}
          />
        )}
        <NodeGlyph view={view} />
        <button
          type="button"
          className="step-title"
          aria-expanded={open}
          aria-controls={`${id}-body`}
          onClick={() => onUnfold(step)}
        >
          <span id={`${id}-title`} className="one-line">
            <span className="soft numbers">{step}</span> {title}
          </span>
          <span className="soft small one-line">
            {
              [
                place !== step && say.place(place, of),
                fresh && former && say.inPlaceOf(former.step_id, former.title),
                planned?.description,
              ]
                .filter(Boolean)
                .join(" · ") || "\u00a0" /* its place until it is known */
            }
          </span>
        </button>
        <div className="step-marks">
          {fresh && <span className="badge">{say.isNew}</span>}
          <NodeBadges node={node} position={position} />
          <span className="soft small numbers step-headline">
            {headlineOf(view)}
            {view.seconds > 0 ? `, ${seconds(view.seconds)}` : ""}
          </span>
        </div>
        <NodeAction node={node} />
      </div>
      <div id={`${id}-body`} hidden={!open}>
        {open && <StepBody step={step} planned={planned} />}
      </div>
    </article>
  );
});

function StepBody({ step, planned }: { readonly step: number; readonly planned: Step | undefined }): ReactNode {
  const node = stepNode(step);
  const say = t.pages.steps;
  const view = useNode(node);
  const found = useFindings(step);
  if (!view) return null;
  return (
    <div className="step-body">
      <dl className="facts">
        {planned?.description && <Fact name={say.goal}>{planned.description}</Fact>}
        {planned && <Fact name={t.pages.plan.kind}>{t.pages.plan.kinds[planned.kind]}</Fact>}
        {planned?.query && <Fact name={say.looksFor}>{planned.query}</Fact>}
        {planned && planned.depends_on.length > 0 && (
          <Fact name={say.buildsOn}>{listed(planned.depends_on.map(t.words.node.step))}</Fact>
        )}
        {view.guidance && <Fact name={say.guidance}>{view.guidance}</Fact>}
        {view.artifact && (
          <Fact name={say.resultOf}>
            <time dateTime={view.artifact.at}>{when(view.artifact.at)}</time>
            {view.seconds > 0 && `, ${seconds(view.seconds)}`}
          </Fact>
        )}
      </dl>
      <NodeProblem view={view}>
        <OtherEngine node={node} />
      </NodeProblem>
      <Held shown={view.freshness === "stale"} after={t.session.why.upToDateAgain}>
        <div className="notice stale">
          <Glyph of="stale" />
          <div>
            <p>
              <strong>{t.words.stale}</strong>
            </p>
            <Causes node={node} causes={view.causes} />
          </div>
          <div className="button-row">
            <AcceptButton node={node} />
          </div>
        </div>
      </Held>
      {found.isError && <ProblemNotice error={found.error} />}
      {found.data ? (
        <Findings found={found.data} />
      ) : (
        <p className="soft">{view.artifact ? say.reading : say.noFindings}</p>
      )}
      <div className="button-row">
        <ForkButton node={node} />
        <LockButton node={node} />
      </div>
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
