import { basename } from "node:path/posix";
import { isLockfile } from "./lockfiles/parse-lockfile.ts";
import type { NamedText } from "./lockfiles/plan-dependency-changes.ts";
import { type FileDifference, readEdits } from "./read-edits.ts";
import type { SourceTree } from "./source-tree.ts";

/** A version's files that say what it needs. */
interface SettingsTexts {
  readonly packages: readonly NamedText[];
  readonly lockfiles: readonly NamedText[];
  readonly toolFiles: readonly NamedText[];
}

const TOOL_FILES: ReadonlySet<string> = new Set([".nvmrc", ".node-version", "pyproject.toml"]);

/** Of what could not be read the text is one that no parser takes, and another one for another content: it is unreadable, never gone and never the same. */
export async function readSettingsTexts(tree: SourceTree | null): Promise<SettingsTexts> {
  if (tree === null) return { packages: [], lockfiles: [], toolFiles: [] };
  const read = async (wants: (path: string) => boolean): Promise<NamedText[]> => {
    const wanted = tree.files.filter(({ path }) => wants(path));
    const edits = await readEdits(
      wanted.map(({ path }) => asAdded(path)),
      { before: null, after: tree.root },
    );
    return edits.map(({ path, after }, index) => ({ path, text: after ?? `\0not read: ${wanted[index]?.content ?? ""}` }));
  };
  return {
    packages: await read((path) => basename(path) === "package.json"),
    lockfiles: await read(isLockfile),
    toolFiles: await read((path) => TOOL_FILES.has(basename(path))),
  };
}

const asAdded = (path: string): FileDifference => ({
  path,
  status: "added",
  addedLines: 0,
  deletedLines: 0,
  modeBefore: 0,
  modeAfter: 0o100644,
  isBinary: false,
});

const DECLARING = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"] as const;

/** Names of packages that any package.json of the tree names; null where one of them cannot be read. */
export function listDeclared(packages: readonly NamedText[]): string[] | null {
  const names = new Set<string>();
  for (const { text } of packages) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      return null;
    }
    if (typeof parsed !== "object" || parsed === null) return null;
    for (const [key, value] of Object.entries(parsed)) {
      if (key === "name" && typeof value === "string") names.add(value);
      if (DECLARING.includes(key as (typeof DECLARING)[number]) && typeof value === "object" && value !== null)
        for (const name of Object.keys(value)) names.add(name);
    }
  }
  return packages.length === 0 ? null : [...names];
}
