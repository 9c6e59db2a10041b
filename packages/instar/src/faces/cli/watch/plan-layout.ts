import { type Row, textOf } from "./rows.ts";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What there is to show. */
export interface Shown {
  readonly above: readonly Row[];
  readonly below: readonly Row[];
  readonly updates: number;
  readonly logLines: number;
}

export interface Layout {
  /** Pipeline and log side by side instead of one above the other. */
  readonly isWide: boolean;
  /** Rows for the pipeline, its title included. */
  readonly pipeline: number;
  /** Updates to choose from. */
  readonly updates: number;
}

/** Below this, two columns would cut more than they show. */
const WIDE = 110;
/** Lines between the parts, and the line of keys. */
const FIXED = 4;
const LEAST_BODY = 8;

/** What there is room for: what runs and waits comes first, then the pipeline, then the log; the list of updates shrinks before they do. */
export function planLayout(size: Size, { above, below, updates, logLines }: Shown): Layout {
  const isWide = size.columns >= WIDE;
  const room = size.rows - heightOf(above, size.columns) - heightOf(below, size.columns) - FIXED;
  const listed = Math.max(1, Math.min(updates, 5, room - LEAST_BODY - 4));
  const body = room - listed;
  return { isWide, updates: listed, pipeline: Math.max(4, isWide ? body : body - Math.min(logLines, 8, Math.floor(body / 3))) };
}

/** About: words that do not fit take a little more. */
const heightOf = (rows: readonly Row[], columns: number) =>
  rows.reduce((sum, row) => sum + (row.wraps ? Math.max(1, Math.ceil(textOf(row).length / Math.max(1, columns - (row.label?.columns ?? 0)))) : 1), 0);
