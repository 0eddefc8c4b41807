/** A session: its head, how it stands, and the page of one of its parts. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { api, Refusal } from "../../api";
import { CommandDesk } from "../../commands";
import { engineName } from "../../fields/engine-choice";
import { nodePath, PHASE_PAGES } from "../../nodes";
import { useMay } from "../../queries";
import { SessionProvider, useConnection, useIds, useSession } from "../../store";
import { t } from "../../texts";
import { Dialogs } from "../../ui/dialogs";
import { Glyph } from "../../ui/glyph";
import { lazily } from "../../ui/lazily";
import { ProblemNotice } from "../../ui/problem";
import { PHASES } from "../../wire";
import { ago, capital, isActive, nodeName, standing, standingName } from "../../words";
import { EndDialog } from "../batches/end-dialog";
import { SessionDialog } from "../batches/session-dialog";
import { comparePath } from "../compare/path";
import { SessionBar } from "./bar";
import { LiveStream } from "./live-stream";
import { Overview } from "./overview";

const SourcesPage = lazily(() => import("../sources/sources"));
const GoalsPage = lazily(() => import("../goals/goals"));
const PlanPage = lazily(() => import("../plan/plan"));
const StepsPage = lazily(() => import("../steps/steps"));
const ReportPage = lazily(() => import("../report/report"));
const TimelinePage = lazily(() => import("../timeline/timeline"));

/** Looks, when the connection is lost, whether the batch was deleted: what the page shows is then no more. */
function Gone(): ReactNode {
  const { connection } = useConnection();
  const { session_id } = useIds();
  const client = useQueryClient();
  useEffect(() => {
    if (connection.kind !== "offline") return;
    api.session(session_id).catch((error: unknown) => {
      if (error instanceof Refusal && error.status === 410)
        void client.resetQueries({ queryKey: ["session", session_id] });
    });
  }, [connection, session_id, client]);
  return null;
}

export function SessionPages({ sessionId }: { readonly sessionId: string }): ReactNode {
  const first = useQuery({
    queryKey: ["session", sessionId],
    queryFn: () => api.session(sessionId),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  if (first.isError)
    return (
      <div className="page">
        <h1>{t.session.head.research}</h1>
        <ProblemNotice error={first.error}>
          <Link href="/app/batches">{capital(t.ui.site.allBatches)}</Link>
        </ProblemNotice>
      </div>
    );
  if (!first.data) return <div className="page waiting" aria-busy="true" />;
  return (
    <SessionProvider state={first.data}>
      <CommandDesk>
        <Dialogs>
          <div className="docked">
            <div className="page session">
              <Head />
              <SessionBar />
              <Switch>
                <Route path="/app/sessions/:session/sources" component={SourcesPage} />
                <Route path="/app/sessions/:session/goals" component={GoalsPage} />
                <Route path="/app/sessions/:session/plan" component={PlanPage} />
                <Route path="/app/sessions/:session/steps/:step?" component={StepsPage} />
                <Route path="/app/sessions/:session/report" component={ReportPage} />
                <Route path="/app/sessions/:session/timeline" component={TimelinePage} />
                <Route path="/app/sessions/:session" component={Overview} />
              </Switch>
            </div>
            <div className="dock">
              <Gone />
              <Route path="/app/sessions/:session" component={LiveStream} />
            </div>
          </div>
        </Dialogs>
      </CommandDesk>
    </SessionProvider>
  );
}

/** On the report it takes one line, so that the report begins on the first screen. */
function Head(): ReactNode {
  const topic = useSession((session) => session.state.topic);
  const engine = useSession((session) => session.state.engine);
  const ended = useSession((session) => session.state.ended);
  const created = useSession((session) => session.state.created_at);
  const ids = useIds();
  const may = useMay("researcher");
  const [ending, setEnding] = useState(false);
  const [adding, setAdding] = useState(false);
  const [path, navigate] = useLocation();
  const brief = path === nodePath(ids.session_id, "phase4");
  const say = t.session.head;
  return (
    <header className={`session-head ${brief ? "brief" : ""}`}>
      {!brief && (
        <p className="meta">
          <Link href="/app/batches">{t.ui.site.batches}</Link>
          <span>{engineName(engine)}</span>
          {created && <time dateTime={created}>{say.begun(ago(created))}</time>}
          <Origin />
          {may && !ended && (
            <button type="button" className="link-button" onClick={() => setAdding(true)}>
              {say.newSession}
            </button>
          )}
          {may && (
            <button type="button" className="link-button" onClick={() => setEnding(true)}>
              {ended ? say.deleteBatch : say.endBatch}
            </button>
          )}
        </p>
      )}
      <h1 className={brief ? "one-line" : undefined} title={brief ? topic : undefined}>
        {topic}
      </h1>
      <Parts />
      {adding && <SessionDialog batchId={ids.batch_id} onClose={() => setAdding(false)} />}
      {ending && (
        <EndDialog
          batch={{ batch_id: ids.batch_id, topic, ended }}
          onClose={() => setEnding(false)}
          onEnded={(deleted) => deleted && navigate("/app/batches")}
        />
      )}
    </header>
  );
}

/** Of a fork: where it comes from, as long as that is there, and what has become different. */
function Origin(): ReactNode {
  const { session_id } = useIds();
  const fork = useSession((session) => session.state.fork);
  const origin = useQuery({
    queryKey: ["origin", fork?.session_id],
    queryFn: () => api.session(fork?.session_id ?? ""),
    enabled: fork != null,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  if (!fork) return null;
  const say = t.session.fork;
  const gone = origin.error instanceof Refusal && (origin.error.status === 404 || origin.error.status === 410);
  const link = (
    <Link href={`/app/sessions/${fork.session_id}`} title={origin.data?.topic}>
      {say.another}
    </Link>
  );
  return (
    <>
      <span>{say.from(gone ? say.another : link, nodeName(fork.node))}</span>
      {!gone && <Link href={comparePath(fork.session_id, session_id)}>{say.compare}</Link>}
    </>
  );
}

function Parts(): ReactNode {
  const { session_id } = useIds();
  const [path] = useLocation();
  const base = `/app/sessions/${session_id}`;
  const nodes = useSession((session) => session.state.nodes);
  const here = path.slice(base.length + 1).split("/")[0];
  const bar = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const [all, one] = [
      bar.current,
      here === undefined ? null : bar.current?.querySelector<HTMLElement>("[aria-current]"),
    ];
    if (all && one) all.scrollLeft = one.offsetLeft - (all.clientWidth - one.offsetWidth) / 2;
  }, [here]);
  return (
    <nav ref={bar} className="parts" aria-label={t.session.head.parts}>
      <Link href={base} aria-current={here === "" ? "page" : undefined}>
        {t.session.head.overview}
      </Link>
      {PHASES.map((phase) => {
        const view = nodes[phase];
        const now = view && standing(view);
        const shown = view && (now === "stale" || now === "failed" || isActive(view));
        return (
          <Link
            key={phase}
            href={`${base}/${PHASE_PAGES[phase]}`}
            aria-current={here === PHASE_PAGES[phase] ? "page" : undefined}
          >
            {t.words.phase.name[phase]}
            <span className="mark-room">{shown && now && <Glyph of={now} label={standingName(now)} />}</span>
          </Link>
        );
      })}
      <Link href={`${base}/timeline`} aria-current={here === "timeline" ? "page" : undefined}>
        {t.session.head.timeline}
      </Link>
    </nav>
  );
}
