/** One step: how it stands, and unfolded what it asked and found. */
import { memo, type ReactNode, useId } from "react";
import { useFindings } from "../../queries";
import { useNode, useSession } from "../../store";
import { Causes } from "../../ui/causes";
import { Glyph } from "../../ui/glyph";
import { Held } from "../../ui/held";
import { NodeProblem } from "../../ui/node-problem";
import { ProblemNotice } from "../../ui/problem";
import { Badges, NodeGlyph } from "../../ui/standing";
import type { Step } from "../../wire";
import { listed, placeInQueue, seconds, standingWords, when } from "../../words";
import { AcceptButton, NodeAction } from "../session/actions";
import { Findings } from "./findings";

interface Props {
  readonly step: number;
  readonly planned: Step | undefined;
  readonly chosen: boolean;
  /** Null where nothing can be chosen. */
  readonly onChoose: ((step: number) => void) | null;
  readonly open: boolean;
  readonly onUnfold: (step: number) => void;
}

export const StepCard = memo(function StepCard({ step, planned, chosen, onChoose, open, onUnfold }: Props): ReactNode {
  const id = useId();
  const view = useNode(`phase3/${step}`);
  const position = useSession((session) => placeInQueue(session.state.queue, `phase3/${step}`));
  if (!view) return null;
  const title = view.title || planned?.title || `Step ${step}`;
  return (
    <article className={`step ${chosen ? "chosen" : ""} ${onChoose ? "" : "fixed"}`} aria-labelledby={`${id}-title`}>
      <div className="step-row">
        {onChoose && (
          <input type="checkbox" checked={chosen} onChange={() => onChoose(step)} aria-label={`Choose step ${step}`} />
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
          {planned?.description !== "" && (
            <span className="soft small one-line">
              {planned?.description ?? "\u00a0" /* its place until it is known */}
            </span>
          )}
        </button>
        <div className="step-marks">
          <Badges view={view} position={position} />
          <span className="soft small numbers step-headline">
            {view.headline || standingWords(view)}
            {view.artifact ? `, ${seconds(view.seconds)}` : ""}
          </span>
        </div>
        <NodeAction node={`phase3/${step}`} />
      </div>
      <div id={`${id}-body`} hidden={!open}>
        {open && <StepBody step={step} planned={planned} />}
      </div>
    </article>
  );
});

function StepBody({ step, planned }: { readonly step: number; readonly planned: Step | undefined }): ReactNode {
  const node = `phase3/${step}`;
  const view = useNode(node);
  const found = useFindings(step);
  if (!view) return null;
  return (
    <div className="step-body">
      <dl className="facts">
        {planned?.description && <Fact name="Goal">{planned.description}</Fact>}
        {planned?.query && <Fact name="Looks for">{planned.query}</Fact>}
        {planned && planned.depends_on.length > 0 && (
          <Fact name="Builds on">{listed(planned.depends_on.map((other) => `step ${other}`))}</Fact>
        )}
        {view.guidance && <Fact name="Guidance">{view.guidance}</Fact>}
        {view.artifact && (
          <Fact name="Result of">
            <time dateTime={view.artifact.at}>{when(view.artifact.at)}</time>, {seconds(view.seconds)}
          </Fact>
        )}
      </dl>
      <NodeProblem view={view} />
      <Held shown={view.freshness === "stale"} after="Up to date again">
        <div className="notice stale">
          <Glyph of="stale" />
          <div>
            <p>
              <strong>Out of date</strong>
            </p>
            <Causes causes={view.causes} />
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
        <p className="soft">{view.artifact ? "Reading …" : "There are no findings yet."}</p>
      )}
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
