// What a stranger does with the types that `openapi-typescript` made: start, preview, rerun, read. The
// compiler holds the program against the contract, a gateway the contract against itself.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type State = components["schemas"]["State"];

const client = createClient<paths>({ baseUrl: process.argv[2] ?? "" });

async function atRest(session_id: string): Promise<State> {
  for (;;) {
    const { data, error } = await client.GET("/sessions/{session_id}", { params: { path: { session_id } } });
    if (!data) throw new Error(error?.detail);
    if (!data.run && !data.queue?.length && data.nodes?.["phase0"]?.generation) return data;
    await new Promise((done) => setTimeout(done, 100));
  }
}

const made = await client.POST("/batches", {
  body: { topic: "steps=2", sources: [{ text: "A text about nothing.", title: "One" }] },
});
if (!made.data) throw new Error(made.error?.detail);
const { session_id } = made.data;
const before = await atRest(session_id);

const previewed = await client.POST("/workflow/restart/phase", {
  body: { session_id, phase: "phase2", options: { guidance: "prices", dry_run: true } },
});
if (!previewed.data || !("plan_token" in previewed.data)) throw new Error(previewed.error?.detail);
const { plan, plan_token } = previewed.data;

const taken = await client.POST("/workflow/restart/phase", {
  params: { header: { "idempotency-key": "generated-2" } },
  body: { session_id, phase: "phase2", options: { guidance: "prices", plan_token: plan_token ?? null } },
});
if (!taken.data || !("command_id" in taken.data)) throw new Error(taken.error?.detail);
const { command_id } = taken.data;
const after = await atRest(session_id);
const outcome = await client.GET("/sessions/{session_id}/commands/{command_id}", {
  params: { path: { session_id, command_id } },
});
const found = await client.GET("/sessions/{session_id}/artifacts/phase2", { params: { path: { session_id } } });
if (!found.data) throw new Error(found.error?.detail);
const missing = await client.GET("/sessions/{session_id}", { params: { path: { session_id: "s-nobody" } } });
const report = await client.GET("/sessions/{session_id}/report", {
  params: { path: { session_id } },
  parseAs: "text",
});

console.log(
  JSON.stringify({
    run: [...(plan.run ?? [])].sort(),
    command: command_id,
    outcome: outcome.data?.status,
    steps: found.data.steps?.map((step) => step.title),
    fresh: after.nodes?.["phase4"]?.freshness,
    moved: (before.nodes?.["phase2"]?.generation ?? 0) < (after.nodes?.["phase2"]?.generation ?? 0),
    report: report.data,
    problem: missing.error?.type,
  }),
);
