/** The fields of one step of a plan that is edited. */
import type { ReactNode } from "react";
import { type Option, Picker } from "../../fields/picker";
import { t } from "../../texts";
import type { StepKind } from "../../wire";
import { type StepDraft, stepLabel } from "./plan-draft";

const KINDS: readonly StepKind[] = ["retrieve", "compare", "missing", "answer", "rest"];

interface Props {
  readonly step: StepDraft;
  readonly change: (step: StepDraft) => void;
  readonly id: string;
  readonly steps: readonly StepDraft[];
  readonly sources: readonly Option[];
}

export function StepFields({ step, change, id, steps, sources }: Props): ReactNode {
  const say = t.pages.plan;
  return (
    <>
      <div className="field">
        <label htmlFor={`${id}-title`}>{say.title}</label>
        <textarea
          id={`${id}-title`}
          className="growing"
          value={step.title}
          maxLength={500}
          onChange={(event) => change({ ...step, title: event.target.value })}
        />
      </div>
      <div className="field">
        <label htmlFor={`${id}-description`}>{say.description}</label>
        <textarea
          id={`${id}-description`}
          className="growing"
          value={step.description}
          onChange={(event) => change({ ...step, description: event.target.value })}
        />
      </div>
      <div className="field">
        <label htmlFor={`${id}-query`}>{say.query}</label>
        <textarea
          id={`${id}-query`}
          className="growing"
          value={step.query}
          onChange={(event) => change({ ...step, query: event.target.value })}
        />
      </div>
      <div className="field">
        <label htmlFor={`${id}-kind`}>{say.kind}</label>
        <select
          id={`${id}-kind`}
          value={step.kind}
          onChange={(event) => change({ ...step, kind: event.target.value as StepKind })}
        >
          {KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {say.kinds[kind]}
            </option>
          ))}
        </select>
      </div>
      <Picker
        label={say.reads}
        hint={say.readsHint}
        what={say.sources}
        options={sources}
        chosen={step.source_ids}
        onChange={(source_ids) => change({ ...step, source_ids })}
      />
      <Picker
        label={say.buildsOnLabel}
        hint={say.buildsOnHint}
        what={say.steps}
        options={optionsAbove(step, steps)}
        chosen={step.after}
        onChange={(after) => change({ ...step, after })}
      />
    </>
  );
}

/** The steps that stand above it, and those that it builds on wherever they stand: they can be taken out. */
function optionsAbove(step: StepDraft, steps: readonly StepDraft[]): readonly Option[] {
  const place = steps.indexOf(step);
  return steps
    .filter((other, index) => other !== step && (index < place || step.after.includes(other.key)))
    .map((other) => ({
      value: other.key,
      name: t.pages.plan.named(stepLabel(other), other.title || t.fields.list.untitled),
    }));
}
