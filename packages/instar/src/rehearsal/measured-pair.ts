/** What was measured of both versions under the same requests. `old` and `new` stand side by side: the same request, block, round or reading. */
export interface MeasuredPair {
  /** In the order in which they were asked; the warm-up is left out. */
  readonly pairs: readonly { readonly old: MeasuredRequest; readonly new: MeasuredRequest }[];
  readonly plannedPairs: number;
  /** Blocks, rounds and readings of memory: one number for all three. */
  readonly plannedGroups: number;
  readonly blocks: readonly { readonly old: MeasuredBlock; readonly new: MeasuredBlock }[];
  /** Milliseconds for each answered request, several asked at once; infinite where none was answered. */
  readonly rounds: readonly { readonly old: number; readonly new: number }[];
  /** Resident bytes; undefined where the system did not tell. */
  readonly memory: readonly { readonly old: number | undefined; readonly new: number | undefined }[];
  /** Why it ended before all was asked; null where it did not. */
  readonly endedBecause: string | null;
}

export interface MeasuredRequest {
  readonly tookMs: number;
  /** Silence, or 5xx: what the front counts as a failure too. */
  readonly isFailed: boolean;
}

export interface MeasuredBlock {
  readonly cpuMsPerRequest: number | undefined;
  readonly loopMs: number | undefined;
}
