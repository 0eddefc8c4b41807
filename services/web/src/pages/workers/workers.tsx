/** The pools: what waits, what is at work, and what each worker does now. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { api } from "../../api";
import { nodePath, phaseOf } from "../../nodes";
import { useMay } from "../../queries";
import { t } from "../../texts";
import { Glyph } from "../../ui/glyph";
import { ProblemNotice } from "../../ui/problem";
import { Term } from "../../ui/term";
import { useTitle } from "../../ui/title";
import type { Phase, PoolView } from "../../wire";
import { ago, capital, nodeName } from "../../words";

export default function WorkersPage(): ReactNode {
  const say = t.pages.workers;
  useTitle(say.title);
  const pools = useQuery({ queryKey: ["workers"], queryFn: api.workers, refetchInterval: 2_000 });
  return (
    <div className="page">
      <div className="page-head">
        <h1>{say.title}</h1>
        <p className="lead">{say.lead}</p>
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

function Pool({ pool }: { readonly pool: PoolView }): ReactNode {
  const mayOrder = useMay("operator");
  const say = t.pages.workers;
  return (
    <li className="card pool">
      <div className="pool-head">
        <h2>
          {t.words.phase.title[phaseOf(pool.phase)]}
          {pool.state !== "running" && <span className="badge active">{say.state[pool.state]}</span>}
        </h2>
        {mayOrder && <Orders pool={pool} />}
        <dl className="figures numbers">
          <div>
            <dt>
              <Term of="lag">{say.waiting}</Term>
            </dt>
            <dd>{pool.waiting}</dd>
          </div>
          <div>
            <dt>{say.atWork}</dt>
            <dd>{pool.working}</dd>
          </div>
          <div>
            <dt>{say.workers}</dt>
            <dd>{pool.workers.length}</dd>
          </div>
        </dl>
      </div>
      {pool.workers.length === 0 && (
        <p className="notice failed">
          <Glyph of="failed" />
          <span>{say.none}</span>
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
              label={worker.running.length ? say.atWork : say.idle}
            />
            <span className="one-line">{worker.worker}</span>
            <span className="soft small">
              {worker.draining ? say.finishing : worker.running.length ? <Running nodes={worker.running} /> : say.idle}
            </span>
            <time className="soft small numbers" dateTime={worker.since}>
              {say.started(ago(worker.since))}
            </time>
          </li>
        ))}
      </ul>
    </li>
  );
}

type PoolOrder = "pause" | "drain" | "resume";

/** For operators: what the pool is to do until the next order. */
function Orders({ pool }: { readonly pool: PoolView }): ReactNode {
  const queries = useQueryClient();
  const order = useMutation({
    mutationFn: (order: PoolOrder) => api.orderPool(pool.phase as Phase, order),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["workers"] }),
  });
  const say = t.pages.workers;
  const name = t.words.phase.title[phaseOf(pool.phase)];
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
            title={say.orderHint[word]}
            aria-label={t.session.verb.of(say.order[word] ?? word, name)}
            onClick={() => order.mutate(word)}
          >
            {say.order[word]}
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
