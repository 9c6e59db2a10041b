import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { CHECKPOINT, countBundles, readTail, tileReader } from "./log-folder.ts";
import { readStored } from "./read-ledger.ts";
import { type Checkpoint, openCheckpoint } from "./tree/checkpoint.ts";
import type { ReadHashes } from "./tree/hash-range.ts";
import type { NoteKey } from "./tree/note-key.ts";
import { proveInclusion } from "./tree/prove-inclusion.ts";
import { renderProof, verifyReceipt } from "./tree/tlog-proof.ts";

/** The newest signed head of the tree, and what is needed to prove things of it. */
export interface SignedLog {
  readonly note: string;
  readonly checkpoint: Checkpoint;
  readonly readHashes: ReadHashes;
}

/** @throws InstarError NOT_FOUND where nothing is signed yet, LEDGER_DAMAGED */
export function openSignedLog(folder: string, key: NoteKey): SignedLog {
  let note: string;
  try {
    note = readFileSync(join(folder, CHECKPOINT), "utf8");
  } catch (cause) {
    throw new InstarError("NOT_FOUND", "the ledger has no signed checkpoint yet", { cause, advice: "The daemon signs within seconds of its first entry." });
  }
  const opened = openCheckpoint(note, { origin: key.name, keys: [key] });
  if (opened.kind === "refused") throw new InstarError("LEDGER_DAMAGED", `the checkpoint is not this ledger's: ${opened.because}`);
  const bundles = countBundles(folder);
  return { note, checkpoint: opened.checkpoint, readHashes: tileReader(folder, { bundles, lines: readTail(folder, bundles).lines }) };
}

/**
 * An entry's bytes and the receipt (C2SP tlog-proof) that the ledger holds it: some 20 hashes for a million entries.
 * @throws InstarError NOT_FOUND where there is no such entry, it is not signed yet, or lies in an archive; LEDGER_DAMAGED
 */
export function proveEntry(folder: string, index: number, key: NoteKey): { readonly entry: string; readonly receipt: string } {
  const { note, checkpoint, readHashes } = openSignedLog(folder, key);
  if (index >= checkpoint.size) throw new InstarError("NOT_FOUND", `entry ${index} is not among the ${checkpoint.size} that are signed`);
  const found = readStored(folder, index).next().value;
  if (found?.index !== index) throw new InstarError("NOT_FOUND", `entry ${index} lies in the archive`, { advice: "Put its bundle back in place first." });
  const proof = proveInclusion(index, checkpoint.size, readHashes);
  const receipt = renderProof({ index, proof, checkpoint: note });
  const verdict = verifyReceipt(receipt, found.bytes, { origin: key.name, keys: [key] });
  // Nobody is handed what would fail elsewhere.
  if (verdict.kind === "refused") throw new InstarError("LEDGER_DAMAGED", `entry ${index} is not the one that was signed: ${verdict.because}`);
  return { entry: found.bytes.toString("utf8"), receipt };
}
