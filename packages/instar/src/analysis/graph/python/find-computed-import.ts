import type { PythonNode } from "../../parse-python.ts";
import { foldPythonText, HOLE } from "./fold-python-text.ts";

/** Calls that import what their first argument names, whatever they are reached through. */
const IMPORTING: ReadonlySet<string> = new Set(["import_module", "__import__", "run_module", "import_string", "import_object", "find_loader"]);
/** These take a path: where no string of the call names it, it may be any file. */
const LOADING: ReadonlySet<string> = new Set(["spec_from_file_location", "run_path", "SourceFileLoader", "load_source"]);
const LONGEST_CALLEE = 200;
const MOST_PARTS = 60;

/** What a call may import: `*` stands for what is computed, and `*` alone for anything. */
export function findComputedImport(call: PythonNode, text: string): { readonly specifier: string; readonly isPattern: boolean }[] {
  const callee = call.firstChild;
  if (callee === null || callee.to - callee.from > LONGEST_CALLEE) return [];
  const name = /(?:^|\.)\s*(\w{1,100})$/.exec(text.slice(callee.from, callee.to))?.[1] ?? "";
  if (LOADING.has(name)) return /\.\w{1,10}["']/.test(text.slice(callee.to, Math.min(call.to, callee.to + 1_000))) ? [] : [ANYTHING];
  if (!IMPORTING.has(name)) return [];
  const { positional, named } = readArguments(call.getChild("ArgList"), text);
  const wanted = named.get(name === "run_module" ? "mod_name" : "name") ?? positional[0];
  if (wanted === undefined) return [];
  const home = name === "import_module" ? (named.get("package") ?? positional[1]) : undefined;
  return foldPythonText(wanted, text).flatMap((folded) => {
    const specifiers = folded.startsWith(".") && home !== undefined ? placeInPackage(folded, home, text) : [folded];
    return specifiers.filter((each) => each !== "").map(toSpecifier);
  });
}

const ANYTHING = { specifier: "*", isPattern: true } as const;

function toSpecifier(folded: string): { specifier: string; isPattern: boolean } {
  const specifier = folded.split(":", 1)[0] ?? "";
  return { specifier: specifier.replace(/\0+/g, "*"), isPattern: specifier.includes(HOLE) };
}

/** `import_module(".x", "a.b")` is `a.b.x`. Its own package is what a relative name is read from anyway. */
function placeInPackage(relative: string, home: PythonNode, text: string): string[] {
  if (/^__(?:package|name)__$/.test(text.slice(home.from, Math.min(home.to, home.from + 20)))) return [relative];
  const dots = /^\.+/.exec(relative)?.[0].length ?? 0;
  return foldPythonText(home, text).map((name) => {
    if (name.includes(HOLE)) return HOLE;
    const names = name.split(".");
    return [...names.slice(0, Math.max(0, names.length - dots + 1)), relative.slice(dots)].join(".");
  });
}

function readArguments(list: PythonNode | null, text: string): { positional: PythonNode[]; named: Map<string, PythonNode> } {
  const positional: PythonNode[] = [];
  const named = new Map<string, PythonNode>();
  let parts: PythonNode[] = [];
  let child = list?.firstChild?.nextSibling ?? null;
  for (let count = 0; child !== null && count < MOST_PARTS; child = child.nextSibling, count++) {
    if (child.name !== "," && child.name !== ")") {
      parts.push(child);
      continue;
    }
    const [first, sign, value] = parts;
    if (sign?.name === "AssignOp" && first !== undefined && value !== undefined) named.set(text.slice(first.from, first.to), value);
    else if (first !== undefined) positional.push(first);
    parts = [];
  }
  return { positional, named };
}
