/** What failed, why, whether trying again can help, and what to do. */
import type { ReactNode } from "react";
import type { NodeView } from "../wire";
import { Glyph } from "./glyph";

export function NodeProblem({ view }: { readonly view: NodeView }): ReactNode {
  if (view.status !== "failed" || !view.problem) return null;
  return (
    <div className="notice failed">
      <Glyph of="failed" />
      <div>
        <p>
          <strong>{view.problem.detail}</strong>
        </p>
        <p>
          {view.problem.action ||
            (view.problem.retryable
              ? "Trying again may help."
              : "Trying again will not help unless something changes.")}
        </p>
        {view.artifact && <p className="soft">The result before it is kept.</p>}
      </div>
    </div>
  );
}
