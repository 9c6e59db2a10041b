/** Which rows of a long table are drawn. */
export interface RowWindow {
  readonly first: number;
  /** One past the last. */
  readonly end: number;
}

/** Rows above and below what is seen, so that a turn of the wheel meets drawn rows. */
const SPARE = 12;

export function planWindow(rows: number, rowHeight: number, scrollTop: number, viewHeight: number): RowWindow {
  const first = Math.max(0, Math.min(rows, Math.floor(scrollTop / rowHeight)) - SPARE);
  const end = Math.min(rows, Math.ceil((scrollTop + viewHeight) / rowHeight) + SPARE);
  return { first, end: Math.max(first, end) };
}
