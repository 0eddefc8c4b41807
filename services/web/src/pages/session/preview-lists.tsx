/** What a command would do: what runs, may run, is kept, becomes out of date, is dropped; and how long the like took last time. */
import { Fragment, type ReactNode } from "react";
import { useSession } from "../../store";
import { Glyph } from "../../ui/glyph";
import type { Preview } from "../../wire";
import { capital, count, isStep, nodeName, seconds } from "../../words";

type Sign = Parameters<typeof Glyph>[0]["of"];

interface Props {
  readonly preview: Preview | undefined;
  readonly waiting: boolean;
  /** Titles that nodes would have from then on, where they are others than now. */
  readonly titles?: Readonly<Record<string, string>>;
}

export function PreviewLists({ preview, waiting, titles = {} }: Props): ReactNode {
  if (!preview) return <div className="preview" aria-busy="true" />;
  const { plan } = preview;
  const tokens = plan.estimate.tokens ? `, ${count(plan.estimate.tokens, "token")}` : "";
  const about = `${plan.estimate.seconds < 0.1 ? "" : "about "}${seconds(plan.estimate.seconds)}`;
  const never = plan.estimate.never_run.length;
  const hint = !plan.run.length
    ? ""
    : never === plan.run.length
      ? "never run yet"
      : `${about}${tokens}, as last time${never ? `; ${never} never run yet` : ""}`;
  const rows: readonly (readonly [string, Sign, readonly string[], string])[] = [
    ["Runs", "running", plan.run, hint],
    ["May run", "queued", plan.may_run, "only where something above changes"],
    ["Out of date", "stale", plan.stale, "kept, and says so"],
    ["Dropped", "cancelled", plan.drop, "its result goes"],
    ["Kept", "completed", plan.keep, "as it is"],
    ["May be dropped", "cancelled", plan.may_drop, "where the new plan is without it; its result goes"],
  ];
  const shown = rows.filter(([name, , nodes]) => nodes.length > 0 || name === "Runs");
  return (
    <section className="preview" aria-busy={waiting} aria-live="polite" aria-label="What will happen">
      <dl>
        {shown.map(([name, sign, nodes, hint]) => (
          <div key={name}>
            <dt>
              <Glyph of={sign} /> {name}
            </dt>
            <dd>
              <Nodes nodes={nodes} titles={titles} />
              {hint && <span className="soft small"> {hint}</span>}
            </dd>
          </div>
        ))}
      </dl>
      {plan.warnings.map((warning) => (
        <p key={warning} className="small preview-warning">
          <Glyph of="info" /> {warning}
        </p>
      ))}
      {preview.provisional && (
        <p className="small preview-warning">
          <Glyph of="info" /> Something is running, so this may still change.
        </p>
      )}
    </section>
  );
}

/** So many steps are named; the phases always are. */
const MOST = 8;

function Nodes({ nodes, titles }: { readonly nodes: readonly string[] } & Required<Pick<Props, "titles">>): ReactNode {
  const views = useSession((session) => session.state.nodes);
  if (nodes.length === 0) return <span>Nothing</span>;
  const steps = nodes.filter(isStep);
  const shown = new Set(steps.slice(0, steps.length <= MOST ? MOST : MOST - 2));
  const more = steps.length - shown.size;
  const last = [...shown].at(-1);
  return (
    <ul className="chips">
      {nodes
        .filter((node) => shown.has(node) || !isStep(node))
        .map((node) => {
          const title = titles[node] ?? views[node]?.title;
          return (
            <Fragment key={node}>
              <li>
                {capital(nodeName(node))}
                {title && <span className="soft"> {title}</span>}
              </li>
              {more > 0 && node === last && <li className="soft">and {count(more, "more step")}</li>}
            </Fragment>
          );
        })}
    </ul>
  );
}
