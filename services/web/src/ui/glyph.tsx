/** A state's sign: each has a shape of its own, so that colour only underlines it. */
import type { ReactNode } from "react";
import type { Standing } from "../words";

const STROKE = {
  fill: "none",
  stroke: "currentColor",
  strokeWidth: 2,
  strokeLinecap: "round",
  strokeLinejoin: "round",
} as const;

type Sign = Standing | "info" | "locked";

const SHAPES: Record<Sign, ReactNode> = {
  pending: <circle cx="10" cy="10" r="7.5" {...STROKE} strokeWidth={1.5} strokeDasharray="2.4 3" />,
  queued: (
    <g {...STROKE}>
      <circle cx="10" cy="10" r="7.5" strokeWidth={1.5} />
      <path d="M10 6v4l2.6 2" />
    </g>
  ),
  running: (
    <g {...STROKE}>
      <circle cx="10" cy="10" r="7.5" opacity=".25" />
      <path className="spin" d="M10 2.5a7.5 7.5 0 0 1 7.5 7.5" />
    </g>
  ),
  cancelling: (
    <g {...STROKE}>
      <circle cx="10" cy="10" r="7.5" strokeDasharray="3 2" />
      <rect x="7.4" y="7.4" width="5.2" height="5.2" fill="currentColor" stroke="none" />
    </g>
  ),
  completed: (
    <g>
      <circle cx="10" cy="10" r="8.5" fill="currentColor" />
      <path d="M6.2 10.3l2.6 2.6 5-5.4" {...STROKE} stroke="var(--paper)" />
    </g>
  ),
  failed: (
    <g>
      <path
        d="M10 1.6l8.6 15.6H1.4z"
        fill="currentColor"
        strokeLinejoin="round"
        stroke="currentColor"
        strokeWidth="1.2"
      />
      <path d="M10 7.2v4.4M10 14.2v.2" {...STROKE} stroke="var(--paper)" />
    </g>
  ),
  cancelled: (
    <g {...STROKE}>
      <circle cx="10" cy="10" r="7.5" strokeWidth={1.5} />
      <path d="M5 15L15 5" />
    </g>
  ),
  stale: (
    <g>
      <rect
        x="3.6"
        y="3.6"
        width="12.8"
        height="12.8"
        rx="2"
        transform="rotate(45 10 10)"
        fill="var(--stale-tint)"
        stroke="currentColor"
        strokeWidth="1.6"
      />
      <path d="M10 6.4v3.8l2.4 1.6" {...STROKE} strokeWidth={1.8} />
    </g>
  ),
  locked: (
    <g>
      <rect x="4" y="9" width="12" height="8.5" rx="2" fill="currentColor" />
      <path d="M6.8 9V6.2a3.2 3.2 0 0 1 6.4 0V9" {...STROKE} />
    </g>
  ),
  info: (
    <g {...STROKE}>
      <circle cx="10" cy="10" r="7.5" strokeWidth={1.5} />
      <path d="M10 9.4v4M10 6.4v.1" />
    </g>
  ),
};

interface Props {
  readonly of: Sign;
  readonly label?: string;
  /** A sign that is explained, not one of something that happens. */
  readonly still?: boolean;
}

export function Glyph({ of, label, still = false }: Props): ReactNode {
  const look = `glyph ${of} ${still ? "still" : ""}`;
  if (!label) {
    return (
      <svg className={look} viewBox="0 0 20 20" aria-hidden="true">
        {SHAPES[of]}
      </svg>
    );
  }
  return (
    <svg className={look} viewBox="0 0 20 20" role="img" aria-label={label}>
      {SHAPES[of]}
    </svg>
  );
}
