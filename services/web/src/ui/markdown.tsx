/** Markdown as React elements: no markup of a source becomes markup here, and links go to the web or to citations only. */
import { type ReactNode, useMemo } from "react";
import Markdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import type { Reference } from "../wire";
import { citing } from "./citing";

interface Props {
  readonly text: string;
  readonly references: readonly Reference[];
  readonly onCite: (reference: number, passage: number) => void;
}

export function ReportMarkdown({ text, references, onCite }: Props): ReactNode {
  const plugins = useMemo(() => [remarkGfm, citing(references)], [references]);
  const components = useMemo<Components>(
    () => ({
      a: ({ href, children }) => {
        const cited = /^#cite-(\d+)-(\d+)$/.exec(href ?? "");
        if (cited) {
          const [number, passage] = [Number(cited[1]), Number(cited[2])];
          return (
            <button
              type="button"
              className="cite"
              aria-label={`Source ${number}: show the passage`}
              onClick={() => onCite(number, passage)}
            >
              {children}
            </button>
          );
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
        <section className="table" tabIndex={0} aria-label="Table">
          <table>{children}</table>
        </section>
      ),
    }),
    [onCite],
  );
  return (
    <Markdown remarkPlugins={plugins} components={components} disallowedElements={["input"]}>
      {text}
    </Markdown>
  );
}
