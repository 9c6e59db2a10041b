import { createPrivateKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { explainFileError } from "../platform/durable-files.ts";
import { type NoteKey, parseVerifierKey, renderVerifierKey } from "./tree/note-key.ts";

export interface LedgerKey {
  /** Signs; null where there is none that may. */
  readonly signer: NoteKey | null;
  /** Verifies; null before there ever was a key. */
  readonly verifier: NoteKey | null;
  /** Why nothing is signed; null where all is well. */
  readonly trouble: string | null;
  /** What is to be remembered outside of the key's own file, for who changes that one. */
  readonly vkey: string | null;
}

/** Below the instance's data folder. */
const ledgerKeyPath = (folder: string): string => join(folder, "keys", "ledger.pem");

/**
 * The Ed25519 key that signs the ledger's checkpoints, made when there is none and none is remembered. A key that is not the one that was remembered signs
 * nothing: whoever could swap it could write another history under a good signature.
 *
 * @param remembered the verifier key as `vkey` gave it; null before
 * @throws InstarError DISK_FULL, PLATFORM_FAILED where a new one cannot be written
 */
export function openLedgerKey({ folder, remembered, mayCreate }: { folder: string; remembered: string | null; mayCreate: boolean }): LedgerKey {
  const path = ledgerKeyPath(folder);
  const verifier = remembered === null ? null : parseVerifierKey(remembered);
  const without = (trouble: string): LedgerKey => ({ signer: null, verifier, trouble, vkey: remembered });
  let pem = readKeyFile(path);
  if (pem === undefined) {
    if (verifier !== null) return without(`the ledger's key ${path} is missing: put it back from a backup`);
    if (!mayCreate) return { signer: null, verifier: null, trouble: null, vkey: null };
    pem = createKeyFile(path);
  }
  let signer: NoteKey;
  try {
    signer = { name: verifier?.name ?? `instar.local/${randomBytes(8).toString("hex")}`, key: createPrivateKey(pem) };
    if (verifier !== null && renderVerifierKey(signer) !== remembered)
      return without(`the ledger's key ${path} is not the one that this ledger began with: put that one back from a backup`);
  } catch {
    return without(`the ledger's key ${path} is not a private key in PEM: put it back from a backup`);
  }
  return { signer, verifier: verifier ?? signer, trouble: null, vkey: renderVerifierKey(signer) };
}

function readKeyFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw explainFileError(error, `could not read the ledger's key ${path}`);
  }
}

/** Whole and durable, or not there: an instance is opened without waiting. */
function createKeyFile(path: string): string {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const temporary = `${path}.new`;
    const file = openSync(temporary, "w", 0o600);
    try {
      writeSync(file, pem);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    for (const folder of process.platform === "win32" ? [] : [dirname(path), dirname(dirname(path))]) {
      const opened = openSync(folder, "r");
      fsyncSync(opened);
      closeSync(opened);
    }
  } catch (error) {
    throw explainFileError(error, `could not write the ledger's key ${path}`);
  }
  return pem;
}
