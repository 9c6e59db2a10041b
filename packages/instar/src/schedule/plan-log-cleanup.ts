export interface LogFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** Wall time of the last write. */
  readonly modifiedMs: number;
}

const DAY_MS = 86_400_000;

/**
 * Which logs go: what was not written to for so many days, and then the oldest until no more than so many bytes are left. What was written to within a day stays
 * in any case, so that nobody cleans away what just happened; and so does what is open in some process, since it would go on writing where nobody can read.
 */
export function planLogCleanup(
  files: readonly LogFile[],
  { keepDays, keepBytes }: { readonly keepDays: number | null; readonly keepBytes: number | null },
  { nowMs, open }: { readonly nowMs: number; readonly open: ReadonlySet<string> },
): LogFile[] {
  const mayGo = files
    .filter(({ name, modifiedMs }) => !open.has(name) && nowMs - modifiedMs > DAY_MS)
    .toSorted((one, other) => one.modifiedMs - other.modifiedMs);
  let leftBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return mayGo.filter(({ sizeBytes, modifiedMs }) => {
    const isOld = keepDays !== null && nowMs - modifiedMs > keepDays * DAY_MS;
    if (!isOld && (keepBytes === null || leftBytes <= keepBytes)) return false;
    leftBytes -= sizeBytes;
    return true;
  });
}
