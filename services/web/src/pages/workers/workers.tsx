/** The pools: what waits, what is at work, and what each worker does now. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { api } from "../../api";
import { useMay } from "../../queries";
import { Glyph } from "../../ui/glyph";
import { ProblemNotice } from "../../ui/problem";
import { Term } from "../../ui/term";
import { useTitle } from "../../ui/title";
import type { Phase, PoolView } from "../../wire";
import { ago, capital, nodeName, nodePath, PHASE_TITLES, phaseOf } from "../../words";

export default function WorkersPage(): ReactNode {
  useTitle("Workers");
  const pools = useQuery({ queryKey: ["workers"], queryFn: api.workers, refetchInterval: 2_000 });
  return (
    <div className="page">
      <div className="page-head">
        <h1>Workers</h1>
        <p className="lead">One pool for each phase. A pool that keeps jobs waiting needs more workers.</p>
      </div>
      {pools.isError && <ProblemNotice error={pools.error} />}
      <ul className="stack">
        {pools.data?.map((pool) => (
          <Pool key={pool.phase} pool={pool} />
        ))}
      </ul>
    </div>
  );
}

const STATES: Record<PoolView["state"], string> = {
  running: "Running",
  paused: "Paused",
  draining: "Finishing what it has",
  drained: "Takes no more",
};

function Pool({ pool }: { readonly pool: PoolView }): ReactNode {
  const mayOrder = useMay("operator");
  return (
    <li className="card pool">
      <div className="pool-head">
        <h2>
          {PHASE_TITLES[phaseOf(pool.phase)]}
          {pool.state !== "running" && <span className="badge active">{STATES[pool.state]}</span>}
        </h2>
        {mayOrder && <Orders pool={pool} />}
        <dl className="figures numbers">
          <div>
            <dt>
              <Term of="lag">Waiting</Term>
            </dt>
            <dd>{pool.waiting}</dd>
          </div>
          <div>
            <dt>At work</dt>
            <dd>{pool.working}</dd>
          </div>
          <div>
            <dt>Workers</dt>
            <dd>{pool.workers.length}</dd>
          </div>
        </dl>
      </div>
      {pool.workers.length === 0 && (
        <p className="notice failed">
          <Glyph of="failed" />
          <span>No worker has been heard of lately. Jobs of this phase wait until one is started.</span>
        </p>
      )}
      {pool.findings
        .filter((finding) => finding.result !== "ok")
        .map((finding) => (
          <p key={finding.name} className={finding.result === "wrong" ? "error-text" : "soft"}>
            {finding.detail} {mayOrder && pool.state !== "running" ? "" : finding.action}
          </p>
        ))}
      <ul>
        {pool.workers.map((worker) => (
          <li key={worker.worker} className="worker">
            <Glyph
              of={worker.running.length ? "running" : worker.draining ? "cancelling" : "pending"}
              label={worker.running.length ? "At work" : "Idle"}
            />
            <span className="one-line">{worker.worker}</span>
            <span className="soft small">
              {worker.draining ? (
                "finishing, takes no more"
              ) : worker.running.length ? (
                <Running nodes={worker.running} />
              ) : (
                "idle"
              )}
            </span>
            <time className="soft small numbers" dateTime={worker.since}>
              started {ago(worker.since)}
            </time>
          </li>
        ))}
      </ul>
    </li>
  );
}

const ORDERS = {
  pause: ["Pause", "takes no more jobs until it is resumed; what is at work goes on"],
  drain: ["Drain", "finishes what it has and takes no more, so that its workers can be stopped"],
  resume: ["Resume", "takes jobs again"],
} as const;

/** For operators: what the pool is to do until the next order. */
function Orders({ pool }: { readonly pool: PoolView }): ReactNode {
  const queries = useQueryClient();
  const order = useMutation({
    mutationFn: (order: keyof typeof ORDERS) => api.orderPool(pool.phase as Phase, order),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["workers"] }),
  });
  const name = PHASE_TITLES[phaseOf(pool.phase)];
  const offered = pool.state === "running" ? (["pause", "drain"] as const) : (["resume"] as const);
  return (
    <>
      <div className="button-row">
        {offered.map((word) => (
          <button
            key={word}
            type="button"
            className="button slim"
            disabled={order.isPending}
            title={`The pool ${ORDERS[word][1]}.`}
            aria-label={`${ORDERS[word][0]}: ${name}`}
            onClick={() => order.mutate(word)}
          >
            {ORDERS[word][0]}
          </button>
        ))}
      </div>
      {order.isError && <ProblemNotice error={order.error} />}
    </>
  );
}

function Running({ nodes }: { readonly nodes: readonly string[] }): ReactNode {
  return nodes.map((running) => {
    const [session = "", ...rest] = running.split("/");
    const node = rest.join("/");
    return (
      <Link key={running} href={nodePath(session, node)}>
        {capital(nodeName(node))}{" "}
      </Link>
    );
  });
}
