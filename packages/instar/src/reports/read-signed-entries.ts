import { setImmediate as nextTurn } from "node:timers/promises";
import { InstarError, type ReportCheckpoint } from "@instar/protocol";
import { countBundles, readBundle, readTail } from "../ledger/log-folder.ts";
import { openSignedLog, type SignedLog } from "../ledger/prove-entry.ts";
import type { ReadHashes } from "../ledger/tree/hash-range.ts";
import { hashLeaf } from "../ledger/tree/hash-tree.ts";
import { type NoteKey, renderVerifierKey } from "../ledger/tree/note-key.ts";
import { proveInclusion, verifyInclusion } from "../ledger/tree/prove-inclusion.ts";
import { hashesOfTile, TILE_WIDTH } from "../ledger/tree/tile.ts";
import { renderProof } from "../ledger/tree/tlog-proof.ts";
import type { SignedHead } from "./build-report.ts";

/** An entry's bytes, and what shows that the ledger holds it (C2SP tlog-proof). */
export interface ProvedEntry {
  readonly index: number;
  /** As it is hashed: canonical JSON without an end of line. */
  readonly entry: string;
  readonly receipt: string;
}

/**
 * What the ledger's newest signed head covers, of the entries that a report lists; undefined where nothing was signed yet. Nothing may write to the files while
 * it is asked (`Ledger.quietly`).
 *
 * @throws InstarError LEDGER_DAMAGED where the checkpoint is not this ledger's
 */
export function openSignedEntries(folder: string, key: NoteKey | null): SignedEntries | undefined {
  if (key === null) return undefined;
  try {
    return new SignedEntries(folder, key, openSignedLog(folder, key));
  } catch (error) {
    if (InstarError.is(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}

export class SignedEntries implements SignedHead {
  readonly checkpoint: ReportCheckpoint;
  readonly #folder: string;
  readonly #log: SignedLog;

  constructor(folder: string, key: NoteKey, log: SignedLog) {
    const { size, root } = log.checkpoint;
    this.#folder = folder;
    this.#log = log;
    this.checkpoint = { size, root: Buffer.from(root).toString("base64"), key: renderVerifierKey(key), note: log.note };
  }

  /**
   * The leaf hashes in base64 of those that are signed and lie here.
   * @throws InstarError LEDGER_DAMAGED where an entry is not the one whose hash is in the tree
   */
  async readLeafHashes(indices: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const { checkpoint, readHashes } = this.#log;
    const leaves = new Map<number, string>();
    let tile: { readonly index: number; readonly hashes: readonly Buffer[] } | undefined;
    for await (const { index, bytes } of this.#read(indices)) {
      const at = Math.floor(index / TILE_WIDTH);
      const width = Math.min(TILE_WIDTH, checkpoint.size - at * TILE_WIDTH);
      if (tile?.index !== at) tile = { index: at, hashes: hashesOfTile(readHashes(0, at, width), width) };
      const leaf = hashLeaf(bytes);
      if (tile.hashes[index % TILE_WIDTH]?.equals(leaf) !== true) throw notSigned(index, "its hash in the tree is another");
      leaves.set(index, leaf.toString("base64"));
    }
    return leaves;
  }

  /**
   * Those that are signed and lie here, each with its receipt, in the order in which they are asked for: some 20 hashes each for a million entries.
   * @throws InstarError LEDGER_DAMAGED where one is not the entry that was signed: nobody is handed what would fail elsewhere
   */
  async *prove(indices: readonly number[]): AsyncGenerator<ProvedEntry, void, undefined> {
    const { checkpoint, note } = this.#log;
    const proveOne = openProver(checkpoint.size, this.#log.readHashes);
    for await (const { index, bytes } of this.#read(indices)) {
      const proof = proveOne(index);
      const verdict = verifyInclusion(proof, index, checkpoint.size, hashLeaf(bytes), checkpoint.root);
      if (verdict.kind === "refused") throw notSigned(index, verdict.because);
      yield { index, entry: bytes.toString("utf8"), receipt: renderProof({ index, proof, checkpoint: note }) };
    }
  }

  /** Each bundle is read once where neighbours are asked for one after the other, and others have their turn. */
  async *#read(indices: readonly number[]): AsyncGenerator<{ readonly index: number; readonly bytes: Buffer }, void, undefined> {
    const bundles = countBundles(this.#folder);
    const tail = readTail(this.#folder, bundles).lines;
    let open: { readonly bundle: number; readonly entries: readonly Buffer[] } | undefined;
    let read = 0;
    for (const index of indices) {
      if (index >= this.#log.checkpoint.size) continue;
      const bundle = Math.floor(index / TILE_WIDTH);
      // What was moved elsewhere since cannot be shown, so nothing is said of it.
      if (open?.bundle !== bundle)
        open = { bundle, entries: bundle < bundles ? (readBundle(this.#folder, bundle) ?? []) : tail.slice((bundle - bundles) * TILE_WIDTH) };
      if (read % ENTRIES_A_TURN === 0) await nextTurn();
      read += 1;
      const bytes = open.entries[index % TILE_WIDTH];
      if (bytes !== undefined) yield { index, bytes };
    }
  }
}

const ENTRIES_A_TURN = 16;

/** Entries of a full tile have all in common that is above it, since the tile is a whole subtree (RFC 6962 §2.1): only their ways through it differ. */
function openProver(size: number, readHashes: ReadHashes): (index: number) => readonly Buffer[] {
  let open: { readonly tile: number; readonly hashes: Uint8Array; readonly above: readonly Buffer[] } | undefined;
  return (index) => {
    const tile = Math.floor(index / TILE_WIDTH);
    if ((tile + 1) * TILE_WIDTH > size) return proveInclusion(index, size, readHashes);
    if (open?.tile !== tile) {
      const hashes = readHashes(0, tile, TILE_WIDTH);
      open = { tile, hashes, above: proveInclusion(index, size, readHashes).slice(Math.log2(TILE_WIDTH)) };
    }
    const { hashes, above } = open;
    return [...proveInclusion(index % TILE_WIDTH, TILE_WIDTH, () => hashes), ...above];
  };
}

const notSigned = (index: number, because: string) =>
  new InstarError("LEDGER_DAMAGED", `entry ${index} is not the one that was signed: ${because}`, {
    facts: { index },
    advice: "No report is made of it. `instar audit verify` says what else was changed.",
  });
