import { isAbsolute, normalize } from "node:path/posix";

/** A file that a tool names, relative to the tree; undefined where it lies elsewhere, or among what was installed. Pure: nothing is looked up. */
export function placeInTree(file: string, tree: string): string | undefined {
  const root = tree.replace(/\/+$/, "");
  const path = isAbsolute(file) ? (file.startsWith(`${root}/`) ? normalize(file.slice(root.length + 1)) : undefined) : normalize(file);
  if (path === undefined || path === "." || path === ".." || path.startsWith("../") || isAbsolute(path) || path.includes("\0")) return undefined;
  return path.split("/").includes("node_modules") ? undefined : path;
}
