/** What every page shares: the head, problems, dialogs, commands, terms. */
import type { Texts } from "../en";

export const ui: Texts["ui"] = {
  site: {
    skip: "跳到正文",
    nav: "站点",
    start: "新建",
    batches: "批次",
    workers: "工作进程",
    help: "帮助",
    operator: "运维",
    language: "语言",
    noPage: "没有这个页面",
    noPageHint: (batches, start) => (
      <>
        请前往{batches}，或开始{start}。
      </>
    ),
    yourBatches: "您的批次",
    newResearch: "新的研究",
    onlyLooking: "您可以查看",
    onlyLookingHint: (batches) => (
      <>您的令牌只有查看权限：可以阅读{batches}及其报告。要开始或重新运行研究，请向服务器的管理者索取研究者令牌。</>
    ),
    allBatches: "所有批次",
    signedIn: (caller, role) => `已登录：${caller}，${role}`,
    role: { viewer: "查看者", researcher: "研究者", operator: "运维者" },
    signOut: "退出",
  },
  signIn: {
    tab: "登录",
    title: "您是谁？",
    lead: "此服务器需要令牌，由其管理者提供。",
    token: "令牌",
    unknown: "服务器不认识此令牌，或令牌已过期。请检查后重试。",
    go: "继续",
  },
  problem: {
    page: "无法显示此页面",
    reload: "重新载入",
    pageDetail: "此页面出错了。",
    pageAction: "请重新载入。",
    unreachable: "服务器没有响应。",
    answered: (status) => `服务器返回 ${status}。`,
    unreachableAction: "页面会自动重试，不会丢失任何内容。",
    retryHelps: "重试可能有用。",
    retryDoesNot: "除非情况改变，否则重试无用。",
    kept: "保留了之前的结果。",
  },
  dialog: { close: "关闭", notNow: "暂不" },
  connection: {
    offline: (clock) => `已离线。此页面是 ${clock} 的状态，将自动重新连接。`,
    tryNow: "立即重试",
  },
  command: {
    tray: "命令",
    status: {
      sent: "已发送",
      accepted: "已接受",
      queued: "排队中",
      merged: "已并入等待中的命令",
      running: "运行中",
      completed: "完成",
      failed: "失败",
      cancelled: "已取消",
      refused: "被拒绝",
    },
    line: (label, status) => (
      <>
        {label}：{status}
      </>
    ),
    place: (position) => `，队列中第 ${position} 位`,
    why: (problem) => `：${problem}`,
    dismiss: "移除",
    dismissIt: (label) => `移除：${label}`,
  },
  draft: {
    kept: (time) => `已保存在此浏览器中（${time}）。`,
    restored: (time) => `已恢复您之前输入的内容（${time}）。`,
    discard: "重新开始",
    notKept: "此浏览器不保存内容，可能是无痕窗口。请在离开前提交。",
  },
  badge: {
    attempt: (status, attempt) => `${status}，第 ${attempt} 次尝试`,
    queued: (position) => `排队：第 ${position} 位`,
    failed: "失败",
    cancelled: "已取消",
    why: (name) => `已过时：${name}的原因与处理`,
    isNew: "新",
  },
  term: {
    rerun: { name: "重新运行", meaning: "再次运行研究的一个部分。除非您另有指示，其余部分保持不变。" },
    stale: {
      name: "已过时",
      meaning: "生成此结果所依据的内容后来发生了变化。结果仍保留并可阅读，但不包含该变化。在命令行和接口中称为 stale。",
    },
    cascade: {
      name: "级联",
      meaning: "您重新运行的部分完成后，依据它生成的部分也依次运行，但仅限输入确实有变化的部分。",
    },
    markStale: {
      name: "仅标记",
      meaning: "只运行您选择的部分。依据它生成的部分保持不变，并标记为已过时。",
    },
    cutOff: { name: "无变化", meaning: "重新运行的结果与之前相同，因此其下游无需运行。这称为提前截止。" },
    force: { name: "强制", meaning: "即使没有变化，也运行下游的全部部分。" },
    update: { name: "更新", meaning: "依次运行所有已过时或尚未完成的部分，仅此而已。" },
    guidance: { name: "指引", meaning: "用您的话说明这一部分应注意什么。在您替换之前一直有效。" },
    accept: { name: "接受", meaning: "表示过时的结果目前够用。下一次变化会使它再次过时。" },
    locked: { name: "已锁定", meaning: "在解锁之前，此结果不会再次运行。如果其依据发生变化，它仍保留，但为已过时。" },
    refetch: { name: "重新获取", meaning: "向每个来源重新获取文本。否则使用已存储的文本。" },
    partial: { name: "部分报告", meaning: "允许报告缺少失败的步骤，并说明缺了什么。" },
    confidence: { name: "可信度", meaning: "独立来源一致时为高；只有一个来源这样说，或有来源持不同说法时为低。" },
    batch: { name: "批次", meaning: "一组来源及对它们的研究。在您结束之前一直存在。" },
    lag: { name: "等待中", meaning: "还没有工作进程接手的任务。如果持续增长，说明需要更多工作进程。" },
    upgradable: { name: "有新版本", meaning: "此结果生成之后出现了更新的引擎版本。重新运行即可使用新版本。" },
  },
};
