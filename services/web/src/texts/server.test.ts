import { describe, expect, it } from "vitest";
import type { Notice, Problem } from "../wire";
import { nodeName } from "../words";
import { en } from "./en";
import { zh } from "./zh";

const problem = (part: Partial<Problem>): Problem => ({
  type: "invalid",
  detail: "It failed.",
  action: "",
  retryable: false,
  ...part,
});

describe("what the server tells, in Chinese", () => {
  it("is said by a problem's code with what it names, else by its kind", () => {
    const missing = problem({ code: "input_missing", facts: { node: "phase4", parent: "phase3/2" } });
    expect(zh.server.problem(missing, nodeName)).toMatch(/^report无法运行：step 2还没有结果/); // names as they are spoken now
    expect(zh.server.problem(problem({ code: "ceiling_of_run", facts: { tokens: 12_000 } }), nodeName)).toContain(
      "12,000 个词元",
    );
    const refused = problem({ code: "endpoint_refused", facts: { place: "api.example", status: 400, said: "no" } });
    expect(zh.server.problem(refused, nodeName)).toBe("api.example 拒绝了请求（400）。对方的说明：no");
    expect(zh.server.problem(problem({ type: "no_sources" }), nodeName)).toBe("没有可读取的来源。");
    expect(en.server.problem(missing, nodeName)).toBe("");
    const locked = problem({ type: "node_locked", code: "node_locked", facts: { nodes: ["phase2", "phase3/4"] } });
    expect(zh.server.problem(locked, (node) => `<${node}>`)).toBe("<phase2>、<phase3/4>已锁定，不会运行。请先解锁。");
    const unset = problem({ code: "engine_without_endpoint", facts: { engine: "openai" } });
    expect(zh.server.problem(unset, nodeName)).toContain("REPRISE_LLM__BASE_URL");
    const spent = problem({ type: "limit_reached", code: "ceiling_of_day", facts: { tokens: 5_000 } });
    expect(zh.server.problem(spent, nodeName)).toContain("5,000 个词元");
  });

  it("is said of what is done with a source", () => {
    expect(["fetching", "extracting", "polishing"].map(zh.server.stage)).toEqual(["正在获取", "正在读取", ""]);
  });

  it("is said of a preview's warnings", () => {
    const notice = (part: Partial<Notice>): Notice => ({ code: "spent", nodes: [], options: [], text: "", ...part });
    const name = (node: string): string => `<${node}>`;
    const told = [
      notice({ code: "left_stale", nodes: ["phase1"] }),
      notice({ code: "stops_at", nodes: ["phase4"], tokens: 1500, needed: 2400 }),
      notice({ code: "report_unheeded", nodes: ["phase4"], engine: "extractive", options: ["length", "tone"] }),
      notice({ code: "waits", nodes: ["phase4", "phase3/1", "phase3/2"] }),
    ].map((one) => zh.server.notice(one, name));
    expect(told).toEqual([
      "<phase1>已过时，本次不运行。",
      "<phase4>可能无法完成：到那时上限内只剩 1,500 个词元，约需 2,400 个。其后的部分也要等待。",
      "引擎 extractive 照原文引用来源：字数、语气对报告不起作用。",
      "<phase4>要等待：<phase3/1>、<phase3/2>没有可用的结果。",
    ]);
  });
});
