import { extname } from "node:path/posix";
import { type ParseResult, parseSync } from "oxc-parser";
import { isNestedTooDeep } from "./touches/source/is-nested-too-deep.ts";

const LANGUAGES: Readonly<Record<string, "js" | "jsx" | "ts" | "tsx" | "dts">> = {
  ".js": "jsx",
  ".mjs": "js",
  ".cjs": "js",
  ".jsx": "jsx",
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
};

/** True where a file of this name is read as JavaScript or TypeScript. */
export const isProgramPath = (path: string): boolean => LANGUAGES[extname(path)] !== undefined;

/** @returns undefined where the file is no JavaScript or TypeScript, or does not parse */
export function parseProgram(path: string, text: string): ParseResult | undefined {
  const lang = LANGUAGES[extname(path)];
  // The parser is native and recursive: what is nested too deeply would end the process.
  if (lang === undefined || isNestedTooDeep(text)) return undefined;
  const parsed = parseSync(path, text, { lang: /\.d\.[mc]?ts$/.test(path) ? "dts" : lang });
  return parsed.errors.some(({ severity }) => severity === "Error") ? undefined : parsed;
}
