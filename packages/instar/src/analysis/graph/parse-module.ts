import { type ParseResult, type ParserOptions, parseSync, rawTransferSupported } from "oxc-parser";
import { isNestedTooDeep } from "../touches/source/is-nested-too-deep.ts";
import { excerptCalls, type LazyResult } from "./excerpt-calls.ts";
import { findCalledImports } from "./find-called-imports.ts";
import { findReads } from "./find-reads.ts";
import { type FoundImport, type ImportFact, languageOf, type ModuleFacts, type ModuleLanguage } from "./module-facts.ts";

/** Changes whenever the same text would give other facts: what was kept before is then of no use. */
export const EXTRACTOR_VERSION = 2;

/**
 * What a module imports and which files it may read. Never throws: what does not parse says so in `unreadable` and keeps what could be found.
 * The parser's own record of imports is taken first; the syntax tree, which costs ten times as much, only where the text may hold what the record
 * leaves out.
 */
export function parseModule(path: string, text: string, language: ModuleLanguage = languageOf(path) ?? "jsx"): ModuleFacts {
  const reads = findReads(text);
  if (isNestedTooDeep(text)) return { imports: findByLines(text), reads, unreadable: "it is nested too deep to be parsed" };
  try {
    const imports = (rawTransferSupported() ? readLazily(text, language) : undefined) ?? readTree(text, language);
    return imports === undefined ? { imports: findByLines(text), reads, unreadable: "it could not be parsed" } : { imports, reads, unreadable: null };
  } catch {
    return { imports: findByLines(text), reads, unreadable: "it could not be parsed" };
  }
}

/** What the record of imports leaves out. An escape may spell any of these words. */
const NEEDS_TREE =
  /\brequire\b|createRequire|Worker\b|\bfork\b|\bnew\s+URL\b|\b(?:jest|vi|vitest|mock)\s*\.\s*(?:\w*[mM]ock\w*|\w*Actual|module)\b|\bmeta\s*\.\s*(?:resolve|glob)|\\u/;

/**
 * The record, and where it does not tell all, the calls that may. The syntax tree stays in the parser's memory: bringing all of it over costs ten
 * times as much as parsing.
 * @returns undefined where the text does not parse like this
 */
function readLazily(text: string, language: ModuleLanguage): ImportFact[] | undefined {
  const parsed = parseLazily(text, language);
  try {
    if (parsed.errors.length > 0) return undefined;
    const found = NEEDS_TREE.test(text) ? undefined : readDynamic(text, parsed.module);
    const types = findTypeImports(text, parsed.module);
    if (found !== undefined) return toFacts(text, [...readStatic(parsed.module), ...types, ...found]);
    const excerpt = excerptCalls(text, parsed);
    const calls = parseInSomeWay(excerpt.text, language);
    if (calls === undefined) return undefined;
    const called = findCalledImports(calls.program).map((each) => {
      const { at, isOptional } = excerpt.locate(each.at);
      return { ...each, at, isOptional: each.isOptional || isOptional };
    });
    return toFacts(text, [...readStatic(parsed.module), ...types, ...called]);
  } finally {
    parsed.dispose();
  }
}

