/** A source's text, cut where quotes begin and end. Offsets count Unicode code points, not UTF-16 units. */
import type { Citation } from "../../wire";

export interface Piece {
  readonly text: string;
  /** Which of the citations this piece is part of; null for the text between them. */
  readonly citation: number | null;
}

export function cutAt(text: string, citations: readonly Citation[]): readonly Piece[] {
  const points = Array.from(text);
  const spans = citations
    .map(({ start, end }, citation) => ({ start: Math.max(0, start), end: Math.min(end, points.length), citation }))
    .filter((span) => span.start < span.end)
    .sort((left, right) => left.start - right.start);
  const pieces: Piece[] = [];
  let at = 0;
  for (const span of spans) {
    const start = Math.max(at, span.start);
    if (span.end <= at) continue;
    if (start > at) pieces.push({ text: points.slice(at, start).join(""), citation: null });
    pieces.push({ text: points.slice(start, span.end).join(""), citation: span.citation });
    at = span.end;
  }
  if (at < points.length) pieces.push({ text: points.slice(at).join(""), citation: null });
  return pieces;
}
