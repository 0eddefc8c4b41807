/** The same rerun twice: brought along, and only marked. */
import type { ReactNode } from "react";
import { t } from "../../texts";

type Look = "kept" | "run" | "stale";

interface Box {
  readonly id: "plan" | "report" | 1 | 2 | 3;
  readonly x: number;
  readonly y: number;
}

const BOXES: readonly Box[] = [
  { id: "plan", x: 60, y: 30 },
  { id: 1, x: 60, y: 100 },
  { id: 2, x: 170, y: 100 },
  { id: 3, x: 280, y: 100 },
  { id: "report", x: 170, y: 170 },
];

export function RerunPicture(): ReactNode {
  const say = t.pages.help.picture;
  return (
    <div className="pictures">
      <Picture title={say.cascade} text={say.cascadeText} looks={{ 2: "run", report: "run" }} />
      <Picture title={say.mark} text={say.markText} looks={{ 2: "run", report: "stale" }} />
    </div>
  );
}

function Picture({
  title,
  text,
  looks,
}: {
  readonly title: string;
  readonly text: string;
  readonly looks: Readonly<Partial<Record<Box["id"], Look>>>;
}): ReactNode {
  const say = t.pages.help.picture;
  return (
    <figure className="card stack tight">
      <svg viewBox="0 0 340 200" role="img" aria-label={`${title}: ${text}`} className="picture">
        <g className="picture-lines">
          <path d="M60 48v34M60 48c0 20 110 14 110 34M60 48c0 20 220 14 220 34" />
          <path d="M170 118v34M60 118c0 20 110 14 110 34M280 118c0 20-110 14-110 34" />
        </g>
        {BOXES.map(({ id, x, y }) => {
          const look = looks[id] ?? "kept";
          return (
            <g key={id} className={`picture-box ${look}`}>
              <rect x={x - 46} y={y - 18} width="92" height="36" rx="8" />
              <text x={x} y={y + 5} textAnchor="middle">
                {typeof id === "number" ? say.step(id) : say[id]}
              </text>
            </g>
          );
        })}
      </svg>
      <figcaption>
        <strong>{title}.</strong> {text}
      </figcaption>
      <ul className="legend small">
        <li className="run">{say.runs}</li>
        <li className="stale">{say.stale}</li>
        <li className="kept">{say.kept}</li>
      </ul>
    </figure>
  );
}
