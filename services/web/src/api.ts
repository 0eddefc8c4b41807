/** The gateway's REST calls, typed; an error is always a problem that says what to do. */
import { problemIn } from "./model";
import { t } from "./texts";

import type {
  AskRequest,
  BatchPage,
  BatchView,
  CommandView,
  Comparison,
  Config,
  Created,
  FleetPreview,
  FleetReceipt,
  Impact,
  LockRequest,
  Orders,
  Phase,
  Phase0,
  Phase1,
  Phase2,
  Phase4,
  PoolView,
  Preview,
  Problem,
  ProblemDocument,
  Receipt,
  RefreshAllCall,
  SessionPage,
  SessionRequest,
  Source,
  SourceInput,
  State,
  StepFindings,
  TagRequest,
  Timeline,
  TopicLanguage,
  WatchRequest,
  WatchView,
} from "./wire";
import { ORDERS } from "./wire";

export class Refusal extends Error {
  constructor(
    readonly problem: Problem,
    readonly status: number,
  ) {
    super(problem.detail);
  }
}

export interface Artifacts {
  readonly phase0: Phase0;
  readonly phase1: Phase1;
  readonly phase2: Phase2;
  readonly phase4: Phase4;
}

const TOKEN = "reprise-token";

function unreachable(): Problem {
  const { unreachable, unreachableAction } = t.ui.problem;
  return { type: "unavailable", detail: unreachable, action: unreachableAction, retryable: true };
}

export function token(): string | null {
  return sessionStorage.getItem(TOKEN);
}

export function setToken(value: string | null): void {
  if (value) sessionStorage.setItem(TOKEN, value);
  else sessionStorage.removeItem(TOKEN);
}

/** Made here and not with `crypto.randomUUID`, which plain HTTP on a local network does not have. */
export function newCommandId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export interface Call {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly json?: unknown;
  readonly form?: FormData;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export async function respond(path: string, call: Call = {}): Promise<Response> {
  const headers = new Headers(call.headers);
  const held = token();
  if (held) headers.set("Authorization", `Bearer ${held}`);
  if (call.json !== undefined) headers.set("Content-Type", "application/json");
  let response: Response;
  try {
    response = await fetch(path, {
      method: call.method ?? "GET",
      headers,
      body: call.form ?? (call.json === undefined ? undefined : JSON.stringify(call.json)),
      signal: call.signal,
    });
  } catch (error) {
    if (call.signal?.aborted) throw error;
    throw new Refusal(unreachable(), 0);
  }
  if (!response.ok) throw new Refusal(await problemOf(response), response.status);
  return response;
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    return problemIn((await response.json()) as ProblemDocument);
  } catch {
    return { ...unreachable(), detail: t.ui.problem.answered(response.status) };
  }
}

async function ask<T>(path: string, call: Call = {}): Promise<T> {
  return (await respond(path, call)).json() as Promise<T>;
}

const id = encodeURIComponent;

