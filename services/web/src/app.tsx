/** The shell around every page, and which page is shown. */
import * as Tooltip from "@radix-ui/react-tooltip";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, Suspense, useEffect, useRef } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { api, Refusal } from "./api";
import { BatchesPage } from "./pages/batches/batches";
import { SessionPages } from "./pages/session/session";
import { SignIn } from "./pages/start/sign-in";
import { StartPage } from "./pages/start/start";
import { useMay } from "./queries";
import { Account } from "./ui/account";
import { Brand } from "./ui/brand";
import { Guard } from "./ui/guard";
import { lazily } from "./ui/lazily";
import { ProblemNotice } from "./ui/problem";

const HelpPage = lazily(() => import("./pages/help/help"));
const WorkersPage = lazily(() => import("./pages/workers/workers"));

const PAGES = [
  ["/", "New"],
  ["/app/batches", "Batches"],
  ["/app/workers", "Workers"],
  ["/app/help", "Help"],
] as const;

export function App(): ReactNode {
  const [path] = useLocation();
  const queries = useQueryClient();
  const config = useQuery({ queryKey: ["config"], queryFn: api.config, staleTime: Number.POSITIVE_INFINITY });
  const may = useMay("researcher");
  const refused = config.error instanceof Refusal && config.error.status === 401;
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return; // the browser begins a first page itself, at the skip link
    shown.current = path;
    window.scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [path]);
  return (
    <Tooltip.Provider delayDuration={250}>
      <div className="shell">
        <a className="skip" href="#main">
          Skip to the page
        </a>
        <header className="top">
          <Link href="/" className="brand" aria-label="Reprise">
            <Brand />
            <span>Reprise</span>
          </Link>
          <nav aria-label="Site">
            {PAGES.filter(([href]) => href !== "/" || may || !config.data).map(([href, name]) => (
              <Link key={href} href={href} aria-current={isHere(path, href) ? "page" : undefined}>
                {name}
              </Link>
            ))}
          </nav>
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

function isHere(path: string, href: string): boolean {
  return href === "/app/batches" ? path === href || path.startsWith("/app/sessions") : path === href;
}

function NoPage(): ReactNode {
  return (
    <div className="page">
      <h1>There is no such page</h1>
      <p>
        Go to your <Link href="/app/batches">batches</Link>, or start <Link href="/">new research</Link>.
      </p>
    </div>
  );
}

function OnlyLooking(): ReactNode {
  return (
    <div className="page">
      <div className="page-head">
        <h1>You may look</h1>
        <p className="lead">
          Your token is a viewer’s: you can read all <Link href="/app/batches">batches</Link> and their reports. To
          start or rerun research, ask whoever runs this server for a researcher’s token.
        </p>
      </div>
    </div>
  );
}
