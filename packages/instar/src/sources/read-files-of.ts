import { InstarError } from "@instar/protocol";
import type { GitMirror } from "./git-mirror.ts";

/**
 * The stored bytes of some files of a commit, by path; a path is missing where the commit has no such file (or a folder, link or submodule of that name).
 * Two starts of git, however many they are.
 *
 * @throws InstarError PACKAGE_REFUSED (one is larger than `maxBytes`), PLATFORM_FAILED
 */
export async function readFilesOf(
  mirror: GitMirror,
  commit: string,
  paths: readonly string[],
  maxBytes: number,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Buffer>> {
  const { stdout } = await mirror.run(["ls-tree", "-z", "-l", "--full-tree", commit, "--", ...paths], { signal });
  const found = stdout
    .toString("utf8")
    .split("\0")
    .flatMap((row) => {
      const [, name, size, path] = /^100\d{3} blob ([0-9a-f]+) +(\d+)\t(.*)$/s.exec(row) ?? [];
      return name === undefined || path === undefined || !paths.includes(path) ? [] : [{ name, size: Number(size), path }];
    });
  for (const { path, size } of found)
    if (size > maxBytes) throw new InstarError("PACKAGE_REFUSED", `${JSON.stringify(path)} is larger than ${maxBytes} bytes`, { facts: { commit, path } });
  if (found.length === 0) return new Map();
  const limit = found.reduce((sum, { size }) => sum + size + HEADER_BYTES, 0);
  const batch = await mirror.run(["cat-file", "--batch"], { signal, maxBytes: limit, stdin: found.map(({ name }) => `${name}\n`).join("") });
  return new Map(splitBatch(batch.stdout, found));
}

/** `<name> blob <size>\n` before each and a newline after it. */
const HEADER_BYTES = 128;

function splitBatch(bytes: Buffer, asked: readonly { name: string; size: number; path: string }[]): [string, Buffer][] {
  let at = 0;
  return asked.map(({ name, size, path }) => {
    const begin = at + Buffer.byteLength(`${name} blob ${size}\n`);
    if (bytes.toString("latin1", at, begin) !== `${name} blob ${size}\n`)
      throw new InstarError("PLATFORM_FAILED", `git cat-file gave something else than ${name}`, { facts: { path } });
    at = begin + size + 1;
    return [path, bytes.subarray(begin, begin + size)];
  });
}
