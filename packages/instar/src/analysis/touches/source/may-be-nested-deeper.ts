/**
 * Whether the exact count of `isNestedTooDeep` can pass `most` anywhere in a text. Never too small, often too large: it takes every word for one
 * after which an expression goes on, `<` for an element and for an operator, and no line feed for an end. Strings and comments are passed over as the
 * exact count passes over them, so that what stands in them closes nothing here either. One loop over numbers: most of a tree's text ends here.
 */
export function mayBeNestedDeeper(text: string, most: number): boolean {
  // Of each open bracket: its chain, and the chain that an `else` goes on with.
  const chains: number[] = [];
  const ends: number[] = [];
  let [chain, ended, total, elements, previous] = [0, 0, 0, 0, 0];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const kind = KINDS[code];
    if (kind === BLANK) continue;
    if (kind === QUOTE) {
      at = endOfString(text, at, code);
      chain++;
      total++;
    } else if (kind === OPENER) {
      if (code === BRACKET && previous === CLOSING_BRACKET) {
        chain++;
        total++;
      }
      chains.push(chain);
      ends.push(ended);
      chain = ended = 0;
    } else if (kind === CLOSER) {
      total -= chain;
      chain = chains.pop() ?? 0;
      ended = ends.pop() ?? ended;
    } else if (kind === END) {
      ended = chain;
      total -= chain;
      chain = 0;
    } else if (kind === WORD) {
      if (code === E && ended > chain && text.startsWith("else", at)) {
        total += ended - chain;
        chain = ended;
      }
      while (KINDS[text.charCodeAt(at + 1)] === WORD) at++;
      chain++;
      total++;
    } else if (code === SLASH && text.charCodeAt(at + 1) === SLASH) {
      at = orEnd(text, text.indexOf("\n", at));
      continue;
    } else if (code === SLASH && text.charCodeAt(at + 1) === STAR) {
      at = orEnd(text, text.indexOf("*/", at + 2)) + 1;
      continue;
    } else {
      const next = text.charCodeAt(at + 1);
      if ((code === LESS && next === SLASH) || (code === SLASH && next === MORE)) {
        elements = Math.max(0, elements - 1);
        at++;
      } else {
        if (code === LESS && KINDS[previous] !== WORD && previous !== CLOSING_BRACKET && previous !== CLOSING_PARENTHESIS) elements++;
        chain++;
        total++;
      }
    }
    previous = code;
    if (chains.length + elements + total > most) return true;
  }
  return false;
}

const [OPERATOR, BLANK, QUOTE, OPENER, CLOSER, END, WORD] = [0, 1, 2, 3, 4, 5, 6] as const;
/** What a character is to the count, by its code; what is not named is an operator. */
const KINDS = new Uint8Array(65_536).fill(OPERATOR);
for (const [kind, chars] of [
  [BLANK, "\t\n\v\f\r "],
  [QUOTE, "\"'"],
  [OPENER, "([{"],
  [CLOSER, ")]}"],
  [END, ",;"],
  [WORD, "$_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"],
] as const)
  for (const char of chars) KINDS[char.charCodeAt(0)] = kind;

const [SLASH, STAR, LESS, MORE, BACKSLASH, LINE_FEED, E] = [0x2f, 0x2a, 0x3c, 0x3e, 0x5c, 0x0a, 0x65] as const;
const [BRACKET, CLOSING_BRACKET, CLOSING_PARENTHESIS] = [0x5b, 0x5d, 0x29] as const;

const orEnd = (text: string, index: number) => (index === -1 ? text.length : index);

/** The last character of a string: its closing quote, or what stands before the end of a line that has none. */
function endOfString(text: string, from: number, quote: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === quote) return at;
    else if (code === LINE_FEED) return at - 1;
  }
  return text.length;
}
