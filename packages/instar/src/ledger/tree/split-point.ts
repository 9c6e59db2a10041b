/** The largest power of two below `count`, which is at least 2: so many leaves go to the left (RFC 6962 §2.1). */
export function splitPoint(count: number): number {
  let left = 1;
  while (left * 2 < count) left *= 2;
  return left;
}
