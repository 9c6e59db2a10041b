/** Folders that hold components and are none. */
const SHELVES: ReadonlySet<string> = new Set(["src", "lib", "app", "source"]);

/**
 * The part of the agent that a module belongs to: the package of the tree it lies in, else the folder one level below `src`, `lib` or `app`,
 * else its first folder, else the file itself.
 */
export function nameComponent(path: string, packageFolders: ReadonlySet<string>): string {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) if (packageFolders.has(path.slice(0, end))) return path.slice(0, end);
  const names = path.split("/");
  const depth = SHELVES.has(names[0] ?? "") ? 2 : 1;
  return names.slice(0, depth).join("/");
}
