/** What a part that failed with one engine can be tried with: another, with its word. */
import type { ReactNode } from "react";
import { canWork } from "../../fields/engine-choice";
import { problemIn } from "../../model";
import { useConfig } from "../../queries";
import { useNode, useSession } from "../../store";
import { t } from "../../texts";
import type { ProblemType } from "../../wire";
import { nodeName } from "../../words";
import { RerunButton, targetOf } from "./actions";

/** What another engine may do better. */
const OF_THE_ENGINE: ReadonlySet<ProblemType> = new Set([
  "engine_failed",
  "engine_unavailable",
  "invalid_plan",
  "budget_reached",
]);

export function OtherEngine({ node }: { readonly node: string }): ReactNode {
  const own = useSession((session) => session.state.engine);
  const problem = useNode(node)?.problem;
  const config = useConfig();
  const other = config?.engines.find((engine) => engine !== own && canWork(engine, config));
  if (!config || !other || !problem || !OF_THE_ENGINE.has(problemIn(problem).type) || node === "phase3") return null;
  const label = t.session.rerun.withEngine(t.fields.engine.name[other] ?? other);
  return (
    <div className="button-row">
      <RerunButton target={targetOf(node)} verb="retry" name={nodeName(node)} label={label} engine={other} />
    </div>
  );
}
