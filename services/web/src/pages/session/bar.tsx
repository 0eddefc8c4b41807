/**
 * How the session stands, on every page of it: state, progress, the one action that fits, and what became of your
 * commands. It stays in sight and its height never changes, so that nothing jumps and nothing is covered.
 */
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { nodePath } from "../../nodes";
import { useCauseNames } from "../../queries";
import { useConnection, useIds, useSession } from "../../store";
import { t } from "../../texts";
import { CommandLine } from "../../ui/command-line";
import { ConnectionLine } from "../../ui/connection";
import { useDialogs } from "../../ui/dialogs";
import { Glyph } from "../../ui/glyph";
import { seconds } from "../../words";
import { CancelButton, RerunButton } from "./actions";
import { NotifyButton, useSigns } from "./signs";
import { percent, type Said, secondsLeft, standingOf } from "./standing";
import { useNow } from "./use-now";
import { WhyAll } from "./why";

export function SessionBar(): ReactNode {
  const session = useSession((all) => all);
  const names = useCauseNames();
  const said = standingOf(session, names);
  const { connection } = useConnection();
  const done = said.progress ? percent(said.progress) : 0;
  useSigns(said, session.state.topic);
  return (
    <section className={`now ${said.look}`} aria-label={t.session.now.region}>
      <Glyph of={said.glyph} />
      <div className="now-words">
        <p className="now-title one-line" aria-live="polite">
          <strong>{said.title}</strong>
          <Figures said={said} />
        </p>
        <div className="now-detail">
          {connection.kind === "offline" ? <ConnectionLine /> : <CommandLine otherwise={said.detail} />}
        </div>
      </div>
      <Actions said={said} />
      <div
        className="bar"
        role="progressbar"
        aria-label={t.session.now.progress}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={done}
        aria-hidden={said.look !== "active"}
      >
        <span style={{ transform: `scaleX(${done / 100})` }} />
      </div>
    </section>
  );
}

/** "3 of 9 done, about 40 s left". */
function Figures({ said: { progress } }: { readonly said: Said }): ReactNode {
  const now = useNow(progress ? 1000 : null);
  if (!progress?.total) return null;
  const left = secondsLeft(progress, now);
  return (
    <span className="soft numbers" aria-live="off">
      {` · ${t.session.now.doneOf(progress.done, progress.total)}`}
      {left !== null && left >= 1 && ` · ${t.session.now.left(seconds(Math.round(left)))}`}
    </span>
  );
}

function Actions({ said }: { readonly said: Said }): ReactNode {
  const { session_id } = useIds();
  const [path] = useLocation();
  const show = useDialogs();
  const report = useSession((session) => session.state.nodes.phase4);
  const reading = path === nodePath(session_id, "phase4");
  const say = t.session.now;
  return (
    <div className="button-row now-actions">
      {said.why && (
        <button type="button" className="button slim" onClick={() => show((onClose) => <WhyAll onClose={onClose} />)}>
          {say.why}
        </button>
      )}
      {said.action === "cancel" && <NotifyButton />}
      {(said.action === "cancel" || said.action === "cancelling") && (
        <CancelButton what={{}} name={say.everything} stopping={said.action === "cancelling"} className="button" />
      )}
      {said.action === "update" && (
        <RerunButton target={{ stale: true }} verb="update" name={say.whatever} className="button primary" hotkey="u" />
      )}
      {said.action === "retry" && (
        <RerunButton target={{ stale: true }} verb="retry" name={say.missing} className="button primary" hotkey="u" />
      )}
      {said.action === "carryOn" && (
        <RerunButton target={{ stale: true }} verb="carryOn" name={say.notDone} className="button primary" hotkey="u" />
      )}
      {said.action === "read" && report?.artifact && !reading && (
        <Link className="button primary" href={nodePath(session_id, "phase4")}>
          {say.read}
        </Link>
      )}
    </div>
  );
}
