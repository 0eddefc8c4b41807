/** What a command would do: what runs, may run, is kept, becomes out of date, is dropped; and how long the like took last time. */
import { Fragment, type ReactNode, useState } from "react";
import { isStep } from "../../nodes";
import { useSession } from "../../store";
import { t } from "../../texts";
import { Glyph } from "../../ui/glyph";
import type { Preview } from "../../wire";
import { capital, count, nodeName, seconds } from "../../words";

type Sign = Parameters<typeof Glyph>[0]["of"];

interface Props {
  readonly preview: Preview | undefined;
  readonly waiting: boolean;
  /** What is below is only marked: it is out of date if what runs comes out different. */
  readonly marking?: boolean;
  /** Titles that nodes would have from then on, where they are others than now. */
  readonly titles?: Readonly<Record<string, string>>;
}

export function PreviewLists({ preview, waiting, marking = false, titles = {} }: Props): ReactNode {
  const views = useSession((session) => session.state.nodes);
  if (!preview) return <div className="preview" aria-busy="true" />;
  const { plan } = preview;
  const say = t.session.preview;
  const time = seconds(plan.estimate.seconds);
  const about = plan.estimate.seconds < 0.1 ? time : t.words.time.about(time);
  // Where a model was paid before, nothing to pay is said too: every answer was on record.
  const pays = plan.estimate.tokens > 0 || Object.values(views).some((view) => view.tokens > 0);
  const cost = pays ? t.words.list([about, count(plan.estimate.tokens, "token")]) : about;
  const never = plan.estimate.never_run.length;
  const recorded = plan.estimate.recorded.length;
  const foretold = [
    never < plan.run.length && plan.estimate.seconds > 0 && say.asLastTime(cost),
    recorded > 0 && say.recorded(recorded, plan.run.length),
    never > 0 && say.neverRun(never, plan.run.length),
  ];
  const already = plan.stale.filter((node) => !marking || views[node]?.freshness === "stale");
  const perhaps = plan.stale.filter((node) => !already.includes(node));
  const rows: readonly (readonly [string, Sign, readonly string[], string])[] = [
    [say.runs, "info", plan.run, foretold.filter(Boolean).join("; ")],
    [say.mayRun, "queued", plan.may_run, say.mayRunHint],
    [say.stale, "stale", already, say.staleHint],
    [say.stale, "stale", perhaps, say.mayBeStale],
    [say.dropped, "cancelled", plan.drop, say.droppedHint],
    [say.kept, "completed", plan.keep, say.keptHint],
    [say.mayDrop, "cancelled", plan.may_drop, say.mayDropHint],
  ];
  const shown = rows.filter(([, , nodes], index) => nodes.length > 0 || index === 0);
  return (
    <section className="preview" aria-busy={waiting} aria-live="polite" aria-label={say.region}>
      <dl>
        {shown.map(([name, sign, nodes, hint]) => (
          <div key={name + hint}>
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
      {plan.notices.map((notice) => (
        <p key={notice.text} className="small preview-warning">
          <Glyph of="info" /> <span>{t.server.notice(notice, nodeName) || notice.text}</span>
        </p>
      ))}
      {preview.provisional && (
        <p className="small preview-warning">
          <Glyph of="info" /> {say.provisional}
        </p>
      )}
    </section>
  );
}

/** So many steps are named until all are asked for; the phases always are. */
const MOST = 8;

function Nodes({ nodes, titles }: { readonly nodes: readonly string[] } & Required<Pick<Props, "titles">>): ReactNode {
  const views = useSession((session) => session.state.nodes);
  const [all, setAll] = useState(false);
  const say = t.session.preview;
  if (nodes.length === 0) return <span>{say.nothing}</span>;
  const steps = nodes.filter(isStep);
  const few = steps.length <= MOST;
  const shown = new Set(all || few ? steps : steps.slice(0, MOST - 2));
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
                {views[node]?.locked_at && (
                  <>
                    {" "}
                    <Glyph of="locked" label={t.ui.term.locked.name} />
                  </>
                )}
                {title && <span className="soft"> {title}</span>}
              </li>
              {!few && node === last && (
                <li className="plain">
                  <button type="button" className="link-button" onClick={() => setAll(!all)}>
                    {all ? say.fewer : say.moreSteps(more)}
                  </button>
                </li>
              )}
            </Fragment>
          );
        })}
    </ul>
  );
}
