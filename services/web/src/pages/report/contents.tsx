/** What the report contains; it follows what is read. On a phone it is folded. */
import { type ReactNode, type RefObject, useEffect, useState } from "react";
import type { Texts } from "../../texts";
import type { Phase4 } from "../../wire";

interface Props {
  readonly report: Phase4;
  readonly article: RefObject<HTMLElement | null>;
  readonly furniture: Texts["pages"]["furniture"];
}

/** Below the head of the page and the bar. */
const TOP = 150;

export function Contents({ report, article, furniture }: Props): ReactNode {
  const here = useSectionInSight(article);
  const [wide] = useState(() => matchMedia("(width >= 900px)").matches);
  const entries = [
    ...report.sections.map(({ section_id, title }) => [section_id, title] as const),
    REFERENCES(furniture),
  ];
  return (
    <nav className="contents" aria-label={furniture.contents}>
      <details open={wide}>
        <summary className="small soft">{furniture.contents}</summary>
        <ol>
          {entries.map(([id, title]) => (
            <li key={id}>
              <a href={`#${id}`} aria-current={here === id ? "location" : undefined}>
                {title}
              </a>
            </li>
          ))}
        </ol>
      </details>
    </nav>
  );
}

const REFERENCES = (furniture: Props["furniture"]): readonly [string, string] => ["references", furniture.references];

/** The section that stands below the bar now. */
function useSectionInSight(article: RefObject<HTMLElement | null>): string | null {
  const [here, setHere] = useState<string | null>(null);
  useEffect(() => {
    let frame = 0;
    const look = (): void => {
      frame = 0;
      const sections = [...(article.current?.querySelectorAll<HTMLElement>(":scope > section[id]") ?? [])];
      const passed = sections.findLast((section) => section.getBoundingClientRect().top <= TOP);
      const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
      setHere((atEnd && scrollY > 0 ? sections.at(-1) : passed)?.id ?? null);
    };
    const later = (): void => {
      frame ||= requestAnimationFrame(look);
    };
    look();
    window.addEventListener("scroll", later, { passive: true });
    return () => {
      cancelAnimationFrame(frame);
      window.removeEventListener("scroll", later);
    };
  }, [article]);
  return here;
}
