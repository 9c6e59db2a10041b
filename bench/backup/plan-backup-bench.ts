export interface DataPlan {
  readonly name: string;
  readonly files: number;
  /** Sizes are drawn evenly between the two. Half of the files are text that shrinks, half noise that does not. */
  readonly leastBytes: number;
  readonly mostBytes: number;
}

export interface BackupBenchPlan {
  readonly small: DataPlan;
  readonly large: DataPlan;
  /** Each from an empty repository. */
  readonly rounds: number;
}

const KIB = 1_024;
const SMALL = { leastBytes: KIB, mostBytes: 8 * KIB };
/** 2,000 of them are a gibibyte. */
const LARGE = { leastBytes: 24 * KIB, mostBytes: 1_024 * KIB };

/**
 * @param quick the same rows in under a minute, each from far less
 * @param rounds other than 3, or 1 where it is to be quick
 */
export const planBackupBench = (quick: boolean, rounds?: string): BackupBenchPlan => ({
  ...(quick
    ? { small: { name: "3,000 small files", files: 3_000, ...SMALL }, large: { name: "60 MiB", files: 120, ...LARGE }, rounds: 1 }
    : { small: { name: "50,000 small files", files: 50_000, ...SMALL }, large: { name: "1 GiB in 2,000 files", files: 2_000, ...LARGE }, rounds: 3 }),
  ...(rounds === undefined ? {} : { rounds: Math.max(1, Number.parseInt(rounds, 10)) }),
});
