/** What a step found: claims, how sure they are, and the quotes that they rest on. */
import { type ReactNode, useState } from "react";
import { useSourceNames } from "../../queries";
import { t } from "../../texts";
import { Term } from "../../ui/term";
import type { Citation, Finding, StepFindings } from "../../wire";
import { count } from "../../words";
import { QuoteDialog } from "../sources/quote-dialog";

export function Findings({ found }: { readonly found: StepFindings }): ReactNode {
  const [quote, setQuote] = useState<Citation | null>(null);
  return (
    <div className="findings">
      {found.findings.length === 0 && <p className="soft">{t.pages.findings.nothing}</p>}
      <ul className="stack">
        {found.findings.map((finding) => (
          <OneFinding key={finding.finding_id} finding={finding} onQuote={setQuote} />
        ))}
      </ul>
      <Aside title={t.pages.findings.insights} lines={found.insights} />
      <Aside title={t.pages.findings.gaps} lines={found.gaps} />
      {found.scratchpad.length > 0 && (
        <details className="more">
          <summary>{t.pages.findings.how}</summary>
          <ul className="stack small">
            {found.scratchpad.map((entry, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the entries of one artifact never move
              <li key={index}>{entry.text}</li>
            ))}
          </ul>
        </details>
      )}
      {quote && <QuoteDialog citations={[quote]} onClose={() => setQuote(null)} />}
    </div>
  );
}

function OneFinding({
  finding,
  onQuote,
}: {
  readonly finding: Finding;
  readonly onQuote: (citation: Citation) => void;
}): ReactNode {
  return (
    <li className="finding">
      <p>{finding.claim}</p>
      <p className="meta">
        <span className={`confidence ${finding.confidence}`}>
          <Term of="confidence">{t.pages.findings.confidence[finding.confidence]}</Term>
        </span>
        <span>{count(finding.support, "independentSource")}</span>
        {finding.confidence_reason && <span>{finding.confidence_reason}</span>}
      </p>
      <Quotes citations={finding.citations} onQuote={onQuote} />
      {finding.contradicts.map((other) => (
        <div key={`${other.citation.source_id} ${other.citation.start}`} className="disputed">
          <p>
            <strong>{t.pages.findings.disputed}</strong>
            {other.reason && <span className="soft"> ({other.reason})</span>}: {other.claim}
          </p>
          <Quotes citations={[other.citation]} onQuote={onQuote} />
        </div>
      ))}
    </li>
  );
}

function Quotes({
  citations,
  onQuote,
}: {
  readonly citations: readonly Citation[];
  readonly onQuote: (citation: Citation) => void;
}): ReactNode {
  const names = useSourceNames();
  return (
    <ul className="quotes">
      {citations.map((citation) => (
        <li key={`${citation.source_id} ${citation.start}`}>
          <button type="button" className="link-button small" onClick={() => onQuote(citation)}>
            {names?.get(citation.source_id) ?? citation.source_id}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Aside({ title, lines }: { readonly title: string; readonly lines: readonly string[] }): ReactNode {
  if (lines.length === 0) return null;
  return (
    <div className="stack tight">
      <h3>{title}</h3>
      <ul className="bullets">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
}
