/** Many sessions brought up to date as one: what would run in each, what is left out and why, under one ceiling. */
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { api, newCommandId } from "../../api";
import { CeilingField, readCeiling } from "../../fields/ceiling";
import { problemIn } from "../../model";
import { t } from "../../texts";
import { Dialog } from "../../ui/dialog";
import { Glyph } from "../../ui/glyph";
import { ProblemNotice } from "../../ui/problem";
import type { FleetPreview, FleetReceipt, LeftOut, Share } from "../../wire";
import { capital, count, listedNodes, problemText, seconds } from "../../words";
import type { Asked } from "./filter";

interface Props {
  readonly asked: Asked;
  readonly onClose: () => void;
  readonly onBegun: (receipt: FleetReceipt) => void;
}

export function UpdateDialog({ asked, onClose, onBegun }: Props): ReactNode {
  const [typed, setTyped] = useState("");
  const tokens = useSettled(typed);
  const most = readCeiling(typed);
  const max_tokens = readCeiling(tokens).tokens;
  const command = useRef(newCommandId());
  const preview = useQuery({
    queryKey: ["update-all", asked, max_tokens],
    queryFn: ({ signal }) => api.previewAll({ ...asked, max_tokens }, signal),
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: 1,
  });
  const start = useMutation({
    mutationFn: ({ sessions, plan_token }: FleetPreview) =>
      api.updateAll({
        max_tokens,
        plan_token,
        sessions: sessions.map(({ plan: _, ...share }) => share),
        command_id: command.current,
      }),
    onSuccess: (receipt) => {
      onBegun(receipt);
      if (receipt.sessions.every(({ problem }) => !problem)) onClose();
    },
    onError: () => {
      command.current = newCommandId();
      void preview.refetch();
    },
  });
  const settled = preview.isSuccess && !preview.isPlaceholderData && typed === tokens;
  const say = t.pages.sessions.update;
  const topics = new Map(preview.data?.sessions.map(({ session_id, topic }) => [session_id, topic]));
  return (
    <Dialog
      title={say.title}
      onClose={onClose}
      decline={start.isSuccess ? t.ui.dialog.close : t.ui.dialog.notNow}
      footer={
        start.isSuccess ? (
          <span />
        ) : (
          <button
            type="button"
            className="button primary"
            disabled={!settled || !preview.data?.sessions.length || most.wrong || start.isPending}
            onClick={() => preview.data && start.mutate(preview.data)}
          >
            {say.update}
          </button>
        )
      }
    >
      {start.data ? (
        <Refused receipt={start.data} topics={topics} />
      ) : (
        <>
          <p>
            {!(asked.state || asked.stale || asked.failed) && `${say.some} `}
            {say.lead}
          </p>
          <CeilingField text={typed} onChange={setTyped} of="all" />
          {preview.isError ? (
            <ProblemNotice error={preview.error} />
          ) : (
            <Shown preview={preview.data} waiting={!settled} />
          )}
          {start.isError && <ProblemNotice error={start.error} />}
        </>
      )}
    </Dialog>
  );
}

/** What was typed, once nothing more is for a moment: a preview looks at every session. */
function useSettled(typed: string): string {
  const [settled, setSettled] = useState(typed);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(typed), 400);
    return () => clearTimeout(timer);
  }, [typed]);
  return settled;
}

/** So many are named until all are asked for. */
const FEW = 12;

function Shown({
  preview,
  waiting,
}: {
  readonly preview: FleetPreview | undefined;
  readonly waiting: boolean;
}): ReactNode {
  const [all, setAll] = useState(false);
  const say = t.pages.sessions.update;
  if (!preview) return <div className="preview" aria-busy="true" aria-label={say.reading} role="status" />;
  const { sessions, left_out, estimate } = preview;
  const shown = all ? sessions : sessions.slice(0, FEW);
  const known = sessions.some(({ plan }) => plan && plan.estimate.never_run.length < plan.run.length);
  const cost = [t.words.time.about(seconds(estimate.seconds)), estimate.tokens > 0 && count(estimate.tokens, "token")];
  return (
    <section className="preview" aria-busy={waiting} aria-live="polite" aria-label={t.session.preview.region}>
      <p>
        <strong>{sessions.length ? say.runsIn(count(sessions.length, "session")) : say.nothing}</strong>
        {known && ` ${say.asLastTime(t.words.list(cost.filter((one) => one !== false)))}`}
      </p>
      {sessions.length > 0 && (
        <ul className="fleet-shares">
          {shown.map((share) => (
            <OneShare key={share.session_id} share={share} />
          ))}
          {shown.length < sessions.length && (
            <li>
              <button type="button" className="link-button" onClick={() => setAll(true)}>
                {t.session.why.showMore(sessions.length - shown.length)}
              </button>
            </li>
          )}
        </ul>
      )}
      {left_out.length > 0 && <Left left={left_out} />}
    </section>
  );
}

function OneShare({ share }: { readonly share: Share }): ReactNode {
  const say = t.pages.sessions.update;
  const { run = [], may_run = [] } = share.plan ?? {};
  const told = [
    run.length > 0 ? say.runs(listedNodes(run)) : null,
    may_run.length > 0 ? say.mayRun(listedNodes(may_run)) : null,
    share.max_tokens ? say.atMost(count(share.max_tokens, "token")) : null,
  ];
  return (
    <li>
      <p className="one-line">{share.topic}</p>
      <p className="soft small">{capital(say.joined(told.filter((one) => one !== null)))}</p>
    </li>
  );
}

function Left({ left }: { readonly left: readonly LeftOut[] }): ReactNode {
  const say = t.pages.sessions.update;
  return (
    <>
      <p>
        <Glyph of="cancelled" /> <strong>{say.leftOut(count(left.length, "session"))}</strong>
      </p>
      <ul className="fleet-shares">
        {left.slice(0, FEW).map((one) => (
          <li key={one.session_id}>
            <p className="one-line">{one.topic}</p>
            <p className="soft small">{one.problem ? problemText(problemIn(one.problem)) : say.why[one.reason]}</p>
          </li>
        ))}
        {left.length > FEW && <li className="soft">{t.session.why.more(left.length - FEW)}</li>}
      </ul>
    </>
  );
}

function Refused({
  receipt,
  topics,
}: {
  readonly receipt: FleetReceipt;
  readonly topics: ReadonlyMap<string, string>;
}): ReactNode {
  const say = t.pages.sessions.update;
  const refused = receipt.sessions.filter(({ problem }) => problem);
  return (
    <>
      <p role="status">
        {say.begun(count(receipt.sessions.length - refused.length, "session"))}{" "}
        {say.refused(count(refused.length, "session"))}
      </p>
      <ul className="fleet-shares">
        {refused.map(({ session_id, problem }) => (
          <li key={session_id}>
            <p className="one-line">{topics.get(session_id) || session_id}</p>
            <p className="soft small">{problem && problemText(problemIn(problem))}</p>
          </li>
        ))}
      </ul>
    </>
  );
}
