/** Pixels that the picture will need at least, before it is there: so that what stands below it does not move. */
export function pictureHeight(steps: number): number {
  const HEAD = 44;
  const [top, row] = [164, 68];
  return HEAD + Math.max(6, Math.min(steps, 8)) * row + top;
}
