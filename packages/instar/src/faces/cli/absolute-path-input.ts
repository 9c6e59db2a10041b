import { resolve } from "node:path";
import type { Operation } from "@instar/protocol";

/**
 * What may be a path counts, on the command line, from where the caller is; the daemon is elsewhere, and is told it from the root. A path is what is
 * written as one (`.`, `./agent`, `../agent`, `~/agent`) or ends as a tarball does: a plain name stays what it is, a branch for one.
 */
export function absolutePathInput({ pathInput, isPathAlways }: Operation, input: Record<string, unknown>, home: string | undefined): Record<string, unknown> {
  const text = pathInput === undefined ? undefined : input[pathInput];
  if (pathInput === undefined || typeof text !== "string") return input;
  if (/^~([\\/]|$)/.test(text) && home !== undefined) return { ...input, [pathInput]: resolve(home, text.slice(2)) };
  return isPathAlways || /^\.{1,2}([\\/]|$)/.test(text) || /\.(tgz|tar|tar\.gz)$/i.test(text) ? { ...input, [pathInput]: resolve(text) } : input;
}
