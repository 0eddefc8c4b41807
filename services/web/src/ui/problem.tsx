/** What went wrong, and what to do about it. */
import type { ReactNode } from "react";
import { Refusal } from "../api";
import type { Problem } from "../wire";
import { Glyph } from "./glyph";

export function problemOf(error: unknown): Problem {
  if (error instanceof Refusal) return error.problem;
  return { type: "internal", detail: "Something went wrong on this page.", action: "Load it again.", retryable: true };
}

export function ProblemNotice({
  error,
  children,
}: {
  readonly error: unknown;
  readonly children?: ReactNode;
}): ReactNode {
  const problem = problemOf(error);
  return (
    <div className="notice failed" role="alert">
      <Glyph of="failed" />
      <p>
        <strong>{problem.detail}</strong> {problem.action}
      </p>
      {children}
    </div>
  );
}
