import { type Bar, bar } from "../bench-report.ts";

export const OPERATIONS = ["first", "unchanged", "changed", "restore", "in place", "verify"] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What the bars are about, of one set of files; null: it was not measured. */
export interface BackupFigures {
  /** The faster peer's time divided by ours. */
  readonly faster: Readonly<Record<Operation, number | null>>;
  /** Our bytes on disk divided by restic's. */
  readonly toRestic: number | null;
  readonly peakMiB: number | null;
}

/** What Instar's snapshots ask of themselves. Never measured is never a pass. */
export function planBackupBars(small: BackupFigures | undefined, large: BackupFigures | undefined): Bar[] {
  return [
    ...OPERATIONS.map((operation) => bar(`small files, ${operation}: times as fast as the faster peer`, ">= 2", small?.faster[operation] ?? null)),
    ...OPERATIONS.map((operation) => bar(`large files, ${operation}: times as fast as the faster peer`, ">= 1", large?.faster[operation] ?? null)),
    bar("small files: bytes on disk / restic's", "<= 1.2", small?.toRestic ?? null),
    bar("large files: bytes on disk / restic's", "<= 1.2", large?.toRestic ?? null),
    bar("small files: peak memory, MiB", "<= 300", small?.peakMiB ?? null),
    bar("large files: peak memory, MiB", "<= 300", large?.peakMiB ?? null),
  ];
}
