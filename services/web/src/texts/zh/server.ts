/** What the server tells by a code and parameters: problems, causes, the story of a session. */
import { problemIn } from "../../model";
import type {
  EventFacts,
  FailureReason,
  Notice,
  NoticeCode,
  Problem,
  ProblemCode,
  ProblemType,
  TimelineEntry,
} from "../../wire";
import { countsText } from "../../words";
import type { Texts } from "../en";

const PROBLEMS: Readonly<Record<ProblemType, string>> = {
  not_found: "没有找到。",
  invalid: "请求中有错误。",
  command_reused: "此命令编号已用于另一条命令。",
  session_busy: "会话正忙。",
  node_locked: "已锁定，请先解锁。",
  plan_changed: "计划已变化，请再次确认。",
  step_obsolete: "此步骤已不在计划中。",
  step_unknown: "没有此步骤。",
  inputs_missing: "缺少所需的输入。",
  feature_off: "此功能在本服务器上已关闭。",
  unauthenticated: "需要登录。",
  forbidden: "您没有此权限。",
  batch_ended: "此批次已结束。",
  conflict: "其间已有其他修改。",
  too_large: "内容太大。",
  unavailable: "服务暂时不可用。",
  rate_limited: "请求过于频繁。",
  worker_lost: "工作进程中断。",
  no_sources: "没有可读取的来源。",
  engine_failed: "引擎出错。",
  engine_unavailable: "引擎不可用。",
  invalid_plan: "计划无效。",
  store_unavailable: "存储不可用。",
  artifact_lost: "存储中的一个结果丢失了。",
  budget_reached: "已达到词元上限。",
  limit_reached: "当日的自动更新额度已用完。",
  cancelled: "已取消。",
  internal: "服务器内部出错。",
};

type Facts = NonNullable<Problem["facts"]>;
type Name = (node: string) => string;

/** Words of others, as they came. */
const said = ({ said }: Facts): string => (said ? `对方的说明：${said}` : "");
const nodesOf = ({ nodes }: Facts): readonly string[] => (Array.isArray(nodes) ? nodes : []);
const number = (value: unknown): string => Number(value).toLocaleString("zh-CN");
const megabytes = (value: unknown): string => `${Math.floor(Number(value) / 1e6).toLocaleString("zh-CN")} MB`;
const ROLES: Readonly<Record<string, string>> = { viewer: "查看者", researcher: "研究者", operator: "管理者" };

