/** Markdown as React elements: no markup of a source becomes markup here, and links go to the web or to citations only. */
import * as Tooltip from "@radix-ui/react-tooltip";
import { type ReactNode, useMemo } from "react";
import Markdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { t } from "../texts";
import type { Reference } from "../wire";
import { citing } from "./citing";

interface Props {
  readonly text: string;
  readonly references: readonly Reference[];
  /** The mark that was clicked; it knows its reference and its passage. */
  readonly onCite: (mark: HTMLElement) => void;
}

export function ReportMarkdown({ text, references, onCite }: Props): ReactNode {
  const plugins = useMemo(() => [remarkGfm, citing(references)], [references]);
  const numbered = useMemo(() => new Map(references.map((reference) => [reference.number, reference])), [references]);
  const components = useMemo<Components>(
    () => ({
      a: ({ href, children }) => {
        const cited = /^#cite-(\d+)-(\d+)$/.exec(href ?? "");
        if (cited) {
          const [number, passage] = [Number(cited[1]), Number(cited[2])];
          return <Cite number={number} passage={passage} reference={numbered.get(number)} onCite={onCite} />;
        }
        if (!/^https?:\/\//i.test(href ?? "")) return <span>{children}</span>;
        return (
          <a href={href} target="_blank" rel="noopener noreferrer nofollow">
            {children}
          </a>
        );
      },
      img: ({ alt }) => <span className="soft">{alt}</span>,
      h1: ({ children }) => <h3>{children}</h3>,
      h2: ({ children }) => <h3>{children}</h3>,
      h3: ({ children }) => <h4>{children}</h4>,
      table: ({ children }) => (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
        <section className="table" tabIndex={0} aria-label={t.pages.report.table}>
          <table>{children}</table>
        </section>
      ),
    }),
    [onCite, numbered],
  );
  return (
    <Markdown remarkPlugins={plugins} components={components} disallowedElements={["input"]}>
      {text}
    </Markdown>
  );
}

interface CiteProps {
  readonly number: number;
  readonly passage: number;
  readonly reference: Reference | undefined;
  readonly onCite: (mark: HTMLElement) => void;
}

/** The mark of a citation. Its card says which source it is and what that says; a click opens the passage. */
function Cite({ number, passage, reference, onCite }: CiteProps): ReactNode {
  const quote = reference?.citations[passage]?.quote;
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>
        <button
          type="button"
          className="cite"
          data-reference={number}
          data-passage={passage}
          aria-label={t.pages.report.source(number)}
          onClick={(event) => onCite(event.currentTarget)}
        >
          {number}
        </button>
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className="tip cite-card" sideOffset={6} collisionPadding={12}>
          <strong>{reference?.title || reference?.url || reference?.source_id}</strong>
          {quote && <q>{quote}</q>}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
