/** What failed, why, whether trying again can help, and what to do. */
import type { ReactNode } from "react";
import { problemIn } from "../model";
import { t } from "../texts";
import type { NodeView } from "../wire";
import { Glyph } from "./glyph";
import { ProblemWords } from "./problem";

export function NodeProblem({ view, children }: { readonly view: NodeView; readonly children?: ReactNode }): ReactNode {
  if (view.status !== "failed" || !view.problem) return null;
  return (
    <div className="notice failed">
      <Glyph of="failed" />
      <div>
        <p>
          <ProblemWords problem={problemIn(view.problem)} />
        </p>
        {!view.problem.action && <p>{view.problem.retryable ? t.ui.problem.retryHelps : t.ui.problem.retryDoesNot}</p>}
        {view.artifact && <p className="soft">{t.ui.problem.kept}</p>}
      </div>
      {children}
    </div>
  );
}