/** What happened, and what to do. */
const EXACTLY: Readonly<Record<ProblemCode, (facts: Facts, name: Name) => string>> = {
  artifact_changed: () => "您读取之后，内容已有修改。请重新读取，再编辑。",
  asked_already: (facts, name) =>
    `${nodesOf(facts).map(name).join("、")}已经问了这个问题。请阅读其发现，或重新运行它。`,
  batch_deleted: () => "此批次已结束并删除，内容不再保留。请开始新的批次。",
  batch_ended: () => "此批次已结束，结果仍可阅读。请开始新的批次。",
  ceiling_of_day: ({ tokens }) => `自动更新今天的 ${number(tokens)} 个词元已用完。请自行更新会话，或提高监视的上限。`,
  ceiling_of_run: ({ tokens }) =>
    `本次运行已用完 ${number(tokens)} 个词元的上限，不再开始新的部分，已有结果保留。更新会话即可继续，可另设上限或不设。`,
  ceiling_of_session: ({ tokens }) =>
    `会话已用完 ${number(tokens)} 个词元的上限，不再开始新的部分，已有结果保留。请以更高的上限更新会话。`,
  command_reused: () => "此命令编号已用于另一条命令。请换一个编号。",
  disk_full: ({ bytes }) => `服务器磁盘将满，仅剩 ${megabytes(bytes)}。请告知管理者，或删除不再需要的批次。`,
  edit_while_running: () => "会话正在运行，编辑不能排队。请等它结束或取消它，再保存。",
  endpoint_busy: ({ place, seconds }) =>
    `${place} 暂时不接受更多请求${seconds ? `，要求等待 ${seconds} 秒` : ""}。请稍后再试，或减少同时工作的进程。`,
  endpoint_failed: (facts) => `${facts.place} 出错（${facts.status}）。请稍后再试，并查看该端点的日志。${said(facts)}`,
  endpoint_refused: (facts) => `${facts.place} 拒绝了请求（${facts.status}）。${said(facts)}`,
  endpoint_slow: ({ place }) => `${place} 没有及时回答。请稍后再试；模型较慢时，请调高 REPRISE_LLM__TIMEOUT。`,
  endpoint_unreachable: (facts) =>
    `无法连接 ${facts.place}。请检查端点是否在运行，以及 REPRISE_LLM__BASE_URL。${said(facts)}`,
  endpoint_unreadable: (facts) => `无法读取 ${facts.place} 的回答。请确认它支持 chat completions 接口。${said(facts)}`,
  engine_incomplete: (facts) => `引擎 ${facts.engine} 无法加载。请检查工作进程的安装。${said(facts)}`,
  engine_unknown: ({ engine, engines }) =>
    `没有引擎 ${engine}。可选：${Array.isArray(engines) ? engines.join("、") : "无"}。`,
  engine_without_endpoint: ({ engine }) =>
    `引擎 ${engine} 没有端点。请为所有服务设置 REPRISE_LLM__BASE_URL，例如 http://127.0.0.1:8080/v1，或使用引擎 extractive。`,
  engine_without_model: ({ engine }) =>
    `引擎 ${engine} 没有模型。请指定模型，或为所有服务设置 REPRISE_LLM__MODEL，或使用引擎 extractive。`,
  feature_off: ({ feature }) => `功能 ${feature} 在此环境中已关闭。请让管理者开启。`,
  file_too_large: ({ name, most }) => `“${name}”超过 ${megabytes(most)}。请拆分，或不提供它。`,
  input_failed: ({ node, parent }, name) =>
    `${name(String(node))}无法运行：${name(String(parent))}失败。请先运行它，更新会话，或允许部分报告：报告将采用最近一次可用的结果。`,
  input_missing: ({ node, parent }, name) =>
    `${name(String(node))}无法运行：${name(String(parent))}还没有结果。请先运行它，或更新会话。`,
  input_unreadable: (facts) => `无法读取一项输入。请更新会话。${said(facts)}`,
  inputs_incomplete: () => "有部分无法运行，因为所依据的部分被取消或失败。请重新运行它们，或允许部分报告。",
  inputs_lost: (facts, name) =>
    `存储中已没有所依据的结果：${nodesOf(facts).map(name).join("、")}。请更新会话，丢失的会重新生成。`,
  key_refused: (facts) => `${facts.place} 拒绝了密钥。请将 REPRISE_LLM__API_KEY 设为可使用此模型的密钥。${said(facts)}`,
  language_lacking: ({ engine, language }) =>
    `引擎 ${engine} 不能用语言 ${language} 撰写。请换一种语言、由问题决定，或使用带模型的引擎。`,
  last_source: () => "这是批次的最后一个来源。请先添加另一个。",
  model_unknown: (facts) =>
    `${facts.place} 没有模型 ${facts.model}。请将 REPRISE_LLM__MODEL 设为它提供的模型，并检查 REPRISE_LLM__BASE_URL。${said(facts)}`,
  node_locked: (facts, name) => `${nodesOf(facts).map(name).join("、")}已锁定，不会运行。请先解锁。`,
  no_run: () => "会话中没有这次运行。",
  no_section: () => "报告没有这一节，或这一节由其他各节生成。请重新运行整份报告。",
  no_session: () => "此批次中没有此会话。",
  no_source: () => "没有此来源。",
  no_sources_given: () => "没有来源。请给出网址、文字、文件或搜索。",
  no_sources_read: ({ count }) =>
    `${count === 1 ? "唯一的来源" : `${count} 个来源都`}无法读取。请打开来源查看原因，替换或添加来源，再重新运行准备。`,
  not_decided: () => "请求已保存，尚未决定。请几秒后再试。",
  not_made: () => "它所依据的内容还不存在。请先运行之前的阶段。",
  not_stale: () => "此部分没有过时，无需接受。",
  parser_missing: (facts) => `无法启动读取文档的进程。请检查工作进程的安装和内存，再重新运行准备。${said(facts)}`,
  phase_broken: (facts) => `此阶段出现内部错误。请查看工作进程的日志，再重新运行。${said(facts)}`,
  plan_changed: () => "预览之后会话已有变化。请查看新的预览并确认。",
  plan_proposed_unsound: (facts) => `引擎提出的计划不能执行。请重新运行计划，给出指引，或自己编写计划。${said(facts)}`,
  plan_unsound: (facts) => `计划不能执行。请改正后再保存。${said(facts)}`,
  quota_used: (facts) => `${facts.place} 表示账户额度已用完。请充值，或换用另一个密钥。${said(facts)}`,
  report_moved: () => "报告所依据的内容已有变化，新的一节与其他各节不再相符。请重新运行整份报告。",
  result_damaged: ({ node }, name) => `存储中${name(String(node))}的结果已损坏。请重新运行它，或更新会话。`,
  result_lost: ({ node }, name) => `存储中${name(String(node))}的结果已丢失。请重新运行它，或更新会话。`,
  role_lacking: ({ own, needed }) =>
    `${ROLES[String(own)] ?? own}不能这样做，需要${ROLES[String(needed)] ?? needed}的令牌。请向管理者索取。`,
  section_of_report: () => "只有报告才有节。",
  server_busy: () => "等待处理的工作太多。请几秒后再试。",
  session_busy: () => "会话正在运行。请等它结束，或取消它。",
  session_deleted: () => "会话已单独或随批次结束并删除，没有留下任何内容。请在批次中新建会话，或新建批次。",
  session_ended: () => "会话已单独或随批次结束，结果仍可阅读。请在批次中新建会话，或新建批次。",
  session_not_empty: () => "会话已有自己的结果或正在运行，不会被导入的内容覆盖。请导入到新的批次。",
  sources_empty: () => "没有可读的内容：来源是空的。请至少给出一个有内容的来源。",
  sources_too_many: ({ given, most }) => `一次提交 ${number(given)} 个来源太多，最多 ${number(most)} 个。请分次添加。`,
  steps_gone: (facts, name) => `${nodesOf(facts).map(name).join("、")}已不在计划中。`,
  steps_held: (facts, name) =>
    `计划中缺少已锁定的内容，或已锁定步骤所读取的内容：${nodesOf(facts).map(name).join("、")}。请保留它们，或先解锁。`,
  steps_unknown: (facts, name) => `会话中没有${nodesOf(facts).map(name).join("、")}。`,
  stops_too_early: ({ phase, target }, name) =>
    `运行会在${name(String(phase))}之后停止，早于它的目标${name(String(target))}。请选择目标或之后的阶段。`,
  store_silent: (facts) => `存储没有回答。请更新会话。${said(facts)}`,
  text_lost: () => "存储中缺少一段保存过的内容。请更新会话，或重新运行准备：丢失的会重新读取或获取。",
  text_too_long: () => "要读的内容超出模型的窗口。请将 REPRISE_LLM__WINDOW 设为模型的实际窗口，较长的内容会分段读取。",
  token_expired: () => "令牌已过期。请向管理者索取新的令牌。",
  token_wanted: () => "此服务器需要登录。请提供令牌。",
  tokens_short: ({ needed, left, most }) =>
    `下一步约需 ${number(needed)} 个词元，上限 ${number(most)} 中只剩 ${number(left)}。已有结果保留；请提高上限，再更新会话。`,
  too_fast: ({ seconds }) => `请求过于频繁。请等待 ${seconds} 秒。`,
  try_failed: ({ node }, name) => `${name(String(node))}最近一次尝试失败，之前的结果不能代替它。请重新运行它。`,
  unconfirmed: () => "尚不知道命令是否已被接受。再次发送不会重复执行。",
  worker_lost: () => "每次尝试时工作进程都中断了。请查看工作进程的日志（也许是内存不足），再重新运行。",
};

