import { parseBoundedJson } from "../platform/parse-bounded-json.ts";
import { escapeKey, readJsonPointer } from "../platform/read-json-pointer.ts";

export type Things = { readonly kind: "named"; readonly names: ReadonlySet<string> } | { readonly kind: "unreadable"; readonly because: string };

/** An agent has dozens of plugins; a list of millions is not compared, and not kept. */
const MOST = 10_000;

/**
 * The names of configured things in an agent's JSON: a list of names, a list of objects with a `key` that names each, or an object whose keys they are.
 * An entry without a name makes the whole unreadable: leaving it out would let a thing vanish unseen.
 */
export function parseThings(text: string, { at, key }: { readonly at: string; readonly key?: string | undefined }): Things {
  const unreadable = (because: string): Things => ({ kind: "unreadable", because });
  const parsed = parseBoundedJson(pickJson(text));
  if (parsed.kind === "refused") return unreadable(`the answer ${parsed.because}`);
  const found = readJsonPointer(parsed.value, at);
  const place = at === "" ? "at its top" : `at ${at}`;
  if (typeof found !== "object" || found === null) return unreadable(`there is no list and no object ${place}`);
  const names = Array.isArray(found) ? found.slice(0, MOST + 1).map((entry) => nameOf(entry, key)) : Object.keys(found);
  if (names.length > MOST) return unreadable(`there are more than ${MOST} entries ${place}`);
  const missing = names.indexOf(undefined);
  if (missing >= 0)
    return unreadable(
      key === undefined ? `entry ${missing} ${place} is no name; \`key\` says which field names it` : `entry ${missing} ${place} has no ${key}`,
    );
  return { kind: "named", names: new Set(names.filter((name) => name !== undefined)) };
}

/** Programs warn before they answer: where the whole is no JSON, it begins with the first line that opens a list or an object. */
function pickJson(text: string): string {
  if (/^\s*["[{]/.test(text)) return text;
  const start = text.search(/^[[{]/m);
  return start < 0 ? text : text.slice(start);
}

function nameOf(entry: unknown, key: string | undefined): string | undefined {
  const name = key === undefined ? entry : readJsonPointer(entry, `/${escapeKey(key)}`);
  return typeof name === "string" || typeof name === "number" ? String(name) : undefined;
}
