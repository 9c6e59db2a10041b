/**
 * What stands at an RFC 6901 pointer; undefined where nothing does. A value that is `undefined` does not occur in JSON, so nothing is mistaken
 * for it. Only what the document itself holds is found: `/constructor` and `/length` are not there.
 *
 * @param pointer `""` (the whole document) or `/`-separated keys with `~1` for `/` and `~0` for `~`
 */
export function readJsonPointer(document: unknown, pointer: string): unknown {
  if (pointer === "") return document;
  if (!pointer.startsWith("/")) return undefined;
  return pointer.slice(1).split("/").map(unescapeKey).reduce<unknown>(step, document);
}

/** RFC 6901 §4: first ~1, then ~0, so that ~01 is the key "~1". */
const unescapeKey = (text: string) => text.replaceAll("~1", "/").replaceAll("~0", "~");

export const escapeKey = (key: string) => key.replaceAll("~", "~0").replaceAll("/", "~1");

function step(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return /^(0|[1-9]\d*)$/.test(key) ? value[Number(key)] : undefined;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}
