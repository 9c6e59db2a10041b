import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where our own linter lies: a script for `node`. */
export function findOwnOxlint(): string {
  return fileURLToPath(new URL("../bin/oxlint", import.meta.resolve("oxlint")));
}

/** What it is made of: its package, and the one that holds its binary for this platform, wherever npm has put that. */
export function listOwnOxlintFolders(): string[] {
  const own = dirname(dirname(findOwnOxlint()));
  const folders = [own];
  for (let place = own; ; place = dirname(place)) {
    const bindings = join(place, "node_modules", "@oxlint");
    if (existsSync(bindings)) folders.push(bindings);
    if (dirname(place) === place) return folders;
  }
}
