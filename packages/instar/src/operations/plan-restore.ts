import { type Component, InstarError } from "@instar/protocol";

export interface RestoreAsked {
  readonly components: readonly Component[] | undefined;
  readonly to: string | undefined;
}

/**
 * Which components are put back: what was asked for, or aside everything, or in place everything but the code, which has its own way back.
 * What the backup does not have is refused by name. Pure.
 *
 * @throws InstarError INPUT_INVALID
 */
export function planRestoredComponents(has: readonly Component[], { components, to }: RestoreAsked): Component[] {
  const missing = components?.find((component) => !has.includes(component));
  if (missing !== undefined)
    throw new InstarError("INPUT_INVALID", `this backup has no ${missing}; it has ${has.join(", ")}`, {
      advice: "`instar backup list` shows what each one has.",
    });
  const chosen = has.filter((component) => components?.includes(component) ?? (to !== undefined || component !== "code"));
  if (chosen.length === 0) throw new InstarError("INPUT_INVALID", "this backup has nothing but code: `--component code` restores that");
  return chosen;
}

/** What a disk gives at the least, where this instance has not restored anything yet. */
const SLOW_BYTES_PER_MS = 50_000;
/** Stopping and starting the agent. */
const RESTART_MS = 2_000;

/** By what this instance's own restores took, else by bytes on a slow disk. Pure. */
export function estimateRestoreMs(sizeBytes: number, past: readonly { readonly sizeBytes: number; readonly tookMs: number }[]): number {
  const rates = past.filter(({ tookMs }) => tookMs > 0).map(({ sizeBytes: bytes, tookMs }) => bytes / tookMs);
  const rate = rates.toSorted((a, b) => a - b)[Math.floor((rates.length - 1) / 2)];
  const measured = past.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b)[Math.floor((past.length - 1) / 2)];
  if (rate === undefined || measured === undefined) return Math.round(RESTART_MS + sizeBytes / SLOW_BYTES_PER_MS);
  return Math.round(Math.max(measured, rate === 0 ? 0 : sizeBytes / rate));
}
