import { parser } from "@lezer/python";
import { fillPythonGaps } from "./fill-python-gaps.ts";

export type PythonTree = ReturnType<typeof parser.parse>;
export type PythonNode = PythonTree["topNode"];

/** What stops at the first error ends in linear time; recovering from two million of them takes half a minute. */
const strict = parser.configure({ strict: true });

/**
 * Python by a parser that is tables, not recursion. The tree's places are the text's; a statement stands behind its end.
 * @returns where it breaks, when it is no Python or nested deeper than the parser follows
 */
export function parsePython(text: string): { readonly tree: PythonTree } | { readonly tree: null; readonly brokenAt: number } {
  try {
    // The grammar wants a statement, and most files of packages hold none.
    return { tree: strict.parse(`${fillPythonGaps(text)}\npass\n`) };
  } catch (error) {
    const at = /^No parse at (\d{1,9})/.exec(error instanceof SyntaxError ? error.message : "")?.[1];
    return { tree: null, brokenAt: Math.min(text.length, Number(at ?? 0)) };
  }
}
