/** A source file as the checks see it. Paths are relative to the project's root, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** The text with comments and the insides of strings and patterns blanked, position for position. */
  readonly code: string;
  readonly imports: readonly Import[];
  readonly exports: readonly Export[];
}

export interface Import {
  readonly line: number;
  /** As written: "./x.ts", "node:fs", "zod". */
  readonly specifier: string;
  /** The names that are taken, as the other file calls them; `*` for all. */
  readonly names: readonly string[];
  readonly isTypeOnly: boolean;
}

export interface Export {
  readonly line: number;
  readonly name: string;
  readonly isType: boolean;
}

/**
 * Reads imports and exports out of a TypeScript text, by its tokens. It knows this project's way of writing (static
 * imports of a plain string, declarations with `export` in front), which Biome's formatting guarantees. TypeScript 7
 * has no stable API for this yet.
 */
export function scanSource(path: string, text: string): SourceFile {
  const code = maskSource(text);
  return { path, text, code, imports: scanImports(text, code), exports: scanExports(code) };
}

/** True for files that only tests run. */
export const isTestFile = (path: string) => /\.(test|testing)\.ts$/.test(path) || path.startsWith("tests/");

export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

const STATEMENT = /\b(?:import|export)\s+(type\s+)?((?:[\w$]+\s*,\s*)?(?:\{[^}]*\}|\*(?:\s+as\s+[\w$]+)?|[\w$]+))\s+from\s+"/g;
const BARE = /\bimport(?:\.meta\.resolve)?\s*\(?\s*"/g;

function scanImports(text: string, code: string): Import[] {
  const found: Import[] = [];
  for (const match of code.matchAll(STATEMENT)) {
    const clause = match[2] ?? "";
    const parts = clause
      .replace(/^[^{]*\{|\}$/g, "")
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
    const isNamed = clause.includes("{");
    found.push({
      line: lineOf(text, match.index),
      specifier: stringAt(text, match.index + match[0].length),
      names: isNamed ? parts.map((part) => part.replace(/^type\s+/, "").replace(/\s+as\s+.*$/, "")) : ["*"],
      isTypeOnly: match[1] !== undefined || (isNamed && parts.length > 0 && parts.every((part) => part.startsWith("type "))),
    });
  }
  for (const match of code.matchAll(BARE))
    found.push({ line: lineOf(text, match.index), specifier: stringAt(text, match.index + match[0].length), names: ["*"], isTypeOnly: false });
  return found.toSorted((a, b) => a.line - b.line);
}

const stringAt = (text: string, start: number) => text.slice(start, text.indexOf('"', start));

const DECLARATION = /^export\s+(?:async\s+|abstract\s+)?(function\*?|const|let|class|interface|type)\s+([\w$]+)/gm;
const LIST = /^export\s+(type\s+)?\{([^}]*)\}\s*;/gm;

function scanExports(code: string): Export[] {
  const found: Export[] = [];
  for (const match of code.matchAll(DECLARATION))
    found.push({ line: lineOf(code, match.index), name: match[2] ?? "", isType: match[1] === "interface" || match[1] === "type" });
  for (const match of code.matchAll(LIST))
    for (const part of (match[2] ?? "")
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== ""))
      found.push({
        line: lineOf(code, match.index),
        name: part.replace(/^type\s+/, "").replace(/^.*\s+as\s+/, ""),
        isType: match[1] !== undefined || part.startsWith("type "),
      });
  return found;
}

/** Blanks what is no code, keeping every position and line. Template literals keep the code inside `${…}`. */
export function maskSource(text: string): string {
  const out = [...text].length === text.length ? text.split("") : Array.from({ length: text.length }, (_, index) => text.charAt(index));
  const blank = (from: number, to: number) => {
    for (let at = from; at < to; at += 1) if (out[at] !== "\n") out[at] = " ";
  };
  /** For every open `${`, the depth of braces at which it closes. */
  const templates: number[] = [];
  let depth = 0;
  for (let at = 0; at < text.length; ) {
    const end = endOfNonCode(text, at, out);
    if (end !== undefined) {
      blank(end.from, end.to);
      at = end.next;
      if (end.opensTemplateCode) templates.push(depth);
      continue;
    }
    if (text[at] === "{") depth += 1;
    if (text[at] === "}") {
      if (templates.at(-1) === depth) {
        templates.pop();
        const rest = endOfTemplate(text, at + 1);
        blank(at + 1, rest.to);
        if (rest.opensTemplateCode) templates.push(depth);
        at = rest.next;
        continue;
      }
      depth -= 1;
    }
    at += 1;
  }
  return out.join("");
}

interface NonCode {
  readonly from: number;
  readonly to: number;
  readonly next: number;
  readonly opensTemplateCode: boolean;
}

function endOfNonCode(text: string, at: number, before: readonly string[]): NonCode | undefined {
  const two = text.slice(at, at + 2);
  const plain = (from: number, to: number, next: number): NonCode => ({ from, to, next, opensTemplateCode: false });
  if (two === "//") {
    const end = text.indexOf("\n", at);
    return plain(at, end < 0 ? text.length : end, end < 0 ? text.length : end);
  }
  if (two === "/*") {
    const end = text.indexOf("*/", at + 2);
    return plain(at, end < 0 ? text.length : end + 2, end < 0 ? text.length : end + 2);
  }
  const first = text[at];
  if (first === '"' || first === "'") {
    const end = endOfQuoted(text, at + 1, first);
    return plain(at + 1, end, end + 1);
  }
  if (first === "`") return { ...endOfTemplate(text, at + 1), from: at + 1 };
  if (first === "/" && beginsPattern(before, at)) {
    const end = endOfPattern(text, at + 1);
    return plain(at + 1, end, end + 1);
  }
  return undefined;
}

function endOfTemplate(text: string, start: number): NonCode {
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "`") return { from: start, to: at, next: at + 1, opensTemplateCode: false };
    else if (text.startsWith("${", at)) return { from: start, to: at, next: at + 2, opensTemplateCode: true };
  }
  return { from: start, to: text.length, next: text.length, opensTemplateCode: false };
}

function endOfQuoted(text: string, start: number, quote: string): number {
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === quote || text[at] === "\n") return at;
  }
  return text.length;
}

/** A slash divides after a value and begins a pattern after anything else. */
function beginsPattern(before: readonly string[], at: number): boolean {
  const line = before
    .slice(Math.max(0, at - 120), at)
    .join("")
    .trimEnd();
  return line === "" || /[(,=:[!&|?{};<>+*%~^-]$/.test(line) || /\b(return|typeof|case|in|of|await)$/.test(line);
}

function endOfPattern(text: string, start: number): number {
  let isInClass = false;
  for (let at = start; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === "\\") at += 1;
    else if (letter === "\n") return at;
    else if (letter === "[") isInClass = true;
    else if (letter === "]") isInClass = false;
    else if (letter === "/" && !isInClass) return at;
  }
  return text.length;
}
