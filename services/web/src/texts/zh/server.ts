/** What the server tells by a code and parameters: problems, causes, the story of a session. */
import type { EventFacts, ProblemType, TimelineEntry } from "../../wire";
import type { Texts } from "../en";

const PROBLEMS: Readonly<Record<ProblemType, string>> = {
  not_found: "没有找到。",
  invalid: "请求中有错误。",
  command_reused: "此命令编号已用于另一条命令。",
  session_busy: "会话正忙。",
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
  cancelled: "已取消。",
  internal: "服务器内部出错。",
};

export const server: Texts["server"] = {
  problem: (type) => PROBLEMS[type] ?? PROBLEMS.internal,
  event: eventText,
  cause: {
    changed: (what) => `${what}有变化`,
    edited: (what) => `有人编辑下游之后，${what}有变化`,
    added: (what) => `${what}是新的`,
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

type Name = (node: string) => string;

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

function why(facts: EventFacts): string {
  return facts.problem ? `：${PROBLEMS[facts.problem.type] ?? facts.problem.detail}` : "。";
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
      return `${who}请求${KINDS[facts.kind] ?? facts.kind}，被拒绝${why(facts)}`;
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
      return `${runText(facts, name)}${OUTCOMES[facts.outcome] ?? facts.outcome}${why(facts)}`;
    case "node_queued": {
      const again = facts.attempt > 1 ? `，第 ${facts.attempt} 次尝试` : "";
      const gaps = facts.gaps.length ? `，缺少${named(facts.gaps, name)}` : "";
      return `${what}可以运行${again}${gaps}。`;
    }
    case "node_started":
      return `工作进程开始${what}。`;
    case "node_completed":
      return `${what}完成，用时 ${facts.seconds < 0.1 ? "不到 0.1" : facts.seconds.toFixed(1)} 秒。${facts.unchanged ? "结果与之前相同。" : ""}`;
    case "node_failed":
      return `${what}失败${why(facts)}${facts.final ? "" : "将再次尝试。"}`;
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
