/** The goals: read, and edited in place. What is edited and not saved is kept. */
import { type ReactNode, useState } from "react";
import { useDraft } from "../../drafts";
import { EditList } from "../../fields/edit-list";
import { useArtifact, useCanEdit, useOwner, useSourceNames } from "../../queries";
import { useIds, useSession } from "../../store";
import { t } from "../../texts";
import { DraftNote } from "../../ui/draft-note";
import type { Phase1 } from "../../wire";
import { PhaseHead } from "../session/phase-head";
import { SaveDialog } from "../session/save-dialog";

interface GoalDraft {
  readonly key: string;
  readonly goal_id?: string;
  readonly question: string;
  readonly rationale: string;
  readonly source_ids: readonly string[];
}

interface Edit {
  /** The result that is edited. */
  readonly from: string;
  readonly goals: readonly GoalDraft[];
}

function editOf(goals: Phase1, from: string): Edit {
  return { from, goals: goals.goals.map((goal) => ({ ...goal, key: goal.goal_id })) };
}

function problemOf(goals: readonly GoalDraft[]): string | null {
  if (goals.length === 0) return t.pages.goals.atLeastOne;
  return goals.some((goal) => !goal.question.trim()) ? t.pages.goals.needsQuestion : null;
}

export default function GoalsPage(): ReactNode {
  const goals = useArtifact("phase1");
  const names = useSourceNames(); // they come first, so that nothing jumps
  const { session_id } = useIds();
  const etag = useSession((session) => session.state.nodes.phase1?.artifact?.sha256) ?? "";
  const canEdit = useCanEdit("phase1");
  const kept = useDraft<Edit | null>(useOwner(), `goals/${session_id}`, null);
  const [begun, setBegun] = useState<Edit | null>(null);
  const [saving, setSaving] = useState(false);
  const edit = kept.value ?? begun;
  const say = t.pages.goals;
  const stop = (): void => {
    setBegun(null);
    setSaving(false);
    kept.drop();
  };
  return (
    <>
      <PhaseHead phase="phase1">
        {goals.data && canEdit && !edit && (
          <button type="button" className="button slim" onClick={() => setBegun(editOf(goals.data, etag))}>
            {say.edit}
          </button>
        )}
      </PhaseHead>
      {!goals.data && <p className="soft">{say.appear}</p>}
      {!edit && goals.data && names && <GoalList goals={goals.data} names={names} />}
      {edit && (
        <EditList
          items={edit.goals}
          noun="goals"
          problem={problemOf(edit.goals)}
          onChange={(change) => kept.change((now) => ({ ...(now ?? edit), goals: change((now ?? edit).goals) }))}
          onCancel={stop}
          onSave={() => setSaving(true)}
          title={(goal) => goal.question}
          create={(key) => ({ key, question: "", rationale: "", source_ids: [] })}
          outdated={edit.from === etag ? null : say.newer}
          note={<DraftNote draft={kept} plain />}
        >
          {(goal, change, id) => <GoalFields goal={goal} change={change} id={id} />}
        </EditList>
      )}
      {saving && edit && (
        <SaveDialog
          phase="phase1"
          etag={edit.from}
          body={{ goals: edit.goals.map(({ key: _key, ...goal }) => goal) }}
          onClose={() => setSaving(false)}
          onSaved={stop}
        />
      )}
    </>
  );
}

interface ListProps {
  readonly goals: Phase1;
  readonly names: ReadonlyMap<string, string>;
}

function GoalList({ goals, names }: ListProps): ReactNode {
  return (
    <ol className="goals reading">
      {goals.goals.map((goal) => (
        <li key={goal.goal_id}>
          <h3>{goal.question}</h3>
          {goal.rationale && <p className="serif">{goal.rationale}</p>}
          {goal.source_ids.length > 0 && (
            <p className="meta">
              {goal.source_ids.map((id) => (
                <span key={id}>{names.get(id) ?? id}</span>
              ))}
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

interface FieldsProps {
  readonly goal: GoalDraft;
  readonly change: (goal: GoalDraft) => void;
  readonly id: string;
}

function GoalFields({ goal, change, id }: FieldsProps): ReactNode {
  const say = t.pages.goals;
  return (
    <>
      <div className="field">
        <label htmlFor={`${id}-question`}>{say.question}</label>
        <textarea
          id={`${id}-question`}
          className="growing"
          value={goal.question}
          maxLength={2000}
          onChange={(event) => change({ ...goal, question: event.target.value })}
        />
      </div>
      <div className="field">
        <label htmlFor={`${id}-why`}>{say.why}</label>
        <textarea
          id={`${id}-why`}
          className="growing"
          value={goal.rationale}
          onChange={(event) => change({ ...goal, rationale: event.target.value })}
        />
      </div>
    </>
  );
}
