import { fileURLToPath } from "node:url";

/** Where our own linter lies: a script for `node`. */
export function findOwnOxlint(): string {
  return fileURLToPath(new URL("../bin/oxlint", import.meta.resolve("oxlint")));
}
