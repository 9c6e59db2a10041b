import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { InstarError } from "@instar/protocol";
import { GENESIS, hashLine, type LedgerEntry } from "./ledger-entry.ts";
import { CHECKPOINT, countBundles, readBundle, readTail, rootOfTile } from "./log-folder.ts";
import { openCheckpoint } from "./tree/checkpoint.ts";
import { hashLeaf, openFrontier } from "./tree/hash-tree.ts";
import type { NoteKey } from "./tree/note-key.ts";
import { hashesOfTile, TILE_WIDTH, tilePath } from "./tree/tile.ts";

export interface LedgerQuestion {
  /** The head that the database remembers: files that end before it were cut, files that go beyond it belong to a database that was put back. */
  readonly expected?: { readonly length: number; readonly hash: string };
  /** Entries that are still in the outbox; they must fit on the end. */
  readonly pending?: readonly string[];
  /** Whose signature the checkpoint must have; null where none is kept. */
  readonly key?: NoteKey | null;
}

export type LedgerVerification =
  | {
      readonly kind: "intact";
      readonly length: number;
      readonly head: string;
      /** How many entries the signed checkpoint stands for; null where there is none. */
      readonly signed: number | null;
      /** Of the tree, base64. */
      readonly root: string;
      /** Entries that lie in an archive elsewhere: their tiles stand for them. */
      readonly archived: number;
    }
  /** `index` is the first entry that is not as it was written. */
  | { readonly kind: "damaged"; readonly index: number; readonly because: string };

/**
 * Reads the ledger from the first byte: follows the chain, hashes every entry into the tree anew, and holds it against the tiles and the signed checkpoint.
 * Never throws because of what it reads.
 */
export function verifyLedger(folder: string, question: LedgerQuestion = {}): LedgerVerification {
  const walk = new Walk(folder);
  try {
    for (const verified of walk.verify(question)) if (verified !== undefined) return verified;
  } catch (error) {
    return explain(walk, error);
  }
  throw new RangeError("a walk ends with its verdict");
}

/** The same, letting others have their turn: a million entries take seconds. Nothing may write to the files meanwhile (`Ledger.quietly`). */
export async function verifyLedgerInTurns(folder: string, question: LedgerQuestion = {}): Promise<LedgerVerification> {
  const walk = new Walk(folder);
  try {
    for (const verified of walk.verify(question)) {
      if (verified !== undefined) return verified;
      await nextTurn();
    }
  } catch (error) {
    return explain(walk, error);
  }
  throw new RangeError("a walk ends with its verdict");
}

function explain({ index }: Walk, error: unknown): LedgerVerification {
  if (error instanceof Damage || InstarError.is(error, "LEDGER_DAMAGED")) return { kind: "damaged", index, because: error.message };
  throw error;
}

class Damage extends Error {}

/** Some ten milliseconds. */
const BUNDLES_A_TURN = 4;

