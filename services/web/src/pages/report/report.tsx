/** The report, typeset for reading: it begins on the first screen, and one that is out of date says what it does not know. */
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { changesOf } from "../../causes";
import { useArtifact } from "../../queries";
import { useNode } from "../../store";
import { type Texts, t, textsIn } from "../../texts";
import { Causes } from "../../ui/causes";
import { Glyph } from "../../ui/glyph";
import { Held } from "../../ui/held";
import { NodeProblem } from "../../ui/node-problem";
import { ProblemNotice } from "../../ui/problem";
import type { Phase4 } from "../../wire";
import { AcceptButton, ForkButton, LockButton, NodeAction } from "../session/actions";
import { AskField } from "../session/ask";
import { OtherEngine } from "../session/other-engine";
import { useArrival } from "./arrival";
import { Article } from "./article";
import { Contents } from "./contents";
import { Downloads } from "./downloads";
import { Find } from "./find";
import { type Cited, PassagePanel } from "./passage-panel";
import { languageOf } from "./report-language";

export default function ReportPage(): ReactNode {
  const view = useNode("phase4");
  const report = useArtifact("phase4");
  const stale = view?.freshness === "stale" && view.status !== "failed";
  return (
    <>
      {view && (
        <NodeProblem view={view}>
          <OtherEngine node="phase4" />
        </NodeProblem>
      )}
      {report.isError && <ProblemNotice error={report.error} />}
      {!view?.artifact && (
        <div className="section-head">
          <p className="soft">{t.pages.report.appears}</p>
          <NodeAction node="phase4" />
        </div>
      )}
      {report.data && <Reading report={report.data} stale={stale} />}
    </>
  );
}

function Reading({ report, stale }: { readonly report: Phase4; readonly stale: boolean }): ReactNode {
  const article = useRef<HTMLElement>(null);
  const [cited, setCited] = useState<Cited | null>(null);
  const furniture = useFurniture(report);
  useArrival(article);
  const references = useMemo(() => new Map(report.references.map((one) => [one.number, one])), [report]);
  if (!furniture) return <div className="waiting" aria-busy="true" />;
  return (
    <div className={`report ${cited ? "with-panel" : ""}`}>
      <Contents report={report} article={article} furniture={furniture.pages.furniture} />
      <div className="report-column">
        <div className="report-tools" role="toolbar" aria-label={t.pages.report.tools}>
          <Find article={article} />
          <Downloads />
          {stale && <AcceptButton node="phase4" />}
          <ForkButton node="phase4" />
          <LockButton node="phase4" />
          <NodeAction node="phase4" hotkey="r" />
        </div>
        <AskField />
        <Held shown={stale} after={t.session.why.upToDateAgain}>
          <Outdated />
        </Held>
        <Article ref={article} report={report} outdated={stale} furniture={furniture} onCite={setCited} />
      </div>
      {cited && (
        <PassagePanel
          cited={cited}
          references={references}
          article={article}
          onMove={setCited}
          onClose={() => setCited(null)}
        />
      )}
    </div>
  );
}

/** One line that says what the report does not know; the bar above has what can be done about it. */
function Outdated(): ReactNode {
  const causes = useNode("phase4")?.causes ?? [];
  return (
    <section className="notice stale outdated" aria-label={t.pages.report.staleRegion}>
      <Glyph of="stale" />
      <div>
        <p>
          <strong>{t.pages.report.stale}</strong>
        </p>
        <Causes node="phase4" causes={changesOf(causes)} />
      </div>
    </section>
  );
}

/** What stands in the report beside its own words, in the language that it is written in. */
function useFurniture(report: Phase4): Texts | null {
  const wanted = languageOf(report);
  const [texts, setTexts] = useState<Texts | null>(null);
  useEffect(() => {
    let gone = false;
    void textsIn(wanted).then((found) => {
      if (!gone) setTexts(found);
    });
    return () => {
      gone = true;
    };
  }, [wanted]);
  return texts;
}
