import { parsePython } from "../../parse-python.ts";
import { findReads } from "../find-reads.ts";
import type { FoundImport, ImportFact, ModuleFacts } from "../module-facts.ts";
import { findImportsByLines } from "./find-imports-by-lines.ts";
import { findPythonImports } from "./find-python-imports.ts";

/** More is a table, or an attack: what is left out makes the module one that may import anything. */
const MOST = 20_000;

/**
 * What a Python module imports and which files it may read. Never throws: what does not parse says so in `unreadable` and keeps what its lines
 * seem to import.
 */
export function parsePythonModule(written: string): ModuleFacts {
  const text = written.startsWith("\uFEFF") ? written.slice(1) : written;
  const reads = findPythonReads(text);
  const { tree } = parsePython(text);
  if (tree === null) return { imports: toFacts(text, findImportsByLines(text)).slice(0, MOST), reads, unreadable: "it could not be parsed" };
  const imports = toFacts(text, findPythonImports(tree, text));
  if (imports.length <= MOST) return { imports, reads, unreadable: null };
  return { imports: imports.slice(0, MOST), reads, unreadable: "it imports more than is looked at" };
}

/** Files by the strings that name them; also programs, since a program of another language is started by its name. Holes of formats are stars. */
function findPythonReads(text: string): string[] {
  const names = findReads(text, NO_ENDINGS).map((name) => name.replace(/\{[^{}]*\}|%[sdr]/g, "*").replace(/^(?:\*\/)+/, ""));
  return [...new Set(names)].filter((name) => !name.startsWith("*.") && name !== "*");
}

const NO_ENDINGS: ReadonlySet<string> = new Set();

/** With lines for places; what is said twice stands once, and is optional only where it is so everywhere. */
function toFacts(text: string, found: readonly FoundImport[]): ImportFact[] {
  const facts = new Map<string, ImportFact>();
  let [line, feed] = [1, nextLine(text, 0)];
  for (const { at, ...rest } of found) {
    for (; feed <= at; feed = nextLine(text, feed)) line++;
    const key = `${rest.kind}\0${rest.isPattern}\0${rest.specifier}`;
    const known = facts.get(key);
    if (known === undefined || (known.isOptional && !rest.isOptional)) facts.set(key, { ...rest, line: known?.line ?? line });
  }
  return [...facts.values()];
}

/** Where the line after the one at `from` begins. */
function nextLine(text: string, from: number): number {
  const feed = text.indexOf("\n", from);
  return feed === -1 ? Number.POSITIVE_INFINITY : feed + 1;
}
