import { hash } from "node:crypto";

/** Where a file ends that is kept as one piece: looking for cuts costs more than what small files could share. */
export const UNCUT_BYTES = 1_048_576;
const LEAST_BYTES = 262_144;
const USUAL_BYTES = 1_048_576;
export const MOST_BYTES = 4_194_304;

/** Stricter before the usual size and laxer after it, so that sizes gather around it (FastCDC §3.3, normalised chunking). */
const STRICT_MASK = (0xff_ff_ff_ff << 10) | 0;
const LAX_MASK = (0xff_ff_ff_ff << 14) | 0;

/** What each byte adds to the rolling hash. Made from nothing but this sentence's digest: another table would share nothing with what is stored. */
const GEAR = Int32Array.from({ length: 256 }, (_, byte) => hash("sha256", `instar gear ${byte}`, "buffer").readInt32LE(0));

/**
 * How many of the bytes belong to the first chunk. The cut depends on the 32 bytes before it alone, so what was inserted or appended elsewhere
 * leaves the other chunks as they were.
 *
 * @param bytes at least MOST_BYTES, or all that is left of the file
 */
export function findCut(bytes: Uint8Array): number {
  const end = Math.min(bytes.length, MOST_BYTES);
  if (end <= LEAST_BYTES) return end;
  const usual = Math.min(end, USUAL_BYTES);
  let rolling = 0;
  let at = LEAST_BYTES - 32;
  for (; at < LEAST_BYTES; at += 1) rolling = ((rolling << 1) + (GEAR[bytes[at] as number] as number)) | 0;
  for (; at < usual; at += 1) {
    rolling = ((rolling << 1) + (GEAR[bytes[at] as number] as number)) | 0;
    if ((rolling & STRICT_MASK) === 0) return at + 1;
  }
  for (; at < end; at += 1) {
    rolling = ((rolling << 1) + (GEAR[bytes[at] as number] as number)) | 0;
    if ((rolling & LAX_MASK) === 0) return at + 1;
  }
  return end;
}