const GIVE_TEXT = "请自行打开网页，提供其中的文字或保存的文件。";
/** What to do about a source that has no text. */
const SOURCES: Readonly<Record<FailureReason, string>> = {
  blocked_address: "请提供公共互联网上的地址，或将网页作为文件上传。",
  not_found: "请检查网址，网页可能已移动。",
  forbidden: GIVE_TEXT,
  challenge: `网站要求真人使用浏览器访问。${GIVE_TEXT}`,
  paywall: `只有订阅者可以阅读。${GIVE_TEXT}`,
  robots: "网站要求程序不要读取此页。如您有权阅读，请自行阅读并提供文字。",
  timeout: "请稍后重新获取，或将文档作为文件上传。",
  unreachable: "请检查网址，稍后重新获取。",
  too_large: "请将需要的部分作为单独的文件上传。",
  too_many_redirects: "请用浏览器打开网址，提供最终的地址。",
  unsupported: "请以网页、PDF、办公文档、字幕、邮件、表格或文本提供。",
  not_text: "如果是扫描件，请先识别文字；否则请以 HTML、PDF、Markdown 或纯文本提供。",
  empty: "请确认网页不用脚本也能显示文字，否则请提供文字。",
  malformed: "文件似乎已损坏。请打开并重新保存，或提供文字。",
  server_error: "请稍后重新获取。",
  resources: "文档所需内存超出限制。请改为提供文字。",
};

const REPORT_OPTIONS: Readonly<Record<string, string>> = {
  length: "字数",
  tone: "语气",
  audience: "读者",
  outline: "章节",
};
/** What a source goes through while it is prepared. */
const STAGES: Readonly<Record<string, string>> = { fetching: "正在获取", extracting: "正在读取" };

