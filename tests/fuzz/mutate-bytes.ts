/** What a text or a binary breaks at. */
const TOKENS = [
  "\n",
  "\n\n",
  "\0",
  " ",
  "— ",
  "+",
  "-1",
  "0",
  "00",
  "18446744073709551616",
  "9007199254740993",
  "1e999",
  "\ud800",
  "\u202e",
  "\r\n",
  "{",
  "[",
  '"',
  "\\u0000",
  "=",
  "../",
  "%2e%2e",
  "__proto__",
].map((token) => Buffer.from(token));
const LONGEST = 8_192;

/** One to four changes: bits, bytes, cuts, repeats, tokens, pieces of itself elsewhere. `random` gives numbers from 0 up to 1. */
export function mutateBytes(bytes: Buffer, random: () => number): Buffer {
  let left: Buffer = Buffer.from(bytes);
  for (let change = 1 + Math.floor(random() * 4); change > 0; change -= 1) left = mutateOnce(left, random);
  return left.subarray(0, LONGEST);
}

function mutateOnce(bytes: Buffer, random: () => number): Buffer {
  const below = (limit: number) => Math.floor(random() * limit);
  const at = below(bytes.length + 1);
  const to = at + below(bytes.length + 1 - at);
  const [before, between, after] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)];
  switch (below(7)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      if (at < bytes.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << below(8));
      return flipped;
    }
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, between, between, after]);
    case 3:
      return Buffer.concat([before, TOKENS[below(TOKENS.length)] ?? Buffer.alloc(0), bytes.subarray(at)]);
    case 4:
      return Buffer.concat([before, TOKENS[below(TOKENS.length)] ?? Buffer.alloc(0), after]);
    case 5:
      return Buffer.concat([before, Buffer.from(Array.from({ length: below(40) }, () => below(256))), after]);
    default:
      return Buffer.concat([after, between, before]);
  }
}
