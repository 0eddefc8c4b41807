/** What all sources say together, in a room whose height stays while the text becomes another; the rest on demand. */
import { type ReactNode, useId, useLayoutEffect, useRef, useState } from "react";
import { t } from "../../texts";
import type { Phase0 } from "../../wire";

type Props = Pick<Phase0, "abstract" | "themes">;

export function Abstract({ abstract, themes }: Props): ReactNode {
  const id = useId();
  const room = useRef<HTMLDivElement>(null);
  const [all, setAll] = useState(false);
  const [cut, setCut] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another text, or another width, may fit where one did not
  useLayoutEffect(() => {
    const box = room.current;
    if (!box || all) return;
    const look = (): void => setCut(box.scrollHeight > box.clientHeight);
    const observer = new ResizeObserver(look);
    observer.observe(box);
    look();
    return () => observer.disconnect();
  }, [abstract, themes, all]);
  const say = t.pages.sources;
  return (
    <section className="stack tight reading">
      <h3>{say.abstract}</h3>
      <div ref={room} id={id} className={all ? "abstract" : `abstract brief ${cut ? "cut" : ""}`}>
        <p className="serif">{abstract}</p>
        {themes.length > 0 && (
          <ul className="chips" aria-label={say.themes}>
            {themes.map((theme) => (
              <li key={theme.label}>
                {theme.label} <span className="soft">{theme.source_ids.length}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
      <p className="abstract-more">
        {(cut || all) && (
          <button
            type="button"
            className="link-button small"
            aria-expanded={all}
            aria-controls={id}
            onClick={() => setAll(!all)}
          >
            {all ? say.less : say.all}
          </button>
        )}
      </p>
    </section>
  );
}
