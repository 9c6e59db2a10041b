import { type Bytes, joinBytes, sha256 } from "./bytes.ts";

/** Leaves and inner nodes begin with different bytes, so that no inner node can be passed off as an entry (RFC 6962 §2.1). */
export const hashLeaf = (entry: Uint8Array): Promise<Bytes> => sha256(joinBytes(Uint8Array.of(0), entry));
export const hashChildren = (left: Uint8Array, right: Uint8Array): Promise<Bytes> => sha256(joinBytes(Uint8Array.of(1), left, right));

/** Neighbouring leaves that one hash of a proof stands for. */
export interface LeafRange {
  readonly start: number;
  readonly count: number;
}

/**
 * Down from the root of a tree of `size` leaves to the range that `isReached` recognises: what lies beside the way, from the bottom up. No bit operations:
 * they end at 32 bits.
 */
export function planWay(
  size: number,
  at: number,
  isReached: (range: LeafRange) => boolean,
): { readonly end: LeafRange; readonly siblings: readonly LeafRange[] } {
  const siblings: LeafRange[] = [];
  let [start, count] = [0, size];
  while (!isReached({ start, count })) {
    const left = splitPoint(count);
    if (at < start + left) {
      siblings.push({ start: start + left, count: count - left });
      count = left;
    } else {
      siblings.push({ start, count: left });
      [start, count] = [start + left, count - left];
    }
  }
  return { end: { start, count }, siblings: siblings.reverse() };
}

/** The largest power of two below `count`, which is at least 2. */
function splitPoint(count: number): number {
  let left = 1;
  while (left * 2 < count) left *= 2;
  return left;
}
