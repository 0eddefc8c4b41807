// Made from the contracts by generate_wire.py. Do not edit.

export type Phase =
  | "phase0"
  | "phase1"
  | "phase2"
  | "phase3"
  | "phase4";
export type Status =
  | "pending"
  | "queued"
  | "running"
  | "cancelling"
  | "completed"
  | "failed"
  | "cancelled";
export type Freshness =
  | "fresh"
  | "stale";
export type Role =
  | "viewer"
  | "researcher"
  | "operator";
export type Reason =
  | "changed"
  | "guidance"
  | "engine"
  | "model"
  | "language"
  | "report"
  | "source_changed"
  | "source_added"
  | "source_removed"
  | "definition"
  | "failed"
  | "upstream"
  | "missing"
  | "lacking"
  | "added"
  | "locked";
export type CommandStatus =
  | "accepted"
  | "queued"
  | "merged"
  | "running"
  | "completed"
  | "failed"
  | "cancelled"
  | "refused";
export type Propagation =
  | "cascade"
  | "mark_stale";
export type IfRunning =
  | "queue"
  | "interrupt"
  | "reject";
export type ProblemType =
  | "not_found"
  | "invalid"
  | "command_reused"
  | "session_busy"
  | "plan_changed"
  | "step_obsolete"
  | "step_unknown"
  | "inputs_missing"
  | "feature_off"
  | "unauthenticated"
  | "forbidden"
  | "batch_ended"
  | "conflict"
  | "too_large"
  | "unavailable"
  | "rate_limited"
  | "worker_lost"
  | "no_sources"
  | "engine_failed"
  | "engine_unavailable"
  | "invalid_plan"
  | "store_unavailable"
  | "artifact_lost"
  | "budget_reached"
  | "limit_reached"
  | "node_locked"
  | "cancelled"
  | "internal";
export type ProblemCode =
  | "artifact_changed"
  | "asked_already"
  | "batch_deleted"
  | "batch_ended"
  | "ceiling_of_day"
  | "ceiling_of_run"
  | "ceiling_of_session"
  | "command_reused"
  | "disk_full"
  | "edit_while_running"
  | "endpoint_busy"
  | "endpoint_failed"
  | "endpoint_refused"
  | "endpoint_slow"
  | "endpoint_unreachable"
  | "endpoint_unreadable"
  | "engine_incomplete"
  | "engine_unknown"
  | "engine_without_endpoint"
  | "engine_without_model"
  | "feature_off"
  | "file_too_large"
  | "input_failed"
  | "input_missing"
  | "input_unreadable"
  | "inputs_incomplete"
  | "inputs_lost"
  | "key_refused"
  | "language_lacking"
  | "last_source"
  | "model_unknown"
  | "no_run"
  | "node_locked"
  | "no_section"
  | "no_session"
  | "no_source"
  | "no_sources_given"
  | "no_sources_read"
  | "not_decided"
  | "not_made"
  | "not_stale"
  | "parser_missing"
  | "phase_broken"
  | "plan_changed"
  | "plan_proposed_unsound"
  | "plan_unsound"
  | "quota_used"
  | "report_moved"
  | "result_damaged"
  | "result_lost"
  | "role_lacking"
  | "section_of_report"
  | "server_busy"
  | "session_busy"
  | "session_deleted"
  | "session_ended"
  | "session_not_empty"
  | "sources_empty"
  | "sources_too_many"
  | "steps_gone"
  | "steps_held"
  | "steps_unknown"
  | "stops_too_early"
  | "store_silent"
  | "text_lost"
  | "text_too_long"
  | "token_expired"
  | "token_wanted"
  | "tokens_short"
  | "too_fast"
  | "try_failed"
  | "unconfirmed"
  | "worker_lost";
export type NoticeCode =
  | "left_failed"
  | "left_stale"
  | "edit_left"
  | "edit_replaced"
  | "new_steps"
  | "stops_at"
  | "waits"
  | "spent"
  | "report_unheeded"
  | "language_unknown";
export type Outcome =
  | "fetched"
  | "reused"
  | "unchanged"
  | "changed"
  | "failed";
export type FailureReason =
  | "blocked_address"
  | "not_found"
  | "forbidden"
  | "challenge"
  | "paywall"
  | "robots"
  | "timeout"
  | "unreachable"
  | "too_large"
  | "too_many_redirects"
  | "unsupported"
  | "not_text"
  | "empty"
  | "malformed"
  | "server_error"
  | "resources";