class Walk {
  readonly #folder: string;
  /** Full ones. */
  readonly #bundles: number;
  readonly #frontier = openFrontier();
  /** Hashes of each level that do not fill a tile yet. */
  readonly #levels: Buffer[][] = [];
  index = 0;
  /** Undefined after entries that lie elsewhere: the next one's word is taken. */
  #hash: string | undefined = GENESIS;
  #archived = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#bundles = countBundles(folder);
  }

  /** Gives nothing after some bundles each, where others may have their turn, and the verdict at last. */
  *verify({ expected, pending = [], key = null }: LedgerQuestion): Generator<LedgerVerification | undefined, void, undefined> {
    const checkpoint = this.#readCheckpoint(key);
    let signedRoot: Buffer | undefined;
    const take = (leaf: Buffer): void => {
      this.#frontier.append(leaf);
      this.#addToTiles(0, leaf);
      if (this.#frontier.size === checkpoint?.size) signedRoot = this.#frontier.root();
    };
    for (let bundle = 0; bundle < this.#bundles; bundle += 1) {
      const entries = readBundle(this.#folder, bundle);
      if (entries === undefined) this.#skip(bundle, take);
      else for (const entry of entries) this.#follow(entry, take);
      if (bundle % BUNDLES_A_TURN === BUNDLES_A_TURN - 1) yield undefined;
    }
    const { lines, isTorn } = readTail(this.#folder, this.#bundles);
    for (const line of lines) this.#follow(line, take);
    // A torn line is no damage where the outbox still holds the entry: that is what a crash in the middle of a write leaves.
    if (isTorn && pending.length === 0) throw new Damage(`the files end in the middle of entry ${this.index}`);
    const inFiles = this.index;
    if (checkpoint !== null && checkpoint.size > inFiles)
      throw new Damage(`the files end at entry ${inFiles}, and ${checkpoint.size} were signed: they were cut, or put back`);
    if (checkpoint !== null && checkpoint.size > 0 && signedRoot?.equals(checkpoint.root) !== true)
      throw new Damage("the entries are not those that were signed: the tree's root is another");
    for (const line of pending) {
      const { index } = JSON.parse(line) as LedgerEntry;
      if (index > this.index) throw new Damage(`the files end at entry ${inFiles}, and the database goes on with entry ${index}: they were cut, or put back`);
      if (index === this.index) this.#follow(Buffer.from(line), () => undefined);
    }
    this.#compare(expected);
    yield {
      kind: "intact",
      length: this.index,
      head: this.#hash ?? expected?.hash ?? "",
      signed: checkpoint?.size ?? null,
      root: this.#frontier.root().toString("base64"),
      archived: this.#archived,
    };
  }

  #readCheckpoint(key: NoteKey | null): { size: number; root: Buffer } | null {
    if (key === null) return null;
    let note: Buffer;
    try {
      note = readFileSync(join(this.#folder, CHECKPOINT));
    } catch {
      // Before the first write there is none.
      if (this.#bundles === 0 && readTail(this.#folder, 0).lines.length === 0) return null;
      throw new Damage("the signed checkpoint is missing");
    }
    const opened = openCheckpoint(note, { origin: key.name, keys: [key] });
    if (opened.kind === "refused") throw new Damage(`the checkpoint is not this ledger's: ${opened.because}`);
    return opened.checkpoint;
  }

  #follow(bytes: Buffer, take: (leaf: Buffer) => void): void {
    const line = bytes.toString("utf8");
    let entry: LedgerEntry;
    try {
      entry = JSON.parse(line) as LedgerEntry;
    } catch {
      throw new Damage(`entry ${this.index} is not JSON`);
    }
    if (entry?.index !== this.index) throw new Damage(`entry ${this.index} says that it is entry ${String(entry?.index)}`);
    if (this.#hash !== undefined && entry.previous !== this.#hash) throw new Damage(`entry ${this.index} does not follow from the entry before it`);
    this.#hash = hashLine(line);
    take(hashLeaf(bytes));
    this.index += 1;
  }

  /** What lies elsewhere, its tile stands for; the levels above and the root say whether the tile is what it was. */
  #skip(bundle: number, take: (leaf: Buffer) => void): void {
    for (const leaf of hashesOfTile(this.#readTile(0, bundle))) {
      take(leaf);
      this.index += 1;
    }
    this.#hash = undefined;
    this.#archived += TILE_WIDTH;
  }

  #addToTiles(level: number, leaf: Buffer): void {
    this.#levels[level] ??= [];
    const hashes = this.#levels[level];
    hashes.push(leaf);
    if (hashes.length < TILE_WIDTH) return;
    const number = Math.floor(this.#frontier.size / TILE_WIDTH ** (level + 1)) - 1;
    // The newest tile may still be on its way: its entries are in the tail then.
    const isSealed = number < Math.floor(this.#bundles / TILE_WIDTH ** level);
    if (isSealed && !this.#readTile(level, number).equals(Buffer.concat(hashes)))
      throw new Damage(`the tile ${tilePath(level, number)} is not that of its entries`);
    this.#levels[level] = [];
    this.#addToTiles(level + 1, rootOfTile(Buffer.concat(hashes)));
  }

  #readTile(level: number, index: number): Buffer {
    try {
      return readFileSync(join(this.#folder, tilePath(level, index)));
    } catch {
      throw new Damage(`the tile ${tilePath(level, index)} is missing`);
    }
  }

  #compare(expected: LedgerQuestion["expected"]): void {
    if (expected === undefined) return;
    if (this.index < expected.length) throw new Damage(`the files end at entry ${this.index}, the database knows ${expected.length}`);
    if (this.index > expected.length)
      throw new Damage(`the files hold ${this.index} entries, the database knows only ${expected.length}: it is older than the ledger`);
    if (this.#hash === undefined || this.#hash === expected.hash) return;
    this.index -= 1;
    throw new Damage("the newest entry is not the one that was written");
  }
}
