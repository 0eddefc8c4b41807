/** The report's text: sections with their charts, citations that open, what changed, references. */
import { type ReactNode, type Ref, useCallback } from "react";
import type { Texts } from "../../texts";
import { t } from "../../texts";
import { Glyph } from "../../ui/glyph";
import { ReportMarkdown } from "../../ui/markdown";
import type { Phase4, Reference, Section } from "../../wire";
import { count, listed, nodeName, when } from "../../words";
import { RerunButton } from "../session/actions";
import { Charts } from "./charts";
import { type Cited, citedBy } from "./passage-panel";
import { codeOf } from "./report-language";

interface Props {
  readonly ref: Ref<HTMLElement>;
  readonly report: Phase4;
  readonly outdated: boolean;
  readonly furniture: Texts;
  readonly onCite: (cited: Cited) => void;
}

/** What stands before the first section. */
const PREFACE = /^(?:#[^\n]*\n)?([\s\S]*?)(?=^## |(?![\s\S]))/m;

export function Article({ ref, report, outdated, furniture, onCite }: Props): ReactNode {
  const say = furniture.pages.furniture;
  const cite = useCallback((mark: HTMLElement) => onCite(citedBy(mark)), [onCite]);
  const preface = PREFACE.exec(report.markdown.trim())?.[1]?.trim() ?? "";
  const changed = new Map((report.changes?.sections ?? []).map((section) => [section.title, section.change]));
  return (
    <article ref={ref} className="prose" lang={codeOf(report) || undefined}>
      <h2 className="report-title">
        {report.title}
        {outdated && <span className="badge stale">{say.outdated}</span>}
      </h2>
      {preface && <ReportMarkdown text={preface} references={report.references} onCite={cite} />}
      <Gaps report={report} say={say} />
      <WhatChanged report={report} say={say} />
      {report.sections.map((section) => (
        <OneSection
          key={section.section_id}
          section={section}
          references={report.references}
          change={changed.get(section.title)}
          outdated={outdated}
          onCite={cite}
        />
      ))}
      <section id="references" aria-labelledby="references-title">
        <h3 id="references-title">{say.references}</h3>
        <References references={report.references} onCite={cite} />
      </section>
    </article>
  );
}

interface SectionProps {
  readonly section: Section;
  readonly references: readonly Reference[];
  readonly change: string | undefined;
  readonly outdated: boolean;
  readonly onCite: (mark: HTMLElement) => void;
}

function OneSection({ section, references, change, outdated, onCite }: SectionProps): ReactNode {
  const marked = change && t.pages.report.changedHere[change];
  return (
    <section
      id={section.section_id}
      aria-labelledby={`${section.section_id}-title`}
      className={marked ? "changed" : undefined}
    >
      <h3 id={`${section.section_id}-title`}>{section.title}</h3>
      <a className="anchor" href={`#${section.section_id}`} aria-label={t.pages.report.link}>
        #
      </a>
      {marked && <p className="changed-mark small">{marked}</p>}
      {!outdated && section.finding_ids.length > 0 && (
        <RerunButton
          target={{ section: section.section_id, title: section.title }}
          name={t.session.verb.section(section.title)}
          className="link-button small section-again"
        />
      )}
      <Charts charts={section.charts} />
      <ReportMarkdown text={section.markdown.replace(/^## [^\n]*\n/, "")} references={references} onCite={onCite} />
    </section>
  );
}

function References({
  references,
  onCite,
}: {
  readonly references: readonly Reference[];
  readonly onCite: (mark: HTMLElement) => void;
}): ReactNode {
  return (
    <ol className="references">
      {references.map((reference) => (
        <li key={reference.number} value={reference.number}>
          {reference.url && /^https?:/i.test(reference.url) ? (
            <a href={reference.url} target="_blank" rel="noopener noreferrer nofollow">
              {reference.title || reference.url}
            </a>
          ) : (
            reference.title || reference.source_id
          )}{" "}
          {reference.citations.length > 0 && (
            <button
              type="button"
              className="link-button small"
              data-reference={reference.number}
              data-passage={0}
              onClick={(event) => onCite(event.currentTarget)}
            >
              {count(reference.citations.length, "passage")}
              <span className="hidden">{t.pages.report.ofSource(reference.number)}</span>
            </button>
          )}
        </li>
      ))}
    </ol>
  );
}

interface FurnitureProps {
  readonly report: Phase4;
  readonly say: Texts["pages"]["furniture"];
}

function Gaps({ report, say }: FurnitureProps): ReactNode {
  if (report.partial.length === 0 && report.unsupported_claims.length === 0) return null;
  return (
    <aside className="notice" aria-label={say.withoutRegion}>
      <Glyph of="info" />
      <ul>
        {report.partial.map((missing) => (
          <li key={missing.node}>
            {missing.used === "nothing" ? say.without(nodeName(missing.node)) : say.older(nodeName(missing.node))}
            {missing.reason && `: ${missing.reason}`}
          </li>
        ))}
        {report.unsupported_claims.map((claim) => (
          <li key={claim}>{say.noSource(claim)}</li>
        ))}
      </ul>
    </aside>
  );
}

function WhatChanged({ report, say }: FurnitureProps): ReactNode {
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
    <aside className="changes sans" aria-label={say.changesRegion}>
      <details>
        <summary>{say.since(meta.created_at ? when(meta.created_at) : "")}</summary>
        <dl className="facts">
          {kinds.map((kind) => (
            <div key={kind}>
              <dt>{say[kind]}</dt>
              <dd>{by(kind)}</dd>
            </div>
          ))}
          {same > 0 && (
            <div>
              <dt>{say.unchanged}</dt>
              <dd>{count(same, "section")}</dd>
            </div>
          )}
          {changes.reasons.length > 0 && (
            <div>
              <dt>{say.because}</dt>
              <dd>{changes.reasons.join(" ")}</dd>
            </div>
          )}
        </dl>
      </details>
    </aside>
  );
}
