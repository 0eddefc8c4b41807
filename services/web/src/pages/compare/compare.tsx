/** Two reports beside each other: section by section what each says that the other does not. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link, useParams } from "wouter";
import { api, Refusal } from "../../api";
import { nodePath } from "../../nodes";
import { t } from "../../texts";
import { Glyph } from "../../ui/glyph";
import { ProblemNotice } from "../../ui/problem";
import { useTitle } from "../../ui/title";
import type { SectionComparison, State } from "../../wire";
import { listed, when } from "../../words";
import { comparePath } from "./path";

export default function ComparePage(): ReactNode {
  const { session = "", other = "" } = useParams<{ session: string; other: string }>();
  const say = t.pages.compare;
  useTitle(say.title);
  const found = useQuery({
    queryKey: ["compare", session, other],
    queryFn: () => Promise.all([api.compare(session, other), api.session(session), api.session(other)]),
    gcTime: 0,
  });
  return (
    <div className="page wide">
      <div className="page-head">
        <h1>{say.title}</h1>
        <p className="lead">{say.lead}</p>
      </div>
      {found.isError && <Problem error={found.error} />}
      {found.isPending && <div className="waiting" aria-busy="true" />}
      {found.data && (
        <>
          <div className="compare-heads">
            <Side state={found.data[1]} name={say.one} />
            <Side state={found.data[2]} name={say.two} />
          </div>
          <Sections sections={found.data[0].sections} />
          <Sources this={found.data[0].sources_only_this} other={found.data[0].sources_only_other} />
          <p>
            <Link href={comparePath(other, session)} className="button fit">
              {say.swap}
            </Link>
          </p>
        </>
      )}
    </div>
  );
}

/** A session without a report is what most likely stands in the way, and says so in the language of the page. */
function Problem({ error }: { readonly error: unknown }): ReactNode {
  const lacking = error instanceof Refusal && error.problem.type === "not_found" && !error.problem.code;
  if (!lacking) return <ProblemNotice error={error} />;
  return (
    <p className="notice" role="alert">
      <Glyph of="info" />
      <span>{t.pages.compare.noReport}</span>
    </p>
  );
}

function Side({ state, name }: { readonly state: State; readonly name: string }): ReactNode {
  const at = state.nodes.phase4?.artifact?.at;
  return (
    <div>
      <p className="soft small">{name}</p>
      <p>
        <Link href={nodePath(state.session_id, "phase4")} className="batch-topic">
          {state.topic}
        </Link>
      </p>
      <p className="meta">
        {at && <time dateTime={at}>{when(at)}</time>}
        {state.fork && <span>{t.pages.sessions.forked}</span>}
        {state.nodes.phase4?.freshness === "stale" && <span>{t.words.stale}</span>}
      </p>
    </div>
  );
}

function Sections({ sections }: { readonly sections: readonly SectionComparison[] }): ReactNode {
  const say = t.pages.compare;
  const same = sections.filter(({ change }) => change === "same");
  const others = sections.filter(({ change }) => change !== "same");
  return (
    <>
      {others.map((section, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two sections may have one title
        <OneSection key={index} section={section} />
      ))}
      {same.length > 0 && (
        <p className="notice">
          <Glyph of="completed" />
          <span>{others.length ? say.same(listed(same.map(({ title }) => title))) : say.allSame}</span>
        </p>
      )}
    </>
  );
}

function OneSection({ section }: { readonly section: SectionComparison }): ReactNode {
  const say = t.pages.compare;
  return (
    <section className="compare-section" aria-label={section.title}>
      <div className="spread">
        <h2>{section.title}</h2>
        <span className="badge">{say.change[section.change]}</span>
      </div>
      {section.shared > 0 && <p className="soft small">{say.shared(section.shared)}</p>}
      <Sides this={section.only_this} other={section.only_other} />
    </section>
  );
}

function Sources({
  this: mine,
  other,
}: {
  readonly this: readonly string[];
  readonly other: readonly string[];
}): ReactNode {
  if (mine.length + other.length === 0) return null;
  return (
    <section className="compare-section" aria-label={t.pages.compare.sources}>
      <h2>{t.pages.compare.sources}</h2>
      <Sides this={mine} other={other} />
    </section>
  );
}

function Sides({
  this: mine,
  other,
}: {
  readonly this: readonly string[];
  readonly other: readonly string[];
}): ReactNode {
  const say = t.pages.compare;
  return (
    <div className="compare-sides">
      <Lines name={say.only(say.one)} lines={mine} />
      <Lines name={say.only(say.two)} lines={other} />
    </div>
  );
}

function Lines({ name, lines }: { readonly name: string; readonly lines: readonly string[] }): ReactNode {
  return (
    <div className="stack tight">
      <h3 className="small soft">{name}</h3>
      {lines.length === 0 && <p className="soft">{t.pages.compare.nothing}</p>}
      <ul className="stack tight">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
}
