import { open } from "node:fs/promises";
import { type LogPatterns, readErrorKinds } from "../../platform/read-error-kinds.ts";
import { heard, type Reading, silent } from "./reading.ts";

/** How far a log was read. */
export interface LogPlace {
  readonly path: string;
  readonly inode: number;
  readonly offset: number;
}

/** What is read at once. Of a flood the newest is read: that there is one shows anyway. */
const LIMIT_BYTES = 1_048_576;

/**
 * How many lines that tell of an error came since. A line without its end is read next time, once it is whole. A log that was begun anew (rotated, truncated) is read from its
 * beginning.
 *
 * @param from null: from the log's end on
 * @returns `place`: where the next reading begins, also where this one is silent
 */
export async function readLogErrors(
  path: string,
  from: Pick<LogPlace, "path" | "offset"> | LogPlace | null,
  patterns: LogPatterns,
): Promise<{ readonly errors: Reading<number>; readonly place: LogPlace | null }> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return { errors: silent("there is no log that could be read"), place: null };
  try {
    const { size, ino: inode } = await file.stat();
    const isSame = from !== null && from.path === path && (!("inode" in from) || from.inode === inode) && from.offset <= size;
    const begin = from === null ? size : isSame ? from.offset : 0;
    const start = Math.max(begin, size - LIMIT_BYTES);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    const bytes = buffer.subarray(0, bytesRead);
    const whole = bytes.lastIndexOf(10) + 1;
    // A line that does not end within the limit is read in pieces: the next one must come.
    const taken = whole === 0 && bytesRead >= LIMIT_BYTES ? bytesRead : whole;
    const place = { path, inode, offset: start + taken };
    const kinds = readErrorKinds(bytes.subarray(0, taken).toString("utf8"), patterns);
    if (kinds === undefined) return { errors: silent("the patterns for its errors do not come to an end on its log within a second"), place };
    return { errors: heard([...kinds.values()].reduce((sum, { count }) => sum + count, 0)), place };
  } finally {
    await file.close();
  }
}
