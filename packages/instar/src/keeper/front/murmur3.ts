/**
 * MurmurHash3 x86-32 (Austin Appleby, public domain). Not against enemies: who knows the input can choose its hash. It spreads
 * evenly, is the same on every machine and in every release of Instar, and others can compute it again from its description.
 */
export function hashMurmur3(bytes: Uint8Array, seed = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tailAt = bytes.length & ~3;
  let hash = seed | 0;
  for (let at = 0; at < tailAt; at += 4) {
    hash ^= scramble(view.getUint32(at, true));
    hash = (Math.imul(rotateLeft(hash, 13), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= tailAt; at -= 1) tail = (tail << 8) | (bytes[at] ?? 0);
  if (tailAt < bytes.length) hash ^= scramble(tail);
  return avalanche(hash ^ bytes.length);
}

function scramble(word: number): number {
  return Math.imul(rotateLeft(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
}

function avalanche(mixed: number): number {
  let hash = mixed;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function rotateLeft(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