export const api = {
  config: () => ask<Config>("/config"),
  workers: () => ask<readonly PoolView[]>("/workers"),
  orderPool: (phase: Phase, order: "pause" | "resume" | "drain") =>
    ask<PoolView>(`/workers/${phase}/${order}`, { method: "POST" }),
  ticket: async () => (await ask<{ readonly ticket: string }>("/ws-ticket", { method: "POST" })).ticket,

  languageOf: (topic: string, signal: AbortSignal) =>
    ask<TopicLanguage>(`/language?${new URLSearchParams({ of: topic })}`, { signal }),
  batches: (search: string, after: string | null, signal?: AbortSignal) =>
    ask<BatchPage>(`/batches?${new URLSearchParams({ q: search, ...(after ? { after } : {}) })}`, { signal }),
  batch: (batchId: string) => ask<BatchView>(`/batches/${id(batchId)}`),
  start: (form: FormData) => ask<Created>("/batches", { method: "POST", form }),
  addSession: (batchId: string, body: SessionRequest) =>
    ask<Created>(`/batches/${id(batchId)}/sessions`, { method: "POST", json: body }),
  fork: (sessionId: string, node: string, commandId: string) =>
    ask<Created>(`/sessions/${id(sessionId)}/fork`, { method: "POST", json: { node, command_id: commandId } }),
  endBatch: (batchId: string, remove: boolean, commandId: string) =>
    ask<BatchView>(`/batches/${id(batchId)}${remove ? "" : "/end"}`, {
      method: remove ? "DELETE" : "POST",
      headers: { "Idempotency-Key": commandId },
    }),

  sources: async (batchId: string) =>
    (await ask<{ sources: readonly Source[] }>(`/batches/${id(batchId)}/sources`)).sources,
  addSources: (batchId: string, form: FormData) =>
    ask<BatchView>(`/batches/${id(batchId)}/sources`, { method: "POST", form }),
  replaceSource: (batchId: string, sourceId: string, body: SourceInput | FormData) =>
    ask<BatchView>(`/batches/${id(batchId)}/sources/${id(sourceId)}`, {
      method: "PUT",
      ...(body instanceof FormData ? { form: body } : { json: body }),
    }),
  removeSource: (batchId: string, sourceId: string) =>
    ask<BatchView>(`/batches/${id(batchId)}/sources/${id(sourceId)}`, { method: "DELETE" }),
  impact: (batchId: string, sourceId: string) => ask<Impact>(`/batches/${id(batchId)}/sources/${id(sourceId)}/impact`),
  watches: (batchId: string) => ask<WatchView>(`/batches/${id(batchId)}/watch`),
  watch: (batchId: string, body: WatchRequest) =>
    ask<WatchView>(`/batches/${id(batchId)}/watch`, { method: "PUT", json: body }),
  unwatch: (batchId: string) => ask<WatchView>(`/batches/${id(batchId)}/watch`, { method: "DELETE" }),
  sourceText: async (batchId: string, sourceId: string, sha256: string) =>
    (await respond(`/batches/${id(batchId)}/sources/${id(sourceId)}/text?sha256=${sha256}`)).text(),

  session: (sessionId: string) => ask<State>(`/sessions/${id(sessionId)}`),
  artifact: <K extends keyof Artifacts>(sessionId: string, phase: K) =>
    ask<Artifacts[K]>(`/sessions/${id(sessionId)}/artifacts/${phase}`),
  step: (sessionId: string, step: number) =>
    ask<StepFindings>(`/sessions/${id(sessionId)}/artifacts/phase3/steps/${step}`),
  timeline: (sessionId: string, after: number) =>
    ask<Timeline>(`/sessions/${id(sessionId)}/events?after=${after}&limit=500`),
  command: (sessionId: string, commandId: string) =>
    ask<CommandView>(`/sessions/${id(sessionId)}/commands/${id(commandId)}`),
  report: async (sessionId: string, format: string) =>
    (await respond(`/sessions/${id(sessionId)}/report?format=${format}`)).blob(),

  previewQuestion: (sessionId: string, body: AskRequest, signal?: AbortSignal) =>
    ask<Preview>(`/sessions/${id(sessionId)}/ask`, { method: "POST", json: { ...body, dry_run: true }, signal }),
  ask: (sessionId: string, body: AskRequest) =>
    ask<Receipt>(`/sessions/${id(sessionId)}/ask`, { method: "POST", json: body }),
  lock: (sessionId: string, body: LockRequest) =>
    ask<Receipt>(`/sessions/${id(sessionId)}/lock`, { method: "POST", json: body }),

  /** `search`: as it stands in an address. */
  sessions: (search: string, after: string | null, signal?: AbortSignal) => {
    const asked = new URLSearchParams(search);
    asked.set("limit", "100");
    if (after !== null) asked.set("after", after);
    return ask<SessionPage>(`/sessions?${asked}`, { signal });
  },
  tag: (sessionId: string, body: TagRequest) =>
    ask<Receipt>(`/sessions/${id(sessionId)}/tags`, { method: "POST", json: body }),
  previewAll: (body: RefreshAllCall, signal?: AbortSignal) =>
    ask<FleetPreview>(ORDERS.refresh_all, { method: "POST", json: { ...body, dry_run: true }, signal }),
  updateAll: (body: RefreshAllCall) => ask<FleetReceipt>(ORDERS.refresh_all, { method: "POST", json: body }),
  cancelAll: (commandId: string) =>
    ask<FleetReceipt>(`${ORDERS.refresh_all}/${id(commandId)}/cancel`, { method: "POST" }),
  compare: (sessionId: string, otherId: string) => ask<Comparison>(`/sessions/${id(sessionId)}/compare/${id(otherId)}`),

  order: (kind: keyof Orders, body: Orders[keyof Orders]) => ask<Receipt>(ORDERS[kind], { method: "POST", json: body }),
  preview: (kind: keyof Orders, body: Orders[keyof Orders], signal?: AbortSignal) =>
    ask<Preview>(ORDERS[kind], { method: "POST", json: body, signal }),
  edit: <T extends Preview | Receipt>(
    sessionId: string,
    phase: "phase1" | "phase2",
    body: object,
    etag: string,
    query: { propagation: string; dry_run?: string; command_id?: string },
  ) =>
    ask<T>(`/sessions/${id(sessionId)}/artifacts/${phase}?${new URLSearchParams(query)}`, {
      method: "PUT",
      json: body,
      headers: { "If-Match": `"${etag}"` },
    }),
};
