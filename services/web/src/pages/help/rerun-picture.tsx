/** The same rerun twice: brought along, and only marked. */
import type { ReactNode } from "react";

type Look = "kept" | "run" | "stale";

interface Box {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

const BOXES: readonly Box[] = [
  { name: "Plan", x: 60, y: 30 },
  { name: "Step 1", x: 60, y: 100 },
  { name: "Step 2", x: 170, y: 100 },
  { name: "Step 3", x: 280, y: 100 },
  { name: "Report", x: 170, y: 170 },
];

export function RerunPicture(): ReactNode {
  return (
    <div className="pictures">
      <Picture
        title="Cascade"
        text="Step 2 runs, then the report, because it was made from it."
        looks={{ "Step 2": "run", Report: "run" }}
      />
      <Picture
        title="Mark only"
        text="Step 2 runs. The report is left as it is and says that it is out of date."
        looks={{ "Step 2": "run", Report: "stale" }}
      />
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
  readonly looks: Readonly<Record<string, Look>>;
}): ReactNode {
  return (
    <figure className="card stack tight">
      <svg viewBox="0 0 340 200" role="img" aria-label={`${title}: ${text}`} className="picture">
        <g className="picture-lines">
          <path d="M60 48v34M60 48c0 20 110 14 110 34M60 48c0 20 220 14 220 34" />
          <path d="M170 118v34M60 118c0 20 110 14 110 34M280 118c0 20-110 14-110 34" />
        </g>
        {BOXES.map(({ name, x, y }) => {
          const look = looks[name] ?? "kept";
          return (
            <g key={name} className={`picture-box ${look}`}>
              <rect x={x - 46} y={y - 18} width="92" height="36" rx="8" />
              <text x={x} y={y + 5} textAnchor="middle">
                {name}
              </text>
            </g>
          );
        })}
      </svg>
      <figcaption>
        <strong>{title}.</strong> {text}
      </figcaption>
      <ul className="legend small">
        <li className="run">runs</li>
        <li className="stale">out of date</li>
        <li className="kept">kept</li>
      </ul>
    </figure>
  );
}
