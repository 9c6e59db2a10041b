import { compileGlob } from "./compile-glob.ts";

/** What a path is taken for where its kind is not known: `folder` asks only whether it is kept out with everything below it. */
export type IsIgnored = (path: string, kind: "file" | "folder") => boolean;

export interface PathRules {
  readonly isIgnored: IsIgnored;
  /** Whether a hint at this path may begin an update. A path that ends in `/` is a folder that came or went with all it holds. */
  readonly counts: (path: string) => boolean;
}

/**
 * What of a folder is the agent's, and what of that begins an update. A pattern without `/` is a name at any depth; one with `/` is a path from the
 * folder, and stands for everything below it too. Paths are relative, with `/`.
 *
 * @throws InstarError SETTINGS_INVALID
 */
export function createPathRules(globs: {
  readonly include: readonly string[];
  readonly watch: readonly string[];
  readonly ignore: readonly string[];
}): PathRules {
  const ignored = compile([".git", ...globs.ignore]);
  const included = globs.include.includes("**") ? () => true : compile(globs.include);
  const watched = compile(globs.watch);
  const isIgnored: IsIgnored = (path, kind) => ignored(path) || (kind === "file" && !included(path));
  return {
    isIgnored,
    counts: (path) => (path.endsWith("/") ? !isIgnored(path.slice(0, -1), "folder") : !isIgnored(path, "file") && watched(path)),
  };
}

/** Tens of thousands of paths are asked for: most patterns are a plain name or an ending, which need no regular expression. */
function compile(globs: readonly string[]): (path: string) => boolean {
  const names = new Set<string>();
  const endings: string[] = [];
  const ofName: RegExp[] = [];
  const ofPath: RegExp[] = [];
  for (const glob of globs) {
    const plain = glob.replace(/\/$/, "");
    if (plain.includes("/")) ofPath.push(compileGlob(plain.replace(/^\//, "")));
    else if (!/[*?[{\\]/.test(plain)) names.add(plain);
    else if (/^\*[^*?[{\\]+$/.test(plain)) endings.push(plain.slice(1));
    else ofName.push(compileGlob(plain));
  }
  const isNamed = (name: string) => names.has(name) || endings.some((ending) => name.endsWith(ending)) || ofName.some((wanted) => wanted.test(name));
  return (path) => path.split("/").some(isNamed) || (ofPath.length > 0 && headsOf(path).some((head) => ofPath.some((wanted) => wanted.test(head))));
}

/** `a/b/c` → `a`, `a/b`, `a/b/c` */
const headsOf = (path: string): string[] => [...path.matchAll(/\/|$/g)].map(({ index }) => path.slice(0, index));
