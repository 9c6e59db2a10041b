import { parse as parseYaml } from "yaml";
import { entriesOf, isPlain, own, textOf } from "../lockfiles/plain-value.ts";

/** What of a package.json tells where its modules are. Everything untrusted; plain JSON. */
export interface PackageFacts {
  readonly name: string | null;
  /** Files that stand for the package itself, as written: source, types, module, main. */
  readonly main: readonly string[];
  /** As written; null where there is none. */
  readonly exports: unknown;
  readonly imports: unknown;
  readonly workspaces: readonly string[];
  /** Dependencies that name a folder of the tree: `file:`, `link:`, `portal:`, `workspace:`. */
  readonly local: readonly string[];
}

/** @returns undefined where the text is no JSON object */
export function parsePackage(text: string): PackageFacts | undefined {
  const json = parseJson(text);
  if (!isPlain(json)) return undefined;
  const workspaces = own(json, "workspaces");
  const globs = isPlain(workspaces) ? own(workspaces, "packages") : workspaces;
  const dependencies = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"].flatMap((kind) => entriesOf(own(json, kind)));
  return {
    name: textOf(own(json, "name")),
    main: ["source", "types", "typings", "module", "main", "browser"].flatMap((field) => textOf(own(json, field)) ?? []),
    exports: own(json, "exports") ?? null,
    imports: own(json, "imports") ?? null,
    workspaces: textsIn(globs),
    local: dependencies.flatMap(([name, version]) => (typeof version === "string" && /^(?:file|link|portal|workspace):/.test(version) ? [name] : [])),
  };
}

/** What of a tsconfig tells where modules are. Paths as written. */
export interface TsconfigFacts {
  readonly extends: readonly string[];
  readonly references: readonly string[];
  readonly baseUrl: string | null;
  readonly paths: readonly (readonly [pattern: string, targets: readonly string[]])[] | null;
}

/** JSON with comments and trailing commas, as the compiler takes it. @returns undefined where it is neither */
export function parseTsconfig(text: string): TsconfigFacts | undefined {
  const json = parseJson(text) ?? parseJson(stripComments(text));
  if (!isPlain(json)) return undefined;
  const options = own(json, "compilerOptions");
  const paths = own(options, "paths");
  const references = own(json, "references");
  const parent = own(json, "extends");
  return {
    extends: typeof parent === "string" ? [parent] : textsIn(parent),
    references: (Array.isArray(references) ? references : []).flatMap((each) => textOf(own(each, "path")) ?? []),
    baseUrl: textOf(own(options, "baseUrl")),
    paths: isPlain(paths) ? entriesOf(paths).map(([pattern, targets]) => [pattern, textsIn(targets)] as const) : null,
  };
}

/** The globs of a pnpm-workspace.yaml. */
export function parsePnpmWorkspace(text: string): string[] {
  try {
    return textsIn(own(parseYaml(text, { maxAliasCount: 0, logLevel: "silent" }), "packages"));
  } catch {
    return [];
  }
}

const textsIn = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === "string") : []);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.startsWith("\ufeff") ? text.slice(1) : text);
  } catch {
    return undefined;
  }
}

/** Comments become nothing, and so does a comma before a closing bracket. Linear. */
function stripComments(text: string): string {
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const next = nextOf(text, at);
    plain += text.slice(at, next);
    if (text[next] === '"') {
      const end = endOfString(text, next);
      plain += text.slice(next, end);
      at = end;
    } else if (text.startsWith("//", next)) at = orEnd(text, text.indexOf("\n", next));
    else if (text.startsWith("/*", next)) at = orEnd(text, text.indexOf("*/", next + 2)) + 2;
    else if (text[next] === ",") {
      const rest = skipBlank(text, next + 1);
      plain += text[rest] === "}" || text[rest] === "]" ? "" : ",";
      at = next + 1;
    } else {
      plain += text.slice(next, next + 1);
      at = next + 1;
    }
  }
  return plain;
}

function nextOf(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '"' && text[at] !== "/" && text[at] !== ",") at++;
  return at;
}

/** Behind blanks and comments. */
function skipBlank(text: string, from: number): number {
  let at = from;
  for (;;) {
    while (at < text.length && text.charCodeAt(at) <= 32) at++;
    if (text.startsWith("//", at)) at = orEnd(text, text.indexOf("\n", at));
    else if (text.startsWith("/*", at)) at = orEnd(text, text.indexOf("*/", at + 2)) + 2;
    else return at;
  }
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++)
    if (text[at] === "\\") at++;
    else if (text[at] === '"' || text[at] === "\n") return at + 1;
  return text.length;
}

const orEnd = (text: string, index: number) => (index === -1 ? text.length : index);
