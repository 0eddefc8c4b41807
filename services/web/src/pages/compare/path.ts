/** Where two sessions' reports stand beside each other. */
export function comparePath(session: string, other: string): string {
  return `/app/sessions/${session}/compare/${other}`;
}