export type CheckOutcome =
  | "unchanged"
  | "changed"
  | "found_more"
  | "moved"
  | "gone"
  | "forbidden"
  | "challenge"
  | "failed";
export type StepKind =
  | "retrieve"
  | "compare"
  | "missing"
  | "answer"
  | "rest";
export type SessionState =
  | "pending"
  | "running"
  | "completed"
  | "failed"
  | "stale"
  | "cancelled";
export const PHASES = ["phase0", "phase1", "phase2", "phase3", "phase4"] as const satisfies readonly Phase[];
export interface Answer {
  type: "answer";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  command_id: string;
  run_id?: string | null;
  position?: number | null;
  problem?: ProblemDocument | null;
}
export interface ArtifactView {
  generation: number;
  sha256: string;
  output: string;
  bytes: number;
  at: string;
  by: string;
}
export interface Bar {
  value: number;
  text: string;
  references: readonly number[];
}
export interface BarGroup {
  subject: string;
  bars: readonly Bar[];
}
export interface BatchInitialized {
  type: "batch:initialized";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  expected_total: number;
  total_processes: number;
}
export interface BatchPage {
  batches: readonly BatchView[];
  next?: string | null;
  behind: number;
}
export interface BatchView {
  batch_id: string;
  topic: string;
  created_at?: string | null;
  updated_at?: string | null;
  ended: boolean;
  deleted: boolean;
  sources: readonly Source[];
  sessions: readonly SessionSummary[];
  bytes?: number | null;
  undecided?: string | null;
}
export interface Cause {
  node: string;
  reason: Reason;
  at?: string | null;
  edited: boolean;
  text: string;
}
export interface Changes {
  sections: readonly SectionChange[];
  reasons: readonly string[];
}
export interface Chart {
  title: string;
  comparisons: readonly BarGroup[];
}
export interface Check {
  outcome: CheckOutcome;
  at: string;
  detail?: string | null;
  moved_to?: string | null;
  text_sha256?: string | null;
}
export interface Citation {
  source_id: string;
  text_sha256: string;
  quote: string;
  start: number;
  end: number;
  score: number;
}
export interface CommandView {
  command_id: string;
  status: CommandStatus;
  run_id?: string | null;
  problem?: ProblemDocument | null;
}
export interface Comparison {
  session_id: string;
  other_id: string;
  sections: readonly SectionComparison[];
  sources_only_this: readonly string[];
  sources_only_other: readonly string[];
}
export interface Config {
  version: string;
  engine: string;
  engines: readonly string[];
  model: string;
  endpoint: Endpoint;
  features: Features;
  formats: readonly string[];
  kinds: readonly string[];
  searchers: readonly string[];
  languages: ReportLanguages;
  limits: Limits;
  auth: boolean;
  caller: string;
  role: Role;
}
export interface Connected {
  type: "connected";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  epoch: string;
  sessions: readonly string[];
}
export interface Contradiction {
  claim: string;
  citation: Citation;
  reason: string;
  values: readonly string[];
}
export interface Created {
  batch_id: string;
  session_id: string;
  command_id: string;
  warnings: readonly string[];
  notices: readonly Notice[];
}
export interface Diagnosis {
  name: string;
  result: "ok" | "note" | "wrong";
  detail: string;
  action: string;
}
export interface Endpoint {
  host: string;
  leaves_machine: boolean;
}
export interface ErrorFrame {
  type: "error";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  phase?: Phase | null;
  message: string;
  problem?: ProblemDocument | null;
}
export interface Estimate {
  seconds: number;
  tokens: number;
  calls: number;
  recorded: readonly string[];
  never_run: readonly string[];
  most_seconds: number;
  most_tokens: number;
  most_calls: number;
  stops_at?: string | null;
}
export interface EventFacts {
  topic: string;
  sources: number;
  added: number;
  changed: number;
  removed: number;
  kind: string;
  target?: Target | null;
  options?: Options | null;
  front: boolean;
  run_id: string;
  outcome: string;
  problem?: ProblemDocument | null;
  attempt: number;
  gaps: readonly string[];
  seconds: number;
  headline: string;
  counts: Readonly<Record<string, number>>;
  unchanged: boolean;
  by_hand: boolean;
  final: boolean;
  reason: string;
  deleting: boolean;
}
export interface Excerpt {
  quote: string;
  start: number;
  end: number;
  kind: "fact" | "opinion" | "figure";
}
export interface Features {
  phase_rerun: boolean;
  step_rerun: boolean;
  plan_edit: boolean;
}
export interface Finding {
  finding_id: string;
  claim: string;
  citations: readonly Citation[];
  confidence: "high" | "medium" | "low";
  confidence_reason: string;
  support: number;
  contradicts: readonly Contradiction[];
  beside: readonly Contradiction[];
  calculation: string;
}
export interface FleetAnswer {
  session_id: string;
  receipt?: Receipt | null;
  problem?: ProblemDocument | null;
}
export interface FleetPreview {
  sessions: readonly Share[];
  left_out: readonly LeftOut[];
  estimate: Estimate;
  unknown: number;
  max_tokens?: number | null;
  plan_token: string;
}
export interface FleetReceipt {
  command_id: string;
  sessions: readonly FleetAnswer[];
}
export interface ForkPoint {
  session_id: string;
  node: string;
}
export interface FormerStep {
  step_id: number;
  title: string;
  replaced_by?: number | null;
}
export interface Goal {
  goal_id: string;
  question: string;
  rationale: string;
  source_ids: readonly string[];
}
export interface GoalView {
  goal_id: string;
  question: string;
  rationale: string;
  source_ids: readonly string[];
  id: number;
  goal_text: string;
  uses: readonly string[];
  sources: readonly string[];
}
export interface Goals {
  type: "research:goals";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  gone?: true | null;
  goals: readonly GoalView[];
}
export interface Impact {
  batch_id: string;
  source_id: string;
  title?: string | null;
  url?: string | null;
  there: boolean;
  check?: Check | null;
  text_sha256?: string | null;
  unread: boolean;
  sessions: readonly SessionImpact[];
}
export interface InputRef {
  key: string;
  sha256: string;
  output: string;
}
export interface LeftOut {
  session_id: string;
  topic: string;
  reason: "running" | "begun" | "ceiling" | "too_many" | "refused" | "locked" | "waits";
  problem?: ProblemDocument | null;
}
export interface Limits {
  upload_bytes: number;
  sources: number;
  topic: number;
  guidance: number;
}
export interface Meta {
  batch_id: string;
  session_id: string;
  node?: string | null;
  generation: number;
  attempt: number;
  execution_id: string;
  by: string;
  engine: string;
  model: string;
  guidance: string;
  language: string;
  versions: Readonly<Record<string, string>>;
  fallbacks: readonly string[];
  stands: Readonly<Record<string, Stand>>;
  record: string;
  reused: number;
  created_at?: string | null;
  seconds: number;
  tokens: Tokens;
  inputs: Readonly<Record<string, InputRef>>;
  trace: string;
}
export interface Missing {
  node: string;
  used: "nothing" | "last_good";
  reason: string;
}
export interface NodeUpdate {
  status: Status;
  freshness?: Freshness | null;
  causes: readonly Cause[];
  upgradable: boolean;
  generation: number;
  attempt: number;
  artifact?: ArtifactView | null;
  seconds: number;
  tokens: number;
  problem?: ProblemDocument | null;
  title: string;
  headline: string;
  counts: Readonly<Record<string, number>>;
  guidance: string;
  report?: ReportOptions | null;
  since?: string | null;
  unchanged: boolean;
  edited: boolean;
  locked_at?: string | null;
  type: "node:update";
  node: string;
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
}
export interface NodeView {
  status: Status;
  freshness?: Freshness | null;
  causes: readonly Cause[];
  upgradable: boolean;
  generation: number;
  attempt: number;
  artifact?: ArtifactView | null;
  seconds: number;
  tokens: number;
  problem?: ProblemDocument | null;
  title: string;
  headline: string;
  counts: Readonly<Record<string, number>>;
  guidance: string;
  report?: ReportOptions | null;
  since?: string | null;
  unchanged: boolean;
  edited: boolean;
  locked_at?: string | null;
}
export interface Notice {
  code: NoticeCode;
  nodes: readonly string[];
  tokens?: number | null;
  needed?: number | null;
  engine?: string | null;
  options: readonly string[];
  language?: string | null;
  text: string;
}
export interface Phase0 {
  meta: Meta;
  sources: readonly PreparedSource[];
  summaries: readonly Summary[];
  abstract: string;
  themes: readonly Theme[];
}
export interface Phase1 {
  meta: Meta;
  goals: readonly Goal[];
}
export interface Phase2 {
  meta: Meta;
  synthesized_goal: string;
  steps: readonly Step[];
  former: readonly FormerStep[];
}
export interface Phase4 {
  meta: Meta;
  title: string;
  markdown: string;
  sections: readonly Section[];
  references: readonly Reference[];
  inputs: Readonly<Record<string, string>>;
  changes?: Changes | null;
  unsupported_claims: readonly string[];
  partial: readonly Missing[];
}
export interface PhaseChange {
  type: "research:phase_change";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  phase: Phase;
  message: string;
}
export interface PhaseRerunComplete {
  type: "research:phase_rerun_complete";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  phase: Phase;
  phases: readonly Phase[];
  report_stale: boolean;
}
export interface PhaseRerunError {
  type: "research:phase_rerun_error";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  phase: Phase;
  message: string;
  report_stale?: boolean | null;
}
export interface PhaseRerunStarted {
  type: "research:phase_rerun_started";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  phase: Phase;
  phases: readonly Phase[];
}
export interface Plan {
  run: readonly string[];
  may_run: readonly string[];
  keep: readonly string[];
  stale: readonly string[];
  drop: readonly string[];
  may_drop: readonly string[];
  warnings: readonly string[];
  notices: readonly Notice[];
  estimate: Estimate;
}
export interface PlanFrame {
  type: "research:plan";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  gone?: true | null;
  plan: readonly StepView[];
}
export interface PoolView {
  phase: string;
  state: "running" | "paused" | "draining" | "drained";
  by: string;
  at?: string | null;
  oldest_seconds?: number | null;
  findings: readonly Diagnosis[];
  ready: number;
  waiting: number;
  working: number;
  workers: readonly WorkerView[];
}
export interface PreparedSource {
  source_id: string;
  url?: string | null;
  title: string;
  status: "ready" | "failed" | "duplicate" | "opened";
  outcome: Outcome;
  reason?: FailureReason | null;
  detail?: string | null;
  action?: string | null;
  text_sha256?: string | null;
  final_url?: string | null;
  site: string;
  content_type?: string | null;
  method?: string | null;
  language?: string | null;
  author?: string | null;
  published?: string | null;
  duplicate_of?: string | null;
  similarity?: number | null;
  words: number;
  accessed_at?: string | null;
  profile?: Profile | null;
  part_of?: string | null;
  work?: Work | null;
}
export interface Preview {
  plan: Plan;
  plan_token?: string | null;
  provisional: boolean;
}
export interface Problem {
  type: ProblemType;
  detail: string;
  action: string;
  field?: string | null;
  retryable: boolean;
  valid_steps?: readonly number[] | null;
  plan?: Readonly<Record<string, unknown>> | null;
  plan_token?: string | null;
  code?: ProblemCode | null;
  facts?: Readonly<Record<string, string | number | readonly string[]>> | null;
}
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail: string;
  action: string;
  field?: string | null;
  retryable: boolean;
  valid_steps?: readonly number[] | null;
  plan?: Readonly<Record<string, unknown>> | null;
  plan_token?: string | null;
  code?: ProblemCode | null;
  facts?: Readonly<Record<string, string | number | readonly string[]>> | null;
}
export interface Profile {
  speaker: string;
  interest: string;
  method: string;
  sample: string;
  relies: string;
  firsthand: "yes" | "no" | "mixed" | "";
  depends_on: readonly string[];
}
export interface QueuedView {
  run_id: string;
  command_ids: readonly string[];
  target: Target;
  position: number;
  by: string;
}
export interface Receipt {
  command_id: string;
  run_id?: string | null;
  position?: number | null;
  plan?: Plan | null;
  status: CommandStatus;
}
export interface Reference {
  number: number;
  source_id: string;
  title: string;
  url?: string | null;
  author?: string | null;
  published?: string | null;
  work?: Work | null;
  citations: readonly Citation[];
}
export interface ReportLanguages {
  extractive: readonly string[];
  others: readonly string[];
}
export interface ReportOptions {
  length: number;
  tone: string;
  audience: string;
  outline: readonly string[];
}
export interface ReportReady {
  type: "phase4:report_ready";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  gone?: true | null;
  report: string;
  stale: boolean;
}
export interface ResearchComplete {
  type: "research:complete";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  message: string;
}
export interface ResearchStart {
  type: "research:start";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  message: string;
}
export interface Reset {
  type: "reset";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  reason: string;
}
export interface RunResult {
  session_id: string;
}
export interface RunView {
  run_id: string;
  command_id: string;
  targets: readonly string[];
  propagation: Propagation;
  done: number;
  total: number;
  started_at?: string | null;
  by: string;
}
export interface ScrapingCancelled {
  type: "scraping:cancelled";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  timestamp?: string | null;
  reason: string;
  state: Readonly<Record<string, Status>>;
}
export interface ScrapingConfirmed {
  type: "scraping:all_complete_confirmed";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  confirmed: boolean;
  expected_total: number;
  total_final: number;
  completed_count: number;
  failed_count: number;
  pending_count: number;
  in_progress_count: number;
  registered_count: number;
  completion_rate: number;
  is_100_percent: boolean;
}
export interface ScrapingItem {
  link_id: string;
  url?: string | null;
  title?: string | null;
  status: string;
  error?: string | null;
  reason?: FailureReason | null;
}
export interface ScrapingItemProgress {
  type: "scraping:item_progress";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  node?: string | null;
  generation: number;
  attempt: number;
  link_id: string;
  url?: string | null;
  title?: string | null;
  stage: string;
  stage_progress: number;
  overall_progress: number;
  message: string;
  metadata?: ScrapingMetadata | null;
  timestamp?: string | null;
}
export interface ScrapingItemUpdate {
  type: "scraping:item_update";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  node?: string | null;
  generation: number;
  attempt: number;
  link_id: string;
  url?: string | null;
  title?: string | null;
  status: string;
  error?: string | null;
  reason?: FailureReason | null;
  metadata?: ScrapingMetadata | null;
  timestamp?: string | null;
}
export interface ScrapingMetadata {
  source?: string | null;
  bytes_downloaded?: number | null;
  total_bytes?: number | null;
  word_count?: number | null;
}
export interface ScrapingStatus {
  type: "scraping:status";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  node?: string | null;
  generation: number;
  attempt: number;
  total: number;
  completed: number;
  failed: number;
  inProgress: number;
  items: readonly ScrapingItem[];
  expected_total: number;
  total_processes: number;
  completion_rate: number;
  is_100_percent: boolean;
  can_proceed_to_research: boolean;
}
export interface ScratchpadEntry {
  kind: string;
  text: string;
}
export interface Search {
  search: string;
  provider: string;
  limit: number;
  since?: string | null;
  allow: readonly string[];
  block: readonly string[];
}
export interface Section {
  section_id: string;
  title: string;
  markdown: string;
  steps: readonly number[];
  finding_ids: readonly string[];
  charts: readonly Chart[];
}
export interface SectionChange {
  title: string;
  change: "added" | "removed" | "changed" | "unchanged";
}
export interface SectionComparison {
  title: string;
  change: "same" | "differs" | "only_this" | "only_other";
  only_this: readonly string[];
  only_other: readonly string[];
  shared: number;
}
export interface SessionImpact {
  session_id: string;
  topic: string;
  findings: readonly TouchedFinding[];
  sections: readonly TouchedSection[];
  standing: number;
  unknown: number;
  update?: Preview | null;
}
export interface SessionPage {
  sessions: readonly SessionSummary[];
  next?: string | null;
  behind: number;
}
export interface SessionSummary {
  session_id: string;
  topic: string;
  status: SessionState;
  stale: readonly string[];
  failed: readonly string[];
  updated_at?: string | null;
  batch_id: string;
  tags: readonly string[];
  fork?: ForkPoint | null;
  ended: boolean;
}
export interface SessionUpdate {
  type: "session:update";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  run?: RunView | null;
  queue: readonly QueuedView[];
  engine: string;
  model: string;
  guidance: string;
  ended: boolean;
  plan_steps: readonly number[];
}
export interface Share {
  session_id: string;
  plan_token: string;
  max_tokens?: number | null;
  topic: string;
  plan?: Plan | null;
}
export interface Snapshot {
  type: "snapshot";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  sessions: readonly State[];
}
export interface Source {
  source_id: string;
  revision: number;
  url?: string | null;
  title?: string | null;
  upload?: Upload | null;
  search?: Search | null;
  part_of?: string | null;
  work?: Work | null;
  stored?: Stored | null;
  check?: Check | null;
}
export interface SourceChecked {
  type: "source:checked";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  source_id: string;
  title?: string | null;
  url?: string | null;
  check: Check;
}
export interface SourceSummary {
  type: "phase0:summary";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  gone?: true | null;
  link_id: string;
  summary_type: "transcript" | "comments";
  summary: string;
  timestamp?: string | null;
}
export interface StaleNode {
  node: string;
  causes: readonly Cause[];
}
export interface Stand {
  said: number;
  kept: number;
  mended: number;
  replaced: number;
}
export interface State {
  batch_id: string;
  session_id: string;
  topic: string;
  engine: string;
  model: string;
  language: string;
  guidance: string;
  seq: number;
  run?: RunView | null;
  queue: readonly QueuedView[];
  nodes: Readonly<Record<string, NodeView>>;
  fork?: ForkPoint | null;
  tags: readonly string[];
  spent: number;
  max_tokens?: number | null;
  run_max_tokens?: number | null;
  ended: boolean;
  created_at?: string | null;
  updated_at?: string | null;
}
export interface Step {
  step_id: number;
  kind: StepKind;
  title: string;
  description: string;
  query: string;
  source_ids: readonly string[];
  depends_on: readonly number[];
  goal_ids: readonly string[];
}
export interface StepComplete {
  type: "phase3:step_complete";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  gone?: true | null;
  stepData: StepData;
}
export interface StepData {
  step_id: number;
  title: string;
  findings: readonly Finding[];
  insights: readonly string[];
  gaps: readonly string[];
  confidence: string;
  sources: readonly string[];
  timestamp?: string | null;
}
export interface StepFindings {
  meta: Meta;
  step_id: number;
  kind: StepKind;
  title: string;
  findings: readonly Finding[];
  insights: readonly string[];
  insights_from: readonly (readonly string[])[];
  gaps: readonly string[];
  scratchpad: readonly ScratchpadEntry[];
  dropped_citations: number;
}
export interface StepRerunComplete {
  type: "research:step_rerun_complete";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  step_id: number;
  regenerate_report: boolean;
  report_stale: boolean;
  report_path?: string | null;
}
export interface StepRerunError {
  type: "research:step_rerun_error";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  step_id: number;
  regenerate_report: boolean;
  message: string;
  report_stale?: boolean | null;
}
export interface StepRerunStarted {
  type: "research:step_rerun_started";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  step_id: number;
  regenerate_report: boolean;
}
export interface StepView {
  step_id: number;
  kind: StepKind;
  title: string;
  description: string;
  query: string;
  source_ids: readonly string[];
  depends_on: readonly number[];
  goal_ids: readonly string[];
  goal: string;
  required_data: string;
  chunk_strategy: string;
  notes: string;
}
export interface Stored {
  revision: number;
  raw_sha256?: string | null;
  text_sha256?: string | null;
  title?: string | null;
  author?: string | null;
  published?: string | null;
  language?: string | null;
  final_url?: string | null;
  content_type?: string | null;
  method?: string | null;
  etag?: string | null;
  last_modified?: string | null;
  fetched_at?: string | null;
  bytes: number;
  words: number;
  duplicate_of?: string | null;
  reason?: FailureReason | null;
  detail?: string | null;
  moved_to?: string | null;
  work?: Work | null;
  holds?: readonly string[] | null;
}
export interface StreamEnd {
  type: "research:stream_end";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  node?: string | null;
  generation: number;
  attempt: number;
  stream_id: string;
  phase: Phase;
  metadata: Readonly<Record<string, string>>;
  timestamp?: string | null;
}
export interface StreamError {
  type: "research:stream_error";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  node?: string | null;
  generation: number;
  attempt: number;
  stream_id: string;
  phase: Phase;
  error: string;
  metadata: Readonly<Record<string, string>>;
  timestamp?: string | null;
}
export interface StreamStart {
  type: "research:stream_start";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  node?: string | null;
  generation: number;
  attempt: number;
  stream_id: string;
  phase: Phase;
  metadata: Readonly<Record<string, string>>;
  timestamp?: string | null;
  active: boolean;
}
export interface StreamToken {
  type: "research:stream_token";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  node?: string | null;
  generation: number;
  attempt: number;
  stream_id: string;
  phase: Phase;
  token: string;
  content: string;
  reasoning_content: string;
}
export interface SummarizationProgress {
  type: "summarization:progress";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  node?: string | null;
  generation: number;
  attempt: number;
  current_item: number;
  total_items: number;
  link_id: string;
  stage: "summarizing" | "completed";
  progress: number;
  message: string;
  completed_items: number;
  processing_items: number;
  queued_items: number;
}
export interface Summary {
  source_id: string;
  summary: string;
  excerpts: readonly Excerpt[];
  profile?: Profile | null;
}
export interface SynthesizedGoal {
  type: "research:synthesized_goal";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  gone?: true | null;
  synthesized_goal: string;
  component_questions: readonly string[];
  unifying_theme: string;
}
export interface Target {
  phase?: Phase | null;
  steps?: readonly number[] | null;
  stale?: true | null;
}
export interface Theme {
  label: string;
  source_ids: readonly string[];
  terms: readonly string[];
}
export interface Timeline {
  events: readonly TimelineEntry[];
  next?: number | null;
}
export interface TimelineEntry {
  seq: number;
  n: number;
  at: string;
  by: string;
  type: string;
  text: string;
  node?: string | null;
  nodes: readonly string[];
  facts: EventFacts;
}
export interface Tokens {
  prompt: number;
  completion: number;
  cost_usd?: number | null;
}
export interface TopicLanguage {
  language?: string | null;
}
export interface TouchedFinding {
  node: string;
  finding_id: string;
  claim: string;
  passages: readonly TouchedPassage[];
  standing: number;
}
export interface TouchedPassage {
  text_sha256: string;
  start: number;
  end: number;
  quote: string;
  fate: "changed" | "gone";
  now: string;
}
export interface TouchedSection {
  section_id: string;
  title: string;
  sentences: readonly string[];
}
export interface Upload {
  sha256: string;
  bytes: number;
  content_type: string;
  filename?: string | null;
}
export interface Watch {
  every: string;
  cron: string;
  time_zone: string;
  auto: "mark" | "refresh";
  max_tokens: number;
  add: boolean;
}
export interface WatchView {
  batch_id: string;
  watch?: Watch | null;
  sources: readonly WatchedSource[];
  undecided?: string | null;
}
export interface WatchedSource {
  source_id: string;
  title?: string | null;
  url?: string | null;
  watch: Watch;
  news?: Check | null;
  checked?: Check | null;
}
export interface Work {
  doi?: string | null;
  authors: readonly string[];
  venue?: string | null;
  year?: number | null;
}
export interface WorkerView {
  worker: string;
  phase: string;
  since: string;
  seen: string;
  running: readonly string[];
  slots: number;
  draining: boolean;
  paused: boolean;
  version: string;
  clock_offset?: number | null;
}
export interface WorkflowCancelled {
  type: "workflow:cancelled";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  run_id: string;
  reason: string;
}
export interface WorkflowComplete {
  type: "workflow:complete";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  run_id: string;
  result?: RunResult | null;
  report_stale?: boolean | null;
}
export interface WorkflowFailed {
  type: "workflow:failed";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  run_id: string;
  problem?: ProblemDocument | null;
}
export interface WorkflowProgress {
  type: "workflow:progress";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  node?: string | null;
  generation: number;
  attempt: number;
  progress: number;
  message: string;
  phase: Phase;
  step_id?: number | null;
  done?: number | null;
  total?: number | null;
}
export interface WorkflowQueued {
  type: "workflow:queued";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  run_id: string;
  position: number;
}
export interface WorkflowRefused {
  type: "workflow:refused";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  command_id: string;
  problem: ProblemDocument;
}
export interface WorkflowStale {
  type: "workflow:stale";
  batch_id: string;
  session_id: string;
  at?: string | null;
  seq?: number | null;
  n?: number | null;
  nodes: readonly StaleNode[];
  report_stale?: boolean | null;
}
export interface AcceptCall {
  batch_id?: string | null;
  session_id: string;
  command_id?: string | null;
  node: string;
  reason: string;
}
export interface AskRequest {
  question: string;
  source_ids?: readonly string[];
  dry_run?: boolean;
  plan_token?: string | null;
  max_tokens?: number | null;
  command_id?: string | null;
}
export interface BatchRequest {
  topic: string;
  guidance?: string;
  engine?: string | null;
  model?: string | null;
  language?: string;
  options?: StartOptions;
  start?: boolean;
  command_id?: string | null;
  sources: readonly SourceInput[];
}
export interface CancelCall {
  batch_id?: string | null;
  session_id: string;
  command_id?: string | null;
  run_id?: string | null;
  phase?: Phase | null;
  step_id?: number | null;
}
export interface LockRequest {
  node: string;
  locked?: boolean;
  command_id?: string | null;
}
export interface Options {
  propagation?: Propagation;
  force?: boolean;
  refetch?: boolean;
  ask_again?: boolean | null;
  guidance?: string | null;
  engine?: string | null;
  model?: string | null;
  language?: string | null;
  report?: ReportOptions | null;
  section?: string | null;
  if_running?: IfRunning;
  allow_partial?: boolean;
  stop_after?: Phase | null;
  dry_run?: boolean;
  plan_token?: string | null;
  max_tokens?: number | null;
  max_session_tokens?: number | null;
}
export interface RefreshAllCall {
  state?: SessionState | null;
  stale?: boolean;
  failed?: boolean;
  tag?: string | null;
  q?: string;
  older_than?: string;
  max_tokens?: number | null;
  dry_run?: boolean;
  plan_token?: string | null;
  sessions?: readonly Share[];
  command_id?: string | null;
}
export interface RefreshCall {
  batch_id?: string | null;
  session_id: string;
  command_id?: string | null;
  options?: Options;
}
export interface RestartPhase {
  batch_id?: string | null;
  session_id: string;
  command_id?: string | null;
  phase: Phase;
  options?: Options;
}
export interface RestartStep {
  batch_id?: string | null;
  session_id: string;
  command_id?: string | null;
  step_ids: readonly number[];
  options?: Options;
}
export interface SessionRequest {
  topic: string;
  guidance?: string;
  engine?: string | null;
  model?: string | null;
  language?: string;
  options?: StartOptions;
  start?: boolean;
  command_id?: string | null;
}
export interface SourceInput {
  url?: string | null;
  text?: string | null;
  title?: string | null;
  search?: Search | null;
}
export interface SourcesRequest {
  sources: readonly SourceInput[];
  command_id?: string | null;
}
export interface StartOptions {
  stop_after?: Phase | null;
  allow_partial?: boolean;
  max_tokens?: number | null;
  max_session_tokens?: number | null;
  report?: ReportOptions;
}
export interface TagRequest {
  add?: readonly string[];
  remove?: readonly string[];
  command_id?: string | null;
}
export interface WatchRequest {
  every?: string;
  cron?: string;
  time_zone?: string;
  auto?: "mark" | "refresh";
  max_tokens?: number;
  add?: boolean;
  command_id?: string | null;
}
export interface WebhookRequest {
  url: string;
  types?: readonly ("reprise.run.completed" | "reprise.run.failed" | "reprise.run.cancelled" | "reprise.report.stale" | "reprise.source.changed" | "reprise.source.gone" | "reprise.ceiling.reached" | "reprise.backup.old")[];
  batch_id?: string | null;
  secret?: string | null;
  command_id?: string | null;
}
export interface Orders {
  restart_phase: RestartPhase;
  restart_step: RestartStep;
  refresh: RefreshCall;
  accept: AcceptCall;
  refresh_all: RefreshAllCall;
  cancel: CancelCall;
  add_webhook: WebhookRequest;
}
export const ORDERS: Readonly<Record<keyof Orders, string>> = {
  restart_phase: "/workflow/restart/phase",
  restart_step: "/workflow/restart/step",
  refresh: "/workflow/refresh",
  accept: "/workflow/accept",
  refresh_all: "/workflow/refresh-all",
  cancel: "/workflow/cancel",
  add_webhook: "/webhooks",
};
export type AnyFrame =
  | Connected
  | Snapshot
  | Reset
  | BatchInitialized
  | ScrapingConfirmed
  | ScrapingCancelled
  | SourceSummary
  | SourceChecked
  | ResearchStart
  | ResearchComplete
  | WorkflowProgress
  | WorkflowComplete
  | WorkflowFailed
  | WorkflowCancelled
  | WorkflowQueued
  | WorkflowRefused
  | WorkflowStale
  | NodeUpdate
  | SessionUpdate
  | ScrapingStatus
  | ScrapingItemProgress
  | ScrapingItemUpdate
  | SummarizationProgress
  | PhaseChange
  | Goals
  | SynthesizedGoal
  | PlanFrame
  | StreamStart
  | StreamToken
  | StreamEnd
  | StreamError
  | PhaseRerunStarted
  | PhaseRerunComplete
  | PhaseRerunError
  | StepRerunStarted
  | StepRerunComplete
  | StepRerunError
  | StepComplete
  | ReportReady
  | ErrorFrame
  | Answer;
