/** Which two of a batch's sessions are to stand beside each other. */
import { type ReactNode, useId, useState } from "react";
import { useLocation } from "wouter";
import { t } from "../../texts";
import { Dialog } from "../../ui/dialog";
import type { SessionSummary } from "../../wire";
import { when } from "../../words";
import { comparePath } from "../compare/path";

interface Props {
  readonly sessions: readonly SessionSummary[];
  readonly onClose: () => void;
}

/** Sessions of a batch, and forks most of all, may ask the same. */
function toldApart({ updated_at, fork }: SessionSummary): string {
  return [updated_at && when(updated_at), fork && t.pages.sessions.forked].filter(Boolean).join(t.words.comma);
}

export function CompareDialog({ sessions, onClose }: Props): ReactNode {
  const id = useId();
  const [, navigate] = useLocation();
  const [one, setOne] = useState(sessions[0]?.session_id ?? "");
  const [two, setTwo] = useState(sessions[1]?.session_id ?? "");
  const say = t.pages.compare;
  const fields = [
    { name: say.one, chosen: one, choose: setOne },
    { name: say.two, chosen: two, choose: setTwo },
  ];
  return (
    <Dialog
      title={say.dialog}
      onClose={onClose}
      decline={t.ui.dialog.notNow}
      footer={
        <button
          type="button"
          className="button primary"
          disabled={one === two}
          onClick={() => navigate(comparePath(one, two))}
        >
          {say.button}
        </button>
      }
    >
      {fields.map(({ name, chosen, choose }) => (
        <div className="field" key={name}>
          <label htmlFor={`${id}-${name}`}>{name}</label>
          <select id={`${id}-${name}`} value={chosen} onChange={(event) => choose(event.target.value)}>
            {sessions.map((session) => (
              <option key={session.session_id} value={session.session_id}>
                {say.named(session.topic, toldApart(session))}
              </option>
            ))}
          </select>
        </div>
      ))}
    </Dialog>
  );
}
