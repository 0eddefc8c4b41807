/** Gives what is shown a name. */
import { type ReactNode, useId, useState } from "react";
import { t } from "../../texts";
import { Dialog } from "../../ui/dialog";

interface Props {
  readonly onClose: () => void;
  readonly onSave: (name: string) => void;
}

export function SaveViewDialog({ onClose, onSave }: Props): ReactNode {
  const id = useId();
  const [name, setName] = useState("");
  const say = t.pages.sessions.views;
  return (
    <Dialog
      title={say.saveThis}
      onClose={onClose}
      decline={t.ui.dialog.notNow}
      footer={
        <button type="submit" form={id} className="button primary" disabled={!name.trim()}>
          {say.save}
        </button>
      }
    >
      <form
        id={id}
        className="field"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) onSave(name.trim());
        }}
      >
        <label htmlFor={`${id}-name`}>{say.name}</label>
        <input
          id={`${id}-name`}
          type="text"
          autoComplete="off"
          maxLength={60}
          value={name}
          aria-describedby={`${id}-hint`}
          onChange={(event) => setName(event.target.value)}
        />
        <p className="hint" id={`${id}-hint`}>
          {say.hint}
        </p>
      </form>
    </Dialog>
  );
}
