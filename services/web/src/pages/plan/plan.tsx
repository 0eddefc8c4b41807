/** The synthesized goal and the plan: read, and edited in place. What is edited and not saved is kept. */
import { type ReactNode, useCallback, useMemo, useState } from "react";
import { Link } from "wouter";
import { useDraft } from "../../drafts";
import { EditList } from "../../fields/edit-list";
import type { Option } from "../../fields/picker";
import { nodePath, stepNode } from "../../nodes";
import { useArtifact, useCanEdit, useOwner, useSourceNames } from "../../queries";
import { useIds, useSession } from "../../store";
import { t } from "../../texts";
import { DraftNote } from "../../ui/draft-note";
import type { Phase2 } from "../../wire";
import { listed } from "../../words";
import { PhaseHead } from "../session/phase-head";
import { SaveDialog } from "../session/save-dialog";
import { draftOf, type PlanDraft, planBody, planProblem, type StepDraft, stepLabel, stepTitles } from "./plan-draft";
import { StepFields } from "./step-fields";

interface Edit {
  /** The result that is edited. */
  readonly from: string;
  readonly draft: PlanDraft;
}

export default function PlanPage(): ReactNode {
  const plan = useArtifact("phase2");
  const { session_id } = useIds();
  const etag = useSession((session) => session.state.nodes.phase2?.artifact?.sha256) ?? "";
  const canEdit = useCanEdit("phase2");
  const kept = useDraft<Edit | null>(useOwner(), `plan/${session_id}`, null);
  const [begun, setBegun] = useState<Edit | null>(null);
  const [saving, setSaving] = useState(false);
  const edit = kept.value ?? begun;
  const say = t.pages.plan;
  const { change } = kept;
  const changeDraft = useCallback(
    (part: (draft: PlanDraft) => PlanDraft) =>
      change((now) => {
        const before = now ?? begun;
        return before && { ...before, draft: part(before.draft) };
      }),
    [change, begun],
  );
  const stop = (): void => {
    setBegun(null);
    setSaving(false);
    kept.drop();
  };
  return (
    <>
      <PhaseHead phase="phase2">
        {plan.data && canEdit && !edit && (
          <button
            type="button"
            className="button slim"
            onClick={() => setBegun({ from: etag, draft: draftOf(plan.data) })}
          >
            {say.edit}
          </button>
        )}
      </PhaseHead>
      {!plan.data && <p className="soft">{say.appear}</p>}
      {plan.data && !edit && <PlanList plan={plan.data} />}
      {edit && (
        <Editor
          draft={edit.draft}
          onChange={changeDraft}
          onCancel={stop}
          onSave={() => setSaving(true)}
          outdated={edit.from === etag ? null : say.newer}
          note={<DraftNote draft={kept} plain />}
        />
      )}
      {saving && edit && (
        <SaveDialog
          phase="phase2"
          etag={edit.from}
          body={planBody(edit.draft)}
          titles={stepTitles(edit.draft)}
          onClose={() => setSaving(false)}
          onSaved={stop}
        />
      )}
    </>
  );
}

function PlanList({ plan }: { readonly plan: Phase2 }): ReactNode {
  const { session_id } = useIds();
  const say = t.pages.plan;
  return (
    <>
      <section className="stack tight reading">
        <h3>{say.goal}</h3>
        <p className="serif">{plan.synthesized_goal}</p>
      </section>
      <ol className="goals reading">
        {plan.steps.map((step) => (
          <li key={step.step_id} value={step.step_id}>
            <h3>
              <Link href={nodePath(session_id, stepNode(step.step_id))}>{step.title}</Link>
            </h3>
            {step.description && <p className="serif">{step.description}</p>}
            <p className="meta">
              <span>{say.kinds[step.kind]}</span>
              {step.query && <span>{say.looksFor(step.query)}</span>}
              {step.depends_on.length > 0 && (
                <span>{say.buildsOn(listed(step.depends_on.map((other) => t.words.node.step(other))))}</span>
              )}
              <span>{step.source_ids.length ? say.readsSome(step.source_ids.length) : say.readsAll}</span>
            </p>
          </li>
        ))}
      </ol>
    </>
  );
}

function newStep(key: string): StepDraft {
  return { key, kind: "retrieve", title: "", description: "", query: "", source_ids: [], goal_ids: [], after: [] };
}

interface EditorProps {
  readonly draft: PlanDraft;
  readonly onChange: (change: (draft: PlanDraft) => PlanDraft) => void;
  readonly onCancel: () => void;
  readonly onSave: () => void;
  readonly outdated: string | null;
  readonly note: ReactNode;
}

function Editor({ draft, onChange, onCancel, onSave, outdated, note }: EditorProps): ReactNode {
  const names = useSourceNames();
  const sources = useMemo<readonly Option[]>(
    () => [...(names ?? [])].map(([value, name]) => ({ value, name })),
    [names],
  );
  const changeSteps = useCallback(
    (change: (steps: readonly StepDraft[]) => readonly StepDraft[]) =>
      onChange((now) => ({ ...now, steps: change(now.steps) })),
    [onChange],
  );
  return (
    <>
      <div className="field">
        <label htmlFor="synthesized">{t.pages.plan.goal}</label>
        <textarea
          id="synthesized"
          value={draft.goal}
          onChange={(event) => onChange((now) => ({ ...now, goal: event.target.value }))}
        />
      </div>
      <EditList
        items={draft.steps}
        noun="steps"
        folded
        problem={planProblem(draft)}
        onChange={changeSteps}
        onCancel={onCancel}
        onSave={onSave}
        title={(step) => step.title}
        label={stepLabel}
        create={newStep}
        outdated={outdated}
        note={note}
      >
        {(step, change, id) => <StepFields step={step} change={change} id={id} steps={draft.steps} sources={sources} />}
      </EditList>
    </>
  );
}
