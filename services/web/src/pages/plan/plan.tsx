/** The synthesized goal and the plan: read, and edited in place. */
import { type ReactNode, useState } from "react";
import { Link } from "wouter";
import { Check } from "../../fields/choice";
import { EditList } from "../../fields/edit-list";
import { useArtifact, useCanEdit, useSourceNames } from "../../queries";
import { useIds, useSession } from "../../store";
import { listed, nodePath } from "../../words";
import { PhaseHead } from "../session/phase-head";
import { SaveDialog } from "../session/save-dialog";
import { draftOf, type PlanDraft, planBody, planProblem, type StepDraft, stepLabel, stepTitles } from "./plan-draft";

export default function PlanPage(): ReactNode {
  const plan = useArtifact("phase2");
  const { session_id } = useIds();
  const etag = useSession((session) => session.state.nodes.phase2?.artifact?.sha256);
  const names = useSourceNames();
  const canEdit = useCanEdit();
  const [draft, setDraft] = useState<PlanDraft | null>(null);
  const [from, setFrom] = useState("");
  const [saving, setSaving] = useState(false);
  const begin = (): void => {
    if (!plan.data) return;
    setFrom(etag ?? "");
    setDraft(draftOf(plan.data));
  };
  return (
    <>
      <PhaseHead phase="phase2">
        {plan.data && canEdit && !draft && (
          <button type="button" className="button slim" onClick={begin}>
            Edit
          </button>
        )}
      </PhaseHead>
      {!plan.data && <p className="soft">The plan appears here when it is made.</p>}
      {plan.data && !draft && (
        <>
          <section className="stack tight reading">
            <h3>Synthesized goal</h3>
            <p className="serif">{plan.data.synthesized_goal}</p>
          </section>
          <ol className="goals reading">
            {plan.data.steps.map((step) => (
              <li key={step.step_id} value={step.step_id}>
                <h3>
                  <Link href={nodePath(session_id, `phase3/${step.step_id}`)}>{step.title}</Link>
                </h3>
                {step.description && <p className="serif">{step.description}</p>}
                <p className="meta">
                  {step.query && <span>Looks for: {step.query}</span>}
                  {step.depends_on.length > 0 && (
                    <span>Builds on {listed(step.depends_on.map((other) => `step ${other}`))}</span>
                  )}
                  <span>
                    {step.source_ids.length ? `Reads ${step.source_ids.length} of the sources` : "Reads all sources"}
                  </span>
                </p>
              </li>
            ))}
          </ol>
        </>
      )}
      {draft && (
        <>
          <div className="field">
            <label htmlFor="synthesized">Synthesized goal</label>
            <textarea
              id="synthesized"
              value={draft.goal}
              onChange={(event) => setDraft({ ...draft, goal: event.target.value })}
            />
          </div>
          <EditList
            items={draft.steps}
            noun="step"
            problem={planProblem(draft)}
            onChange={(steps) => setDraft({ ...draft, steps })}
            onCancel={() => setDraft(null)}
            onSave={() => setSaving(true)}
            title={(step) => step.title}
            label={stepLabel}
            create={(key) => ({ key, title: "", description: "", query: "", source_ids: [], goal_ids: [], after: [] })}
          >
            {(step, change, id, index) => (
              <StepFields step={step} change={change} id={id} earlier={draft.steps.slice(0, index)} names={names} />
            )}
          </EditList>
        </>
      )}
      {saving && draft && (
        <SaveDialog
          phase="phase2"
          etag={from}
          body={planBody(draft)}
          titles={stepTitles(draft)}
          onClose={() => setSaving(false)}
          onSaved={() => {
            setSaving(false);
            setDraft(null);
          }}
        />
      )}
    </>
  );
}

interface FieldsProps {
  readonly step: StepDraft;
  readonly change: (step: StepDraft) => void;
  readonly id: string;
  readonly earlier: readonly StepDraft[];
  readonly names: ReadonlyMap<string, string>;
}

function StepFields({ step, change, id, earlier, names }: FieldsProps): ReactNode {
  const toggle = (list: readonly string[], item: string): readonly string[] =>
    list.includes(item) ? list.filter((one) => one !== item) : [...list, item];
  return (
    <>
      <div className="field">
        <label htmlFor={`${id}-title`}>Title</label>
        <textarea
          id={`${id}-title`}
          className="growing"
          value={step.title}
          maxLength={500}
          onChange={(event) => change({ ...step, title: event.target.value })}
        />
      </div>
      <div className="field">
        <label htmlFor={`${id}-description`}>What it has to find out</label>
        <textarea
          id={`${id}-description`}
          className="growing"
          value={step.description}
          onChange={(event) => change({ ...step, description: event.target.value })}
        />
      </div>
      <div className="field">
        <label htmlFor={`${id}-query`}>Looks for</label>
        <textarea
          id={`${id}-query`}
          className="growing"
          value={step.query}
          onChange={(event) => change({ ...step, query: event.target.value })}
        />
      </div>
      <details className="more">
        <summary>Sources and order</summary>
        <div className="stack">
          <fieldset className="choices">
            <legend>Reads (all, if none is chosen)</legend>
            {[...names].map(([source, name]) => (
              <Check
                key={source}
                checked={step.source_ids.includes(source)}
                onChange={() => change({ ...step, source_ids: toggle(step.source_ids, source) })}
              >
                {name}
              </Check>
            ))}
          </fieldset>
          {earlier.length > 0 && (
            <fieldset className="choices">
              <legend>Builds on</legend>
              {earlier.map((other) => (
                <Check
                  key={other.key}
                  checked={step.after.includes(other.key)}
                  onChange={() => change({ ...step, after: toggle(step.after, other.key) })}
                >
                  {`${stepLabel(other)}: ${other.title || "Untitled"}`}
                </Check>
              ))}
            </fieldset>
          )}
        </div>
      </details>
    </>
  );
}
