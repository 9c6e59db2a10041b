import { isPlain } from "./plain-value.ts";

/**
 * JSON whose root is an object, and in which no object says a thing twice: of two keys readers take the last one, people the first.
 * @throws Error with a sentence why not
 */
export function parseJsonStrictly(text: string): Readonly<Record<string, unknown>> {
  const value = parse(text.startsWith("\ufeff") ? text.slice(1) : text);
  if (!isPlain(value)) throw new Error("it is not a JSON object");
  const twice = findDuplicateKey(text);
  if (twice !== undefined) throw new Error(`it says ${JSON.stringify(twice.slice(0, 100))} twice in one object`);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
}

/** One pass over text that is known to be JSON: a string before a colon is a key of the innermost open object. */
function findDuplicateKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  let last: string | undefined;
  for (let at = 0; at < text.length; at++)
    switch (text.charCodeAt(at)) {
      case 0x22: {
        const end = endOfString(text, at);
        last = text.slice(at, end);
        at = end - 1;
        break;
      }
      case 0x3a: {
        const keys = open.at(-1);
        const key = last?.includes("\\") ? String(JSON.parse(last)) : (last?.slice(1, -1) ?? "");
        if (keys?.has(key)) return key;
        keys?.add(key);
        break;
      }
      case 0x7b:
        open.push(new Set());
        break;
      case 0x7d:
        open.pop();
        break;
    }
  return undefined;
}

/** The place behind the closing quote. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at++;
    else if (code === 0x22) return at + 1;
  }
  return text.length;
}