/** What a preview warns of. */
const NOTICES: Readonly<Record<NoticeCode, (nodes: readonly string[], tokens: number, notice: Notice) => string>> = {
  left_failed: ([node]) => `${node}失败，本次不运行：采用最近一次可用的结果。`,
  left_stale: ([node]) => `${node}已过时，本次不运行。`,
  edit_left: ([node]) => `${node}由人编辑过，本次保持不变。`,
  edit_replaced: ([node]) => `${node}由人编辑过，本次会被取代。`,
  new_steps: (nodes) => `${nodes.join("、")}是新的，本次不运行。`,
  stops_at: ([node], tokens, { needed }) => {
    const left = tokens > 0 ? `只剩 ${number(tokens)} 个词元` : "已没有词元";
    const least = tokens > 0 && needed && needed > tokens ? `，约需 ${number(needed)} 个` : "";
    return `${node}${tokens > 0 ? "可能无法完成" : "不会运行"}：到那时上限内${left}${least}。其后的部分也要等待。`;
  },
  waits: ([node, ...parents]) => `${node}要等待：${parents.join("、")}没有可用的结果。`,
  spent: () => "词元上限已用完，不再开始新的部分。",
  report_unheeded: (_nodes, _tokens, { engine, options }) =>
    `引擎 ${engine} 照原文引用来源：${options.map((name) => REPORT_OPTIONS[name] ?? name).join("、")}对报告不起作用。`,
  language_unknown: (_nodes, _tokens, { engine, language }) =>
    `引擎 ${engine} 没有${languageName(language ?? "")}的词语：报告自身的文字用英语；该语言的来源只在词语相同时引用，不判断是否一致。`,
};

function languageName(code: string): string {
  return new Intl.DisplayNames("zh", { type: "language" }).of(code) ?? code;
}

export const server: Texts["server"] = {
  problem: ({ type, code, facts }, name) =>
    (code && EXACTLY[code]?.(facts ?? {}, name)) || (PROBLEMS[type] ?? PROBLEMS.internal),
  source: (reason) => SOURCES[reason] ?? "",
  stage: (stage) => STAGES[stage] ?? "",
  notice: (notice, name) => NOTICES[notice.code]?.(notice.nodes.map(name), notice.tokens ?? 0, notice) ?? "",
  event: eventText,
  cause: {
    changed: (what) => `${what}有变化`,
    edited: (what) => `有人编辑下游之后，${what}有变化`,
    added: (what) => `${what}是新的`,
    locked: (what) => `${what}已锁定：解锁后才会运行`,
    missing: (what) => `${what}没有结果`,
    lacking: (what) => `报告生成时${what}没有可用的结果`,
    upstream: (what) => `${what}已过时`,
    failed: (what) => `${what}最近一次尝试失败`,
    definition: "计划对它的定义已不同",
    gone: "用到的一个步骤已不在计划中",
    guidance: (what) => `${what}的指引已更改`,
    engine: (what) => `${what}的引擎已更改`,
    model: (what) => `${what}的模型已更改`,
    language: (what) => `${what}的语言已更改`,
    report: "报告的写法有改动",
    sourceReplaced: (name) => `“${name}”已被替换`,
    sourceChanged: (name) => `“${name}”有变化`,
    sourceAdded: (name) => `新增了“${name}”`,
    sourceRemoved: (name) => `移除了“${name}”`,
    aSource: "一个来源",
    someSourceChanged: "一个来源有变化",
    someSourceAdded: "新增了一个来源",
    someSourceRemoved: "移除了一个来源",
    preparation: "来源的准备",
  },
};

/** So many parts are named in a sentence; more of them are counted. */
const NAMED = 5;

function named(nodes: readonly string[], name: Name): string {
  return nodes.length > NAMED ? `${nodes.length} 个部分` : nodes.map(name).join("、");
}

/** What a run was asked for. */
function runText({ kind, target }: EventFacts, name: Name): string {
  if (kind === "start") return "研究";
  if (kind === "refresh" || target?.stale) return "更新";
  if (kind === "edit") return "编辑后的运行";
  if (target?.phase) return `${name(target.phase)}的重新运行`;
  return target?.steps
    ? `${named(
        target.steps.map((step) => `phase3/${step}`),
        name,
      )}的重新运行`
    : "运行";
}

