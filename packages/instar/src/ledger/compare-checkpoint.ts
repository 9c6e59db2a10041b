import { InstarError } from "@instar/protocol";
import { openSignedLog } from "./prove-entry.ts";
import { openCheckpoint } from "./tree/checkpoint.ts";
import { rootOf } from "./tree/hash-range.ts";
import type { NoteKey } from "./tree/note-key.ts";
import { proveConsistency, verifyConsistency } from "./tree/prove-consistency.ts";

export interface Compared {
  readonly older: number;
  readonly size: number;
  /** Base64, as RFC 6962 §2.1.2 has them. */
  readonly proof: readonly string[];
}

/**
 * Whether what was signed before is a beginning of what is there now, or was when there were `wanted` entries, with the proof of it.
 * @throws InstarError INPUT_INVALID where it is no checkpoint of this ledger, or so many entries are not signed; LEDGER_DAMAGED where history was put back or changed since
 */
export function compareCheckpoint(folder: string, note: string, key: NoteKey, wanted?: number): Compared {
  const opened = openCheckpoint(note, { origin: key.name, keys: [key] });
  if (opened.kind === "refused") throw new InstarError("INPUT_INVALID", `it is no checkpoint of this ledger: ${opened.because}`);
  const older = opened.checkpoint;
  const { checkpoint, readHashes } = openSignedLog(folder, key);
  if (older.size > checkpoint.size)
    throw new InstarError("LEDGER_DAMAGED", `the ledger was put back: ${older.size} entries were signed once, and now ${checkpoint.size} are`);
  const size = wanted ?? checkpoint.size;
  if (size < older.size || size > checkpoint.size)
    throw new InstarError(
      "INPUT_INVALID",
      `a ledger of ${size} entries is not between the ${older.size} of then and the ${checkpoint.size} that are signed now`,
    );
  if (older.size === 0) return { older: 0, size, proof: [] };
  const proof = proveConsistency(older.size, size, readHashes);
  const root = size === checkpoint.size ? checkpoint.root : rootOf(size, readHashes);
  const verdict = verifyConsistency(proof, older.size, size, older.root, root);
  if (verdict.kind === "refused") throw new InstarError("LEDGER_DAMAGED", `the first ${older.size} entries are not those that were signed then`);
  return { older: older.size, size, proof: proof.map((hash) => hash.toString("base64")) };
}
