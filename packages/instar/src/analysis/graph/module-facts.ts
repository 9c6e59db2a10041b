/** What one module says of itself: depends on its text and language alone, so it can be kept by content. Plain JSON. */
export interface ModuleFacts {
  readonly imports: readonly ImportFact[];
  /** Strings in it that may name a file that is no module: `prompts/system.md`; `*` stands for what is computed. Each once. */
  readonly reads: readonly string[];
  /** Why it may import more than is listed here; null where it was understood. */
  readonly unreadable: string | null;
}

export interface ImportFact {
  /** As written; with `isPattern` `*` stands for what is computed, and `*` alone for anything. */
  readonly specifier: string;
  readonly isPattern: boolean;
  /** From 1. */
  readonly line: number;
  readonly kind: ImportKind;
  /** A module can live without it: it stands in a `try`, or only a type is taken. */
  readonly isOptional: boolean;
}

/**
 * `static`, `dynamic` and `require` are resolved as modules are. `url` is relative to the module and may name anything. `program` is what a
 * worker or a child process runs: relative to the module or to where the agent was started. `reference` is a TypeScript path.
 * Those of Python are dotted names: `python` must be there; `python-name` is what is taken from a module, and may be a module itself;
 * `python-text` is a string that may name one.
 */
export type ImportKind = "static" | "dynamic" | "require" | "type" | "mock" | "url" | "program" | "reference" | PythonKind;
export type PythonKind = "python" | "python-name" | "python-text";

/** By their names; a program without an ending says in its first line who runs it. */
export const isPythonPath = (path: string) => /\.pyi?$/i.test(path);
export const isPythonImport = (kind: ImportKind): kind is PythonKind => kind.startsWith("python");

/** An import with its place in the text instead of its line. */
export interface FoundImport extends Omit<ImportFact, "line"> {
  readonly at: number;
}

/** How a text is parsed; undefined where a file of this name is no module. */
export type ModuleLanguage = "jsx" | "ts" | "tsx" | "dts";

export function languageOf(path: string): ModuleLanguage | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  const extension = name.slice(name.lastIndexOf(".") + 1);
  if (!name.includes(".")) return undefined;
  switch (extension) {
    case "js":
    case "mjs":
    case "cjs":
    case "jsx":
      return "jsx";
    case "ts":
    case "mts":
    case "cts":
      return /\.d\.(?:[^.]{1,40}\.)?[mc]?ts$/.test(name) ? "dts" : "ts";
    case "tsx":
      return "tsx";
    default:
      return undefined;
  }
}