function optionsText({ options }: EventFacts): string {
  if (!options) return "";
  const said = [
    options.propagation === "mark_stale" && "下游保持不变",
    options.force && "不论是否有变化",
    options.refetch && "重新获取来源",
    options.guidance && "使用新的指引",
    options.guidance === "" && "不用指引",
    options.engine && `引擎 ${options.engine}`,
    options.model && `模型 ${options.model}`,
    options.language && `语言 ${options.language}`,
    options.allow_partial && "允许部分报告",
    options.max_tokens && `最多 ${options.max_tokens.toLocaleString("zh-CN")} 个词元`,
    options.stop_after && "在计划之后暂停",
  ].filter(Boolean);
  return said.length ? `（${said.join("，")}）` : "";
}

const OUTCOMES: Readonly<Record<string, string>> = {
  completed: "已完成",
  failed: "失败",
  cancelled: "已取消",
  refused: "轮到时被拒绝",
};
const KINDS: Readonly<Record<string, string>> = {
  rerun: "重新运行",
  cancel: "取消",
  accept: "接受过时的结果",
  edit: "编辑结果",
};

/** How many of what came out. */
function counted({ counts }: EventFacts): string {
  const told = countsText(counts ?? {});
  return told && `${told}。`;
}

function why(facts: EventFacts, name: Name): string {
  return facts.problem ? `：${server.problem(problemIn(facts.problem), name)}` : "。";
}

function eventText({ type, by, node, nodes, facts }: TimelineEntry, name: Name): string {
  const caller = by.split(" via ")[0]; // the caller, and the door that he came by
  const who = !caller || caller === "user" ? "有人" : caller;
  const what = node ? name(node) : "";
  switch (type) {
    case "session_created":
      return `${who}创建了会话“${facts.topic}”，共 ${facts.sources} 个来源。`;
    case "sources_changed": {
      const told = [
        facts.added && `新增 ${facts.added} 个`,
        facts.changed && `更改 ${facts.changed} 个`,
        facts.removed && `移除 ${facts.removed} 个`,
      ].filter(Boolean);
      return `${by ? `${who}更改了来源` : "重新获取了来源"}：${told.join("，") || "无变化"}。`;
    }
    case "command_refused":
      return `${who}请求${KINDS[facts.kind] ?? facts.kind}，被拒绝${why(facts, name)}`;
    case "command_honoured":
      return `${who}取消了${facts.target || facts.kind === "start" ? runText(facts, name) : what || "会话中的全部运行"}。`;
    case "run_queued":
      return facts.kind === "start"
        ? `${who}开始了研究${optionsText(facts)}。`
        : `${who}请求${runText(facts, name)}${optionsText(facts)}。${facts.front ? "它排在其他等待的命令之前。" : ""}`;
    case "run_merged":
      return `${who}的请求与等待中的运行相同，已并入：${runText(facts, name)}。`;
    case "run_started":
      return `${runText(facts, name)}开始。`;
    case "run_finished":
      return `${runText(facts, name)}${OUTCOMES[facts.outcome] ?? facts.outcome}${why(facts, name)}`;
    case "node_queued": {
      const again = facts.attempt > 1 ? `，第 ${facts.attempt} 次尝试` : "";
      const gaps = facts.gaps.length ? `，缺少${named(facts.gaps, name)}` : "";
      return `${what}可以运行${again}${gaps}。`;
    }
    case "node_started":
      return `工作进程开始${what}。`;
    case "node_completed":
      return `${what}完成，用时 ${facts.seconds < 0.1 ? "不到 0.1" : facts.seconds.toFixed(1)} 秒。${counted(facts)}${facts.unchanged ? "结果与之前相同。" : ""}`;
    case "node_failed":
      return `${what}失败${why(facts, name)}${facts.final ? "" : "将再次尝试。"}`;
    case "nodes_kept":
      return `保持不变（${facts.by_hand ? "由人编辑过" : "所依据的内容没有变化"}）：${named(nodes, name)}。`;
    case "nodes_blocked":
      return `未运行（所需的部分失败或被取消）：${named(nodes, name)}。`;
    case "node_cancelling":
      return `已通知${what}停止。`;
    case "node_cancelled":
      return `${what}已取消，之前的结果保留。`;
    case "result_superseded":
      return `${what}的一个迟到的结果被搁置。`;
    case "artifact_edited":
      return `${who}编辑了${what}。${facts.unchanged ? "内容与之前相同。" : ""}`;
    case "node_accepted":
      return `${who}按现状接受了${what}：${facts.reason}`;
    case "session_ended":
      return `${who}${facts.deleting ? "删除" : "结束"}了批次。`;
    case "session_deleted":
      return "会话的全部内容已删除。";
    case "sweep_done":
      return "已从存储中删除不再需要的结果。";
    default:
      return "";
  }
}
