/** The goals: read, and edited in place. */
import { type ReactNode, useState } from "react";
import { EditList } from "../../fields/edit-list";
import { useArtifact, useCanEdit, useSourceNames } from "../../queries";
import { useSession } from "../../store";
import { PhaseHead } from "../session/phase-head";
import { SaveDialog } from "../session/save-dialog";

interface Draft {
  readonly key: string;
  readonly goal_id?: string;
  readonly question: string;
  readonly rationale: string;
  readonly source_ids: readonly string[];
}

export default function GoalsPage(): ReactNode {
  const goals = useArtifact("phase1");
  const etag = useSession((session) => session.state.nodes.phase1?.artifact?.sha256);
  const names = useSourceNames();
  const canEdit = useCanEdit();
  const [draft, setDraft] = useState<readonly Draft[] | null>(null);
  const [from, setFrom] = useState("");
  const [saving, setSaving] = useState(false);
  const begin = (): void => {
    setFrom(etag ?? "");
    setDraft((goals.data?.goals ?? []).map((goal) => ({ ...goal, key: goal.goal_id })));
  };
  const wrong =
    draft &&
    (draft.length === 0
      ? "There has to be at least one goal."
      : draft.some((goal) => !goal.question.trim())
        ? "Every goal needs a question."
        : null);
  return (
    <>
      <PhaseHead phase="phase1">
        {goals.data && canEdit && !draft && (
          <button type="button" className="button slim" onClick={begin}>
            Edit
          </button>
        )}
      </PhaseHead>
      {!goals.data && <p className="soft">The goals appear here when they are discovered.</p>}
      {!draft && (
        <ol className="goals reading">
          {(goals.data?.goals ?? []).map((goal) => (
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
      )}
      {draft && (
        <EditList
          items={draft}
          noun="goal"
          problem={wrong}
          onChange={setDraft}
          onCancel={() => setDraft(null)}
          onSave={() => setSaving(true)}
          title={(goal) => goal.question}
          create={(key) => ({ key, question: "", rationale: "", source_ids: [] })}
        >
          {(goal, change, id) => (
            <>
              <div className="field">
                <label htmlFor={`${id}-question`}>Question</label>
                <textarea
                  id={`${id}-question`}
                  className="growing"
                  value={goal.question}
                  maxLength={2000}
                  onChange={(event) => change({ ...goal, question: event.target.value })}
                />
              </div>
              <div className="field">
                <label htmlFor={`${id}-why`}>Why</label>
                <textarea
                  id={`${id}-why`}
                  className="growing"
                  value={goal.rationale}
                  onChange={(event) => change({ ...goal, rationale: event.target.value })}
                />
              </div>
            </>
          )}
        </EditList>
      )}
      {saving && draft && (
        <SaveDialog
          phase="phase1"
          etag={from}
          body={{ goals: draft.map(({ key: _key, ...goal }) => goal) }}
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
