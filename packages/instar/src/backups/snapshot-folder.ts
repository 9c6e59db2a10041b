import { hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { explainFileError, makePrivateFolder, removeTree } from "../platform/durable-files.ts";
import type { StoreFiles } from "../store/store-files.ts";
import { parseLooks, type TreeLooks } from "../store/tree-looks.ts";
import { parseManifest, renderManifest, type SnapshotManifest } from "./snapshot-manifest.ts";

/** Which looks: those of a copy ahead, or of the whole snapshot. */
export type LooksOf = "ahead" | "looks";

/**
 * What lies on disk for each snapshot, beside the store: `<id>/manifest.json`, written last; `<id>/looks-*` and `<id>/ahead-*`, one a root,
 * which say which files need not be read again.
 */
export class SnapshotFolder {
  readonly #folder: string;
  readonly #files: StoreFiles;

  constructor(folder: string, files: StoreFiles) {
    this.#folder = folder;
    this.#files = files;
  }

  async make(id: string): Promise<void> {
    await makePrivateFolder(this.#at(id));
  }

  async readIds(): Promise<string[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    return names.filter((name) => !name.startsWith("."));
  }

  async readBegunAtMs(id: string): Promise<number> {
    return (await stat(this.#at(id))).mtimeMs;
  }

  isFinished(id: string): Promise<boolean> {
    return stat(this.#manifest(id)).then(
      () => true,
      () => false,
    );
  }

  /** undefined where there is none. @throws InstarError SNAPSHOT_DAMAGED */
  async readManifest(id: string): Promise<SnapshotManifest | undefined> {
    const text = await readFile(this.#manifest(id), "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw explainFileError(error, `The manifest of snapshot ${id} could not be read`);
    });
    return text === undefined ? undefined : parseManifest(text);
  }

  /** Killed before this: no snapshot. Killed after it: whole. */
  async writeManifest(manifest: SnapshotManifest): Promise<void> {
    await this.#files.syncFolder(this.#folder);
    await this.#files.writeFileDurably(this.#manifest(manifest.id), renderManifest(manifest));
  }

  readLooks(id: string, of: LooksOf, root: string): TreeLooks | undefined {
    try {
      return parseLooks(readFileSync(this.#looks(id, of, root)));
    } catch {
      return undefined;
    }
  }

  /** Of the newest whole snapshot that has any. */
  async findNewestLooks(root: string): Promise<TreeLooks | undefined> {
    let newest: { looks: TreeLooks; takenAtMs: number } | undefined;
    for (const id of await this.readIds()) {
      const looks = this.readLooks(id, "looks", root);
      const manifest = looks === undefined ? undefined : await this.readManifest(id).catch(() => undefined);
      if (looks !== undefined && manifest !== undefined && manifest.takenAtMs >= (newest?.takenAtMs ?? 0)) newest = { looks, takenAtMs: manifest.takenAtMs };
    }
    return newest?.looks;
  }

  /** Of every root that was copied ahead. */
  readAllAhead(id: string): TreeLooks[] {
    const names = readdirSync(this.#at(id)).filter((name) => name.startsWith("ahead-"));
    return names.flatMap((name) => parseLooks(readFileSync(join(this.#at(id), name))) ?? []);
  }

  /** A crash before this costs the work of reading again and nothing else. */
  async writeLooks(id: string, of: LooksOf, root: string, bytes: Buffer): Promise<void> {
    await this.#files.writeFileDurably(this.#looks(id, of, root), bytes);
  }

  async removeAhead(id: string): Promise<void> {
    for (const name of await readdir(this.#at(id))) if (name.startsWith("ahead-")) await this.#files.remove(join(this.#at(id), name));
  }

  /** Only the newest say anything of use. */
  async removeOlderLooks(id: string, root: string): Promise<void> {
    for (const other of await this.readIds()) if (other !== id) await this.#files.remove(this.#looks(other, "looks", root));
  }

  /** The manifest first: what is left of a snapshot half removed must not pass for one. */
  async remove(id: string): Promise<void> {
    if ((await stat(this.#at(id)).catch(() => undefined)) === undefined) return;
    await this.#files.remove(this.#manifest(id));
    await this.#files.syncFolder(this.#at(id));
    await removeTree(this.#at(id));
  }

  /** @throws InstarError INPUT_INVALID */
  assertId(id: string): void {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(id)) throw new InstarError("INPUT_INVALID", `${JSON.stringify(id)} cannot be a snapshot's id`);
  }

  #at(id: string): string {
    this.assertId(id);
    return join(this.#folder, id);
  }

  #manifest(id: string): string {
    return join(this.#at(id), "manifest.json");
  }

  #looks(id: string, of: LooksOf, root: string): string {
    return join(this.#at(id), `${of}-${hash("sha256", root, "hex").slice(0, 16)}`);
  }
}
