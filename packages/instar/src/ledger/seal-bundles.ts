import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type DurableFile, explainFileError, syncFolder, writeFilesDurably } from "../platform/durable-files.ts";
import { tileReader } from "./log-folder.ts";
import { hashLeaf } from "./tree/hash-tree.ts";
import { encodeBundle, entriesPath, TILE_WIDTH, tilePath } from "./tree/tile.ts";

/**
 * Writes full bundles and the tiles that they complete, the bundles last: where one is, everything below it is. Doing it again writes the same. What belongs
 * together goes to the disk together: a sync costs more than everything else here.
 *
 * @param first the index of the first bundle
 * @param bundles each of 256 entries
 * @throws InstarError DISK_FULL, PLATFORM_FAILED
 */
export async function sealBundles(folder: string, first: number, bundles: readonly (readonly Buffer[])[]): Promise<void> {
  await writeBelow(
    folder,
    bundles.map((entries, at) => ({ path: tilePath(0, first + at), bytes: Buffer.concat(entries.map(hashLeaf)) })),
  );
  const read = tileReader(folder, { bundles: first + bundles.length, lines: [] });
  for (let level = 1, width = TILE_WIDTH; first + bundles.length >= width; level += 1, width *= TILE_WIDTH)
    for (let tile = Math.floor(first / width); (tile + 1) * width <= first + bundles.length; tile += 1)
      await writeBelow(folder, [{ path: tilePath(level, tile), bytes: Buffer.from(read(level, tile, TILE_WIDTH)) }]);
  await writeBelow(
    folder,
    bundles.map((entries, at) => ({ path: entriesPath(first + at), bytes: encodeBundle(entries) })),
  );
}

async function writeBelow(folder: string, files: readonly DurableFile[]): Promise<void> {
  for (const { path } of files) await makeFolders(folder, dirname(join(folder, path)));
  await writeFilesDurably(files.map(({ path, bytes }) => ({ path: join(folder, path), bytes })));
}

/** Each new folder's name is durable before anything is put into it. */
async function makeFolders(root: string, folder: string): Promise<void> {
  if (existsSync(folder)) return;
  if (folder !== root) await makeFolders(root, dirname(folder));
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw explainFileError(error, `could not create ${folder}`);
  }
  await syncFolder(dirname(folder));
}
