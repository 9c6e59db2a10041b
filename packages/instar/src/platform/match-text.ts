import { createContext, Script } from "node:vm";

/** An operator's pattern on a text that the candidate chose: some pairs of them take longer than the universe is old. */
const MATCH_WITHIN_MS = 1_000;
const script = new Script("texts.map((text) => new RegExp(pattern, flags).test(text) ? '1' : '0').join('')");

/**
 * Which of the texts a regular expression matches; undefined where that could not be found out within a second, all of them together.
 * Runs in a context of its own, because only there V8 ends a regular expression that does not end.
 */
export function matchTexts(pattern: string, texts: readonly string[], flags = ""): readonly boolean[] | undefined {
  const context = createContext({ pattern, flags, texts: [...texts] });
  try {
    return [...String(script.runInContext(context, { timeout: MATCH_WITHIN_MS }))].map((sign) => sign === "1");
  } catch {
    return undefined;
  }
}

/** Whether one text matches; undefined where that could not be found out within a second. */
export function matchText(pattern: string, text: string, flags = ""): boolean | undefined {
  return matchTexts(pattern, [text], flags)?.[0];
}