/** @returns undefined where only the tree tells: an import in a `try`, or of something computed */
function readDynamic(text: string, { dynamicImports }: ParseResult["module"]): FoundImport[] | undefined {
  if (dynamicImports.length > 0 && /\btry\b|\bcatch\b/.test(text)) return undefined;
  const found: FoundImport[] = [];
  for (const { start, moduleRequest } of dynamicImports) {
    const literal = /^(["'`])([^"'`\\$\n]*)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end));
    if (literal === null) return undefined;
    found.push({ specifier: literal[2] ?? "", isPattern: false, at: start, kind: "dynamic", isOptional: false });
  }
  return found;
}

/** What is written like a dynamic import and is none: a type's, in TypeScript or in a comment for it. */
function* findTypeImports(text: string, { dynamicImports }: ParseResult["module"]): Iterable<FoundImport> {
  if (!text.includes("import")) return;
  const dynamic = new Set(dynamicImports.map(({ start }) => start));
  for (const match of text.matchAll(/\bimport\s{0,20}\(\s{0,200}["']([^"'\\\n]{1,500})["']/g))
    if (!dynamic.has(match.index)) yield { specifier: match[1] ?? "", isPattern: false, at: match.index, kind: "type", isOptional: true };
}

function readTree(text: string, language: ModuleLanguage): ImportFact[] | undefined {
  const parsed = parseInSomeWay(text, language);
  return parsed && toFacts(text, [...readStatic(parsed.module), ...findTypeImports(text, parsed.module), ...findCalledImports(parsed.program)]);
}

/** Scripts with a `return` outside of functions, and TypeScript under the name of JavaScript, are common enough. */
function parseInSomeWay(text: string, language: ModuleLanguage): ParseResult | undefined {
  const ways: ParserOptions[] = [
    { lang: language },
    { lang: language, sourceType: "commonjs" },
    ...(language === "jsx" ? ([{ lang: "tsx" }, { lang: "ts" }] as const) : []),
  ];
  for (const way of ways) {
    const parsed = parseSync("module", text, way);
    if (parsed.errors.length === 0) return parsed;
  }
  return undefined;
}

/** The record without the syntax tree: the tree stays in the parser's memory. */
function parseLazily(text: string, lang: ModuleLanguage): LazyResult {
  const options: ParserOptions & { readonly experimentalLazy: true } = { lang, experimentalLazy: true };
  return parseSync("module", text, options) as LazyResult;
}

function* readStatic({ staticImports, staticExports }: ParseResult["module"]): Iterable<FoundImport> {
  for (const { start, moduleRequest, entries } of staticImports) {
    const isType = entries.length > 0 && entries.every((entry) => entry.isType);
    yield { specifier: moduleRequest.value, isPattern: false, at: start, kind: isType ? "type" : "static", isOptional: isType };
  }
  for (const { start, entries } of staticExports)
    for (const { moduleRequest, isType } of entries)
      if (moduleRequest !== null) yield { specifier: moduleRequest.value, isPattern: false, at: start, kind: isType ? "type" : "static", isOptional: isType };
}

/** With lines for places, in the order of the text; what is said twice stands once, and is optional only where it is so everywhere. */
function toFacts(text: string, found: readonly FoundImport[]): ImportFact[] {
  const facts = new Map<string, ImportFact>();
  let [line, feed] = [1, orEnd(text.indexOf("\n"))];
  for (const { at, ...rest } of [...found, ...findReferences(text)].sort((one, other) => one.at - other.at)) {
    for (; feed < at; feed = orEnd(text.indexOf("\n", feed + 1))) line++;
    const key = `${rest.kind}\0${rest.specifier}`;
    const known = facts.get(key);
    if (known === undefined || (known.isOptional && !rest.isOptional)) facts.set(key, { ...rest, line: known?.line ?? line });
  }
  return [...facts.values()];
}

const orEnd = (index: number) => (index === -1 ? Number.POSITIVE_INFINITY : index);

function* findReferences(text: string): Iterable<FoundImport> {
  if (!text.includes("<reference")) return;
  for (const match of text.matchAll(/^[ \t]*\/\/\/[ \t]*<reference[ \t]+(path|types)[ \t]*=[ \t]*["']([^"'\n]{1,500})["']/gm)) {
    const isPath = match[1] === "path";
    yield { specifier: match[2] ?? "", isPattern: false, at: match.index, kind: isPath ? "reference" : "type", isOptional: true };
  }
}

/** What a text that does not parse seems to import: too much is better than nothing. */
function findByLines(text: string): ImportFact[] {
  const matches = text.matchAll(/(?:\bfrom|\bimport|\brequire[ \t]*\(|\bimport[ \t]*\()[ \t]*["'`]([^"'`\\\n$]{1,500})["'`]/g);
  return toFacts(
    text,
    Array.from(matches, (match) => ({ specifier: match[1] ?? "", isPattern: false, at: match.index, kind: "require" as const, isOptional: true })),
  );
}
