/** As large as what a connection reads at once. */
const COPY_MAX_BYTES = 64 * 1024;
/** Four megabytes: what a few dozen large answers need at once. Beyond that copies are left to the garbage collector. */
const SPARE_MAX = 64;

const spare: Buffer[] = [];

export interface LentCopy {
  readonly bytes: Buffer;
  /** The copy has been written, or never will be: its memory may serve another. At most once. */
  giveBack(): void;
}

/**
 * A copy of bytes that are only lent, in memory that was used before: to allocate and collect a buffer for each piece of a large
 * body costs several times what it costs to copy it.
 */
export function copyLent(lent: Buffer): LentCopy {
  if (lent.length > COPY_MAX_BYTES) return { bytes: Buffer.from(lent), giveBack() {} };
  const memory = spare.pop() ?? Buffer.allocUnsafeSlow(COPY_MAX_BYTES);
  lent.copy(memory);
  return {
    bytes: memory.subarray(0, lent.length),
    giveBack() {
      if (spare.length < SPARE_MAX) spare.push(memory);
    },
  };
}
