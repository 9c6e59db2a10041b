import { quoteText } from "./plain-text.ts";

export type BoundedJson = { readonly kind: "json"; readonly value: unknown } | { readonly kind: "refused"; readonly because: string };

/** What an agent says of itself is a page or two; whoever sends more is not read. */
const LONGEST = 4_194_304;
/** V8 parses any depth, but whoever then walks the value by recursion is ended by a document of brackets. */
const DEEPEST = 256;

/** JSON of somebody who is not trusted: a document that is too long or too deep is refused, in words that follow "the answer". */
export function parseBoundedJson(text: string): BoundedJson {
  if (text.length > LONGEST) return { kind: "refused", because: `is longer than ${LONGEST / 1_048_576} MiB` };
  if (isDeeperThan(text, DEEPEST)) return { kind: "refused", because: `is JSON nested deeper than ${DEEPEST} levels` };
  try {
    return { kind: "json", value: JSON.parse(text) };
  } catch {
    return { kind: "refused", because: text.trim() === "" ? "is empty" : `is not JSON (it begins ${quoteText(text, 60)})` };
  }
}

/** Brackets inside strings do not count. Text that is no JSON is measured just as well: only the depth is asked here. */
function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isInString) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      if (depth > limit) return true;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
  }
  return false;
}

const [QUOTE, BACKSLASH, OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [34, 92, 123, 125, 91, 93];
