import { basename, extname } from "node:path/posix";
import { parseSync } from "oxc-parser";
import { LineCounter, parseAllDocuments } from "yaml";
import { lineAt } from "../line-at.ts";
import { type PythonTree, parsePython } from "../parse-python.ts";
import { isNestedTooDeep } from "../touches/source/is-nested-too-deep.ts";
import { isNode, type SyntaxNode } from "../touches/source/walk-program.ts";
import { stripJsonComments } from "./strip-json-comments.ts";

export type ParsedText =
  | { readonly kind: "unknown-language" }
  | { readonly kind: "not-read"; readonly because: string }
  | { readonly kind: "broken"; readonly because: string; readonly line: number | null }
  | { readonly kind: "parsed"; readonly program?: SyntaxNode; readonly python?: PythonTree; readonly text: string };

/** A text in the language that its name says. Never throws, and never recurses natively over what strangers nested. */
export function parseText(path: string, text: string | null): ParsedText {
  const language = languageOf(path, text);
  if (language === undefined) return { kind: "unknown-language" };
  if (text === null) return { kind: "not-read", because: "it is larger than is read, or no text" };
  const whole = text.startsWith("\uFEFF") ? text.slice(1) : text;
  try {
    return PARSERS[language](path, whole);
  } catch (error) {
    return { kind: "not-read", because: `it could not be parsed: ${error instanceof RangeError ? "too large or too deep" : "the parser gave up"}` };
  }
}

type Language = "program" | "python" | "json" | "yaml";

const EXTENSIONS: ReadonlyMap<string, Language> = new Map([
  ...[".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"].map((name) => [name, "program"] as const),
  ...[".py", ".pyi"].map((name) => [name, "python"] as const),
  ...[".json", ".jsonc", ".webmanifest"].map((name) => [name, "json"] as const),
  ...[".yaml", ".yml"].map((name) => [name, "yaml"] as const),
]);

function languageOf(path: string, text: string | null): Language | undefined {
  const known = EXTENSIONS.get(extname(path).toLowerCase());
  if (known !== undefined) return known;
  const first = text?.slice(0, 200).split("\n", 1)[0] ?? "";
  if (!first.startsWith("#!")) return undefined;
  return /\b(node|deno|bun)\b/.test(first) ? "program" : first.includes("python") ? "python" : undefined;
}

const PARSERS: Readonly<Record<Language, (path: string, text: string) => ParsedText>> = {
  program: parseProgramText,
  python: parsePythonText,
  json: parseJson,
  yaml: parseYaml,
};

function parseProgramText(path: string, text: string): ParsedText {
  if (isNestedTooDeep(text)) return { kind: "not-read", because: "it is nested too deeply to be parsed" };
  const name = basename(path);
  const lang = /\.d\.[mc]?ts$/i.test(name) ? "dts" : /\.tsx$/i.test(name) ? "tsx" : /\.[mc]?ts$/i.test(name) ? "ts" : "jsx";
  let parsed = parseSync(`file.${lang === "jsx" ? "js" : "ts"}`, text, { lang });
  // A CommonJS file may say `return` at its top, or `await` as a name.
  if (hasErrors(parsed) && lang === "jsx") parsed = parseSync("file.cjs", text, { lang, sourceType: "commonjs" });
  const error = parsed.errors.find(({ severity }) => severity === "Error");
  if (error !== undefined) return { kind: "broken", because: error.message, line: lineAt(text, error.labels[0]?.start ?? 0) };
  const program: unknown = parsed.program;
  return isNode(program) ? { kind: "parsed", program, text } : { kind: "not-read", because: "the parser gave no program" };
}

const hasErrors = (parsed: ReturnType<typeof parseSync>) => parsed.errors.some(({ severity }) => severity === "Error");

function parsePythonText(_path: string, text: string): ParsedText {
  const parsed = parsePython(text);
  if (parsed.tree === null) return { kind: "broken", because: "this is no Python", line: lineAt(text, parsed.brokenAt) };
  return { kind: "parsed", python: parsed.tree, text };
}

/** Files that are read with comments and trailing commas by those who read them. */
const LENIENT =
  /(^|\/)(tsconfig[^/]*|jsconfig[^/]*|\.eslintrc|\.oxlintrc|\.babelrc|\.swcrc|devcontainer|settings|launch|tasks|extensions|turbo|biome|deno|wrangler|nx|api-extractor)\.jsonc?$|\.jsonc$/i;

function parseJson(path: string, text: string): ParsedText {
  try {
    JSON.parse(LENIENT.test(path) ? stripJsonComments(text) : text);
    return { kind: "parsed", text };
  } catch (error) {
    const position = /at position (\d{1,9})/.exec(error instanceof Error ? error.message : "")?.[1];
    return { kind: "broken", because: "this is no JSON", line: position === undefined ? null : lineAt(text, Number(position)) };
  }
}

/** The library recurses: a nest deeper than any person's is not tried. */
const DEEPEST_YAML = 500;

function parseYaml(_path: string, text: string): ParsedText {
  if (isDeeperThan(text, DEEPEST_YAML)) return { kind: "not-read", because: "it is nested too deeply to be parsed" };
  const lineCounter = new LineCounter();
  for (const document of parseAllDocuments(text, { lineCounter, logLevel: "silent", customTags: [], uniqueKeys: false })) {
    const [error] = document.errors;
    if (error !== undefined) return { kind: "broken", because: `this is no YAML: ${error.code}`, line: lineCounter.linePos(error.pos[0]).line };
  }
  return { kind: "parsed", text };
}

function isDeeperThan(text: string, levels: number): boolean {
  let [open, indent] = [0, 0];
  for (const char of text) {
    if (char === "[" || char === "{") open++;
    else if (char === "]" || char === "}") open = Math.max(0, open - 1);
    if (open > levels) return true;
  }
  for (const line of text.split("\n")) {
    indent = line.length - line.trimStart().length;
    const dashes = /^[\s-]*/.exec(line)?.[0].split("-").length ?? 0;
    if (indent > levels * 2 || dashes > levels) return true;
  }
  return false;
}
