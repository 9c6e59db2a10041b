import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Digest, FOOTER_BYTES, type Frame, type PackedBlob, PackTable, parseFooter } from "./pack-format.ts";

const PACK_NAME = /^[0-9a-f]{24}\.pack$/;

export interface IndexedPack {
  readonly path: string;
  readonly table: PackTable;
}

export interface FoundBlob extends Omit<PackedBlob, "digest"> {
  readonly pack: IndexedPack;
  readonly stored: Frame;
}

/**
 * Where each blob lies, from the tables at the packs' ends: there is no index on disk that could disagree with the packs. A pack whose table
 * cannot be read is passed over, and its blobs are as lost as they would be if it were gone.
 */
export class PackIndex {
  readonly #folder: string;
  readonly #packs = new Map<string, IndexedPack>();
  readonly #unreadable = new Set<string>();
  /** The pack is the number's multiple of 2^32, the place in its table the rest. */
  readonly #blobs = new Map<Digest, number>();
  readonly #numbered: (IndexedPack | undefined)[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Takes up packs that have come and lets go of those that have gone. */
  refresh(): void {
    const paths = new Set(readNames(this.#folder).flatMap((name) => (PACK_NAME.test(name) ? [join(this.#folder, name)] : [])));
    const gone = [...this.#packs.keys()].filter((path) => !paths.has(path));
    if (gone.length > 0) this.drop(gone);
    this.#unreadable.clear();
    for (const path of paths) if (!this.#packs.has(path)) this.add(path);
  }

  /** @returns whether it could be read */
  add(path: string): boolean {
    const table = readTable(path);
    if (table === undefined) {
      this.#unreadable.add(path);
      return false;
    }
    const pack = { path, table };
    this.#packs.set(path, pack);
    this.#takeUp(pack, this.#numbered.push(pack) - 1);
    return true;
  }

  /** Blobs that another pack holds too are found there from now on. */
  drop(paths: readonly string[]): void {
    for (const path of paths) {
      const pack = this.#packs.get(path);
      this.#packs.delete(path);
      this.#unreadable.delete(path);
      if (pack === undefined) continue;
      const dropped = this.#numbered.indexOf(pack);
      this.#numbered[dropped] = undefined;
      for (let number = 0; number < pack.table.blobs; number += 1) {
        const digest = pack.table.digest(number);
        if (this.#blobs.get(digest) === dropped * 2 ** 32 + number) this.#blobs.delete(digest);
      }
    }
    for (const [index, pack] of this.#numbered.entries()) if (pack !== undefined) this.#takeUp(pack, index);
  }

  #takeUp(pack: IndexedPack, index: number): void {
    for (let number = 0; number < pack.table.blobs; number += 1) {
      const digest = pack.table.digest(number);
      if (!this.#blobs.has(digest)) this.#blobs.set(digest, index * 2 ** 32 + number);
    }
  }

  /** A blob that was found damaged counts as missing, so that it is stored anew by whoever has it. */
  forget(digest: Digest): void {
    this.#blobs.delete(digest);
  }

  has(digest: Digest): boolean {
    return this.#blobs.has(digest);
  }

  find(digest: Digest): FoundBlob | undefined {
    const number = this.#blobs.get(digest);
    if (number === undefined) return undefined;
    const pack = this.#numbered[Math.floor(number / 2 ** 32)];
    if (pack === undefined) return undefined;
    const blob = pack.table.blob(number % 2 ** 32);
    return { ...blob, pack, stored: pack.table.frame(blob.frame) };
  }

  /** In every pack that holds it: looked for one by one, which only damage is worth. */
  findAll(digest: Digest): FoundBlob[] {
    return this.packs.flatMap((pack) => {
      for (let number = 0; number < pack.table.blobs; number += 1) {
        if (pack.table.digest(number) !== digest) continue;
        const blob = pack.table.blob(number);
        return [{ ...blob, pack, stored: pack.table.frame(blob.frame) }];
      }
      return [];
    });
  }

  get packs(): IndexedPack[] {
    return [...this.#packs.values()];
  }

  readSizeBytes(): number {
    return [...this.#packs.keys(), ...this.#unreadable].reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  }

  get unreadable(): string[] {
    return [...this.#unreadable];
  }
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function readTable(path: string): PackTable | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const packBytes = fstatSync(file).size;
    const footer = readAt(file, packBytes - FOOTER_BYTES, FOOTER_BYTES);
    const tableBytes = parseFooter(footer, packBytes);
    if (tableBytes === undefined) return undefined;
    return new PackTable(readAt(file, packBytes - FOOTER_BYTES - tableBytes, tableBytes), footer);
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readAt(file: number, position: number, length: number): Buffer {
  if (position < 0) throw new Error("the pack ends before it begins");
  const bytes = Buffer.allocUnsafe(length);
  const count = readSync(file, bytes, 0, length, position);
  if (count !== length) throw new Error("the pack ends too early");
  return bytes;
}
