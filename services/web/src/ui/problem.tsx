/** What went wrong, and what to do about it. */
import type { ReactNode } from "react";
import { Refusal } from "../api";
import { t } from "../texts";
import type { Problem } from "../wire";
import { nodeName } from "../words";
import { Glyph } from "./glyph";

export function problemOf(error: unknown): Problem {
  if (error instanceof Refusal) return error.problem;
  const { pageDetail, pageAction } = t.ui.problem;
  return { type: "internal", detail: pageDetail, action: pageAction, retryable: true };
}

/** A problem's words. Where only its kind has words in the language that is spoken, the server's own stand behind them. */
export function ProblemWords({ problem }: { readonly problem: Problem }): ReactNode {
  const told = t.server.problem(problem, nodeName);
  if (told && problem.code) return <strong>{told}</strong>;
  if (!told)
    return (
      <>
        <strong>{problem.detail}</strong> {problem.action}
      </>
    );
  return (
    <>
      <strong>{told}</strong>{" "}
      <span lang="en" className="soft">
        {problem.detail} {problem.action}
      </span>
    </>
  );
}

export function ProblemNotice({
  error,
  children,
}: {
  readonly error: unknown;
  readonly children?: ReactNode;
}): ReactNode {
  return (
    <div className="notice failed" role="alert">
      <Glyph of="failed" />
      <p>
        <ProblemWords problem={problemOf(error)} />
      </p>
      {children}
    </div>
  );
}
