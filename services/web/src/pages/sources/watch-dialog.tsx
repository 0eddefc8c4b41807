/** When the pages of a batch are looked at again, and what follows where one has changed. */
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";
import { api } from "../../api";
import { CeilingField, readCeiling } from "../../fields/ceiling";
import { Check } from "../../fields/choice";
import { useIds } from "../../store";
import { t } from "../../texts";
import { Dialog } from "../../ui/dialog";
import { ProblemNotice } from "../../ui/problem";
import type { Watch } from "../../wire";

/** The times that are offered; others are set on the command line. */
const TIMES = ["1h", "6h", "1d", "7d"] as const;

interface Props {
  readonly watch: Watch | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function WatchDialog({ watch, onClose, onDone }: Props): ReactNode {
  const id = useId();
  const { batch_id } = useIds();
  const [every, setEvery] = useState(watch ? watch.every || watch.cron : "");
  const [refresh, setRefresh] = useState(watch?.auto === "refresh");
  const [tokens, setTokens] = useState(watch?.max_tokens ? String(watch.max_tokens) : "");
  const most = readCeiling(tokens);
  const say = t.pages.sources.watch;
  const save = useMutation({
    mutationFn: () => {
      if (!every) return api.unwatch(batch_id);
      const times = watch?.cron === every ? { cron: watch.cron, time_zone: watch.time_zone } : { every };
      const auto = refresh ? "refresh" : "mark";
      return api.watch(batch_id, { ...times, auto, max_tokens: most.tokens ?? 0, add: watch?.add ?? false });
    },
    onSuccess: () => {
      onDone();
      onClose();
    },
  });
  const own = every && !TIMES.some((time) => time === every) ? [every] : [];
  return (
    <Dialog
      title={say.title}
      onClose={onClose}
      decline={t.ui.dialog.notNow}
      footer={
        <button
          type="button"
          className="button primary"
          disabled={save.isPending || most.wrong || (!every && !watch)}
          onClick={() => save.mutate()}
        >
          {every || !watch ? say.do : say.stop}
        </button>
      }
    >
      <p>{say.lead}</p>
      <div className="field">
        <label htmlFor={`${id}-every`}>{say.every}</label>
        <select id={`${id}-every`} value={every} onChange={(event) => setEvery(event.target.value)}>
          <option value="">{say.never}</option>
          {[...TIMES, ...own].map((time) => (
            <option key={time} value={time}>
              {say.times[time] ?? time}
            </option>
          ))}
        </select>
      </div>
      {every && (
        <Check checked={refresh} onChange={setRefresh} hint={say.refreshHint}>
          {say.refresh}
        </Check>
      )}
      {every && refresh && <CeilingField text={tokens} onChange={setTokens} of="day" />}
      {save.isError && <ProblemNotice error={save.error} />}
    </Dialog>
  );
}
