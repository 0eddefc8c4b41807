/** The shell around every page, and which page is shown. */
import * as Tooltip from "@radix-ui/react-tooltip";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, Suspense, useEffect, useRef, useState } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { api, Refusal } from "./api";
import { useKey } from "./keys";
import { BatchesPage } from "./pages/batches/batches";
import { SessionPages } from "./pages/session/session";
import { SignIn } from "./pages/start/sign-in";
import { StartPage } from "./pages/start/start";
import { useMay } from "./queries";
import { LANGUAGES, type Language, language, remember, speak, t } from "./texts";
import { Account } from "./ui/account";
import { Brand } from "./ui/brand";
import { Guard } from "./ui/guard";
import { lazily } from "./ui/lazily";
import { ProblemNotice } from "./ui/problem";

const HelpPage = lazily(() => import("./pages/help/help"));
const SessionsPage = lazily(() => import("./pages/sessions/sessions"));
const ComparePage = lazily(() => import("./pages/compare/compare"));
const WorkersPage = lazily(() => import("./pages/workers/workers"));

/** Drawn anew as a whole when another language is spoken. */
export function App(): ReactNode {
  const [spoken, setSpoken] = useState(language);
  async function change(wanted: Language): Promise<void> {
    remember(wanted);
    await speak(wanted);
    setSpoken(wanted);
  }
  return <Shell key={spoken} onLanguage={(wanted) => void change(wanted)} />;
}

function Shell({ onLanguage }: { readonly onLanguage: (language: Language) => void }): ReactNode {
  const [path, navigate] = useLocation();
  const queries = useQueryClient();
  const config = useQuery({ queryKey: ["config"], queryFn: api.config, staleTime: Number.POSITIVE_INFINITY });
  const refused = config.error instanceof Refusal && config.error.status === 401;
  const may = useMay("researcher");
  const shown = useRef(path);
  useKey("?", () => navigate("/app/help"));
  useEffect(() => {
    if (shown.current === path) return; // the browser begins a first page itself, at the skip link
    shown.current = path;
    if (!location.hash) window.scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [path]);
  return (
    <Tooltip.Provider delayDuration={250}>
      <div className="shell">
        <a className="skip" href="#main">
          {t.ui.site.skip}
        </a>
        <header className="top">
          <Link href="/" className="brand" aria-label="Reprise">
            <Brand />
            <span>Reprise</span>
          </Link>
          <Pages />
          <LanguageSwitch onChange={onLanguage} />
          {config.data?.auth && <Account config={config.data} />}
        </header>
        <main id="main" tabIndex={-1}>
          {refused ? (
            <SignIn onDone={(known) => queries.setQueryData(["config"], known)} />
          ) : config.error ? (
            <div className="page">
              <h1>Reprise</h1>
              <ProblemNotice error={config.error} />
            </div>
          ) : config.data ? (
            <Guard key={path.split("/").slice(0, 4).join("/")}>
              <Suspense fallback={<div className="page waiting" aria-busy="true" />}>
                <Switch>
                  <Route path="/">{may ? <StartPage config={config.data} /> : <OnlyLooking />}</Route>
                  <Route path="/app/batches" component={BatchesPage} />
                  <Route path="/app/sessions" component={SessionsPage} />
                  <Route path="/app/sessions/:session/compare/:other" component={ComparePage} />
                  <Route path="/app/sessions/:session/*?">
                    {({ session }) => <SessionPages key={session} sessionId={session} />}
                  </Route>
                  <Route path="/app/workers" component={WorkersPage} />
                  <Route path="/app/help" component={HelpPage} />
                  <Route>
                    <NoPage />
                  </Route>
                </Switch>
              </Suspense>
            </Guard>
          ) : (
            <div className="page waiting" aria-busy="true" />
          )}
        </main>
      </div>
    </Tooltip.Provider>
  );
}

/** Workers are the business of whoever runs the installation; without tokens that may be anybody. */
function Pages(): ReactNode {
  const [path] = useLocation();
  const may = useMay("researcher");
  const operates = useMay("operator");
  const known = useQuery({ queryKey: ["config"], queryFn: api.config, staleTime: Number.POSITIVE_INFINITY }).data;
  const say = t.ui.site;
  const link = (href: string, name: string): ReactNode => (
    <Link href={href} aria-current={isHere(path, href) ? "page" : undefined}>
      {name}
    </Link>
  );
  return (
    <nav aria-label={say.nav}>
      {(may || !known) && link("/", say.start)}
      {link("/app/batches", say.batches)}
      {operates && (
        <details className="menu" name="menu">
          <summary aria-current={isHere(path, "/app/workers") ? "page" : undefined}>
            <Gear />
            <span>{say.operator}</span>
          </summary>
          <div>{link("/app/workers", say.workers)}</div>
        </details>
      )}
      {link("/app/help", say.help)}
    </nav>
  );
}

function Gear(): ReactNode {
  return (
    <svg
      viewBox="0 0 20 20"
      width="18"
      height="18"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
    >
      <circle cx="10" cy="10" r="2.6" />
      <path d="M10 1.8v3M10 15.2v3M1.8 10h3M15.2 10h3M4.2 4.2l2.1 2.1M13.7 13.7l2.1 2.1M4.2 15.8l2.1-2.1M13.7 6.3l2.1-2.1" />
    </svg>
  );
}

function LanguageSwitch({ onChange }: { readonly onChange: (language: Language) => void }): ReactNode {
  return (
    <select
      className="language"
      aria-label={t.ui.site.language}
      value={language}
      onChange={(event) => onChange(event.target.value as Language)}
    >
      {Object.entries(LANGUAGES).map(([code, name]) => (
        <option key={code} value={code} lang={code}>
          {name}
        </option>
      ))}
    </select>
  );
}

function isHere(path: string, href: string): boolean {
  return href === "/app/batches" ? path === href || path.startsWith("/app/sessions") : path === href;
}

function NoPage(): ReactNode {
  const say = t.ui.site;
  return (
    <div className="page">
      <h1>{say.noPage}</h1>
      <p>
        {say.noPageHint(<Link href="/app/batches">{say.yourBatches}</Link>, <Link href="/">{say.newResearch}</Link>)}
      </p>
    </div>
  );
}

function OnlyLooking(): ReactNode {
  const say = t.ui.site;
  return (
    <div className="page">
      <div className="page-head">
        <h1>{say.onlyLooking}</h1>
        <p className="lead">{say.onlyLookingHint(<Link href="/app/batches">{say.allBatches}</Link>)}</p>
      </div>
    </div>
  );
}
