/** Names that are one slip of the keyboard apart, or differ only in how their words are joined. */
export function isLookAlike(name: string, known: string): boolean {
  if (name === known || Math.min(name.length, known.length) < MIN_LENGTH || name.length > 214) return false;
  if (Math.abs(name.length - known.length) <= 1 && isOneSlip(name, known)) return true;
  return Math.abs(name.length - known.length) <= 3 && joined(name) === joined(known);
}

/** Among shorter names nearly every two are alike. */
const MIN_LENGTH = 4;

/** One letter more, less or another, or two neighbours swapped. */
function isOneSlip(one: string, other: string): boolean {
  const [long, short] = one.length >= other.length ? [one, other] : [other, one];
  let start = 0;
  while (start < short.length && long[start] === short[start]) start++;
  let end = 0;
  while (end < short.length - start && long.at(-1 - end) === short.at(-1 - end)) end++;
  const [longRest, shortRest] = [long.slice(start, long.length - end), short.slice(start, short.length - end)];
  if (longRest.length <= 1) return shortRest.length <= 1;
  return longRest.length === 2 && shortRest.length === 2 && longRest[0] === shortRest[1] && longRest[1] === shortRest[0];
}

function joined(name: string): string {
  return name.toLowerCase().replace(/[-_.@/]/g, "");
}
