/**
 * Rows that are there already under those that were read just now, newest first. Updates are never taken away, so what the newest page no longer holds has only
 * moved down.
 */
export function mergeNewest<Row extends { readonly id: string }>(rows: readonly Row[], newest: readonly Row[]): readonly Row[] {
  const ids = new Set(newest.map(({ id }) => id));
  return [...newest, ...rows.filter(({ id }) => !ids.has(id))];
}
