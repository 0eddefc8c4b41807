/** The report, typeset for reading. One that is out of date first says what it does not know. */
import { type ReactNode, useCallback, useState } from "react";
import { useArtifact } from "../../queries";
import { useNode, useSession } from "../../store";
import { Causes } from "../../ui/causes";
import { Glyph } from "../../ui/glyph";
import { Held } from "../../ui/held";
import { ReportMarkdown } from "../../ui/markdown";
import { ProblemNotice } from "../../ui/problem";
import { Term } from "../../ui/term";
import type { Citation, Phase4 } from "../../wire";
import { count, listed, nodeName, when } from "../../words";
import { AcceptButton, RerunButton } from "../session/actions";
import { standingOf } from "../session/now";
import { PhaseHead } from "../session/phase-head";
import { QuoteDialog } from "../sources/quote-dialog";
import { Charts } from "./charts";
import { Downloads } from "./downloads";

export default function ReportPage(): ReactNode {
  const view = useNode("phase4");
  const report = useArtifact("phase4");
  const [readAnyway, setReadAnyway] = useState<string | null>(null);
  const stale = view?.freshness === "stale" && view.status !== "failed";
  const causes = view?.causes ?? [];
  const changes = causes.filter((cause) => cause.reason !== "upstream");
  const offered = useSession((session) => standingOf(session).action === "update"); // else the panel above has what fits
  const old = stale && readAnyway !== view.artifact?.sha256;
  return (
    <>
      <PhaseHead phase="phase4" quiet>
        {report.data && <Downloads />}
      </PhaseHead>
      <Held shown={stale} after="Up to date again">
        <section className="stack outdated" aria-label="Outdated report">
          <h3>This report is out of date. It does not know yet:</h3>
          <Causes causes={changes.length ? changes : causes} />
          <div className="button-row">
            {offered && (
              <RerunButton
                target={{ stale: true }}
                label="Update"
                name="the report and whatever else is out of date"
                className="button primary"
              />
            )}
            {old && view?.artifact && (
              <button type="button" className="button" onClick={() => setReadAnyway(view?.artifact?.sha256 ?? null)}>
                Read the outdated report
              </button>
            )}
            <AcceptButton node="phase4" />
          </div>
        </section>
      </Held>
      {report.isError && <ProblemNotice error={report.error} />}
      {!view?.artifact && <p className="soft">The report appears here when it is written.</p>}
      {!old && report.data && <Article report={report.data} outdated={stale} />}
    </>
  );
}

function Article({ report, outdated }: { readonly report: Phase4; readonly outdated: boolean }): ReactNode {
  const [shown, setShown] = useState<readonly Citation[] | null>(null);
  const cite = useCallback(
    (number: number, passage: number) => {
      const all = report.references.find((reference) => reference.number === number)?.citations ?? [];
      const asked = all[passage];
      if (asked)
        setShown([asked, ...all.filter((other) => other !== asked && other.text_sha256 === asked.text_sha256)]);
    },
    [report],
  );
  const preface = /^(?:#[^\n]*\n)?([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(report.markdown.trim())?.[1]?.trim() ?? "";
  return (
    <div className="report">
      <nav className="contents" aria-label="Contents">
        <p className="small soft">Contents</p>
        <ol>
          {report.sections.map((section) => (
            <li key={section.section_id}>
              <a href={`#${section.section_id}`}>{section.title}</a>
            </li>
          ))}
          <li>
            <a href="#references">References</a>
          </li>
        </ol>
      </nav>
      <article className="prose" lang={report.meta.language || undefined}>
        {outdated && (
          <p className="badge stale">
            <Term of="stale" />
          </p>
        )}
        <h2 className="report-title">{report.title}</h2>
        {preface && <ReportMarkdown text={preface} references={report.references} onCite={cite} />}
        <Gaps report={report} />
        <WhatChanged report={report} />
        {report.sections.map((section) => (
          <section key={section.section_id} id={section.section_id} aria-labelledby={`${section.section_id}-title`}>
            <h3 id={`${section.section_id}-title`}>{section.title}</h3>
            <Charts charts={section.charts} />
            <ReportMarkdown
              text={section.markdown.replace(/^## [^\n]*\n/, "")}
              references={report.references}
              onCite={cite}
            />
          </section>
        ))}
        <section id="references" aria-labelledby="references-title">
          <h3 id="references-title">References</h3>
          <ol className="references">
            {report.references.map((reference) => (
              <li key={reference.number} value={reference.number}>
                {reference.url && /^https?:/i.test(reference.url) ? (
                  <a href={reference.url} target="_blank" rel="noopener noreferrer nofollow">
                    {reference.title || reference.url}
                  </a>
                ) : (
                  reference.title || reference.source_id
                )}{" "}
                {reference.citations.length > 0 && (
                  <button type="button" className="link-button small" onClick={() => cite(reference.number, 0)}>
                    {count(reference.citations.length, "passage")}
                    <span className="hidden"> of source {reference.number}</span>
                  </button>
                )}
              </li>
            ))}
          </ol>
        </section>
      </article>
      {shown && <QuoteDialog citations={shown} onClose={() => setShown(null)} />}
    </div>
  );
}

function Gaps({ report }: { readonly report: Phase4 }): ReactNode {
  if (report.partial.length === 0 && report.unsupported_claims.length === 0) return null;
  return (
    <aside className="notice" aria-label="What this report had to do without">
      <Glyph of="info" />
      <ul>
        {report.partial.map((missing) => (
          <li key={missing.node}>
            {missing.used === "nothing"
              ? `Without ${nodeName(missing.node)}`
              : `With an older result of ${nodeName(missing.node)}`}
            {missing.reason && `: ${missing.reason}`}
          </li>
        ))}
        {report.unsupported_claims.map((claim) => (
          <li key={claim}>No source supports: {claim}</li>
        ))}
      </ul>
    </aside>
  );
}

function WhatChanged({ report }: { readonly report: Phase4 }): ReactNode {
  const { changes, meta } = report;
  const moved = changes?.sections.filter((section) => section.change !== "unchanged") ?? [];
  if (!changes || (moved.length === 0 && changes.reasons.length === 0)) return null;
  const by = (change: string): string =>
    listed(
      moved.filter((section) => section.change === change).map((section) => section.title),
      12,
    );
  const kinds = (["changed", "added", "removed"] as const).filter((kind) =>
    moved.some((section) => section.change === kind),
  );
  const same = changes.sections.length - moved.length;
  return (
    <aside className="changes sans" aria-label="What changed">
      <h3>Since the report before{meta.created_at ? `, as of ${when(meta.created_at)}` : ""}</h3>
      <dl className="facts">
        {kinds.map((kind) => (
          <div key={kind}>
            <dt>{kind.charAt(0).toUpperCase() + kind.slice(1)}</dt>
            <dd>{by(kind)}</dd>
          </div>
        ))}
        {same > 0 && (
          <div>
            <dt>Unchanged</dt>
            <dd>{count(same, "section")}</dd>
          </div>
        )}
        {changes.reasons.length > 0 && (
          <div>
            <dt>Because</dt>
            <dd>{changes.reasons.join(" ")}</dd>
          </div>
        )}
      </dl>
    </aside>
  );
}
