import { parse } from "yaml";

/** Deep enough for any settings; what lies deeper is not looked at, and said to be unreadable. */
const DEEPEST = 40;
const MOST_VALUES = 20_000;

/** A YAML or JSON text as flat values: `watch.errorShare` → 0.1, `exchange.smoke.0.path` → "/". undefined where it cannot be read as settings. */
export function readSettingsValues(text: string): ReadonlyMap<string, unknown> | undefined {
  if (isDeep(text)) return undefined;
  try {
    const values = new Map<string, unknown>();
    const parsed: unknown = parse(text, { maxAliasCount: 100, logLevel: "error" });
    const todo: { readonly at: string; readonly value: unknown; readonly depth: number }[] = [{ at: "", value: parsed, depth: 0 }];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const { at, value, depth } = next;
      if (depth > DEEPEST || values.size > MOST_VALUES) return undefined;
      // What is empty is said all the same: `for: []` is another thing than no word.
      if (typeof value !== "object" || value === null || Object.keys(value).length === 0)
        values.set(at, typeof value === "object" && value !== null ? "" : value);
      else for (const [key, part] of Object.entries(value)) todo.push({ at: at === "" ? key : `${at}.${key}`, value: part, depth: depth + 1 });
    }
    return values;
  } catch {
    return undefined;
  }
}

/** The reader recurses: brackets and indentation bound its depth. */
function isDeep(text: string): boolean {
  let [depth, deepest] = [0, 0];
  for (const [char] of text.matchAll(/[[\]{}]|(?<=^|\n)[ -]{200}/g)) {
    depth += char === "[" || char === "{" ? 1 : char === "]" || char === "}" ? -1 : DEEPEST;
    deepest = Math.max(deepest, depth);
  }
  return deepest >= DEEPEST || text.length > 1_048_576;
}
