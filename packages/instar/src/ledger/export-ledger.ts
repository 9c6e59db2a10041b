import { cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InstarError } from "@instar/protocol";
import { explainFileError, writeFileDurably } from "../platform/durable-files.ts";
import { countBundles, readBundle, readTail } from "./log-folder.ts";
import { openSignedLog } from "./prove-entry.ts";
import { type NoteKey, renderVerifierKey } from "./tree/note-key.ts";
import { encodeBundle, entriesPath, TILE_WIDTH, tilePath, tilesOf } from "./tree/tile.ts";

export interface ExportQuestion {
  /** Of the ledger. */
  readonly folder: string;
  /** A folder that is not there yet. */
  readonly to: string;
  readonly key: NoteKey;
  /** Bundles whose entries are all outside are withheld: their hashes stand for them. ISO 8601. */
  readonly from: string | null;
  readonly until: string | null;
  readonly madeAt: string;
  /** The stand-alone verifier, put beside it. */
  readonly verifier: string;
}

export interface Exported {
  readonly size: number;
  readonly shown: number;
  readonly withheld: number;
  readonly files: number;
  readonly sizeBytes: number;
}

interface Withheld {
  readonly first: number;
  count: number;
  readonly because: string;
}

/**
 * Writes what was signed so far into a folder of its own: checkpoint, every tile, the bundles of the period, and the verifier.
 * @throws InstarError CONFLICT where the folder is there already, NOT_FOUND where nothing is signed yet, LEDGER_DAMAGED, DISK_FULL, PLATFORM_FAILED
 */
export async function exportLedger(question: ExportQuestion): Promise<Exported> {
  const { folder, to, key, from, until, madeAt, verifier } = question;
  const { note, checkpoint, readHashes } = openSignedLog(folder, key);
  const { size, origin } = checkpoint;
  try {
    await mkdir(to, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw explainFileError(error, `could not create ${to}`);
    throw new InstarError("CONFLICT", `${to} is there already`, { advice: "Name a folder that is not there yet." });
  }
  let [files, sizeBytes, shown] = [0, 0, 0];
  const write = async (path: string, bytes: Uint8Array | string): Promise<void> => {
    try {
      await mkdir(dirname(join(to, path)), { recursive: true, mode: 0o700 });
      await writeFileDurably(join(to, path), bytes);
    } catch (error) {
      throw explainFileError(error, `could not write ${join(to, path)}`);
    }
    files += 1;
    sizeBytes += Buffer.byteLength(bytes);
  };
  const withheld: Withheld[] = [];
  const withhold = (first: number, count: number, because: string): void => {
    const last = withheld.at(-1);
    if (last !== undefined && last.because === because && last.first + last.count === first) last.count += count;
    else withheld.push({ first, count, because });
  };
  const bundles = countBundles(folder);
  const { lines } = readTail(folder, bundles);
  for (const { level, index, width } of tilesOf(size)) {
    await write(tilePath(level, index, width), readHashes(level, index, width));
    if (level > 0) continue;
    const entries = index < bundles ? readBundle(folder, index)?.slice(0, width) : lines.slice((index - bundles) * TILE_WIDTH).slice(0, width);
    if (entries === undefined) withhold(index * TILE_WIDTH, width, "it lies in an archive");
    else if (!entries.some((entry) => isWithin(entry, from, until))) withhold(index * TILE_WIDTH, width, "it is outside of the period");
    else {
      await write(entriesPath(index, width), encodeBundle(entries));
      shown += width;
    }
  }
  await write("checkpoint", note);
  const about = { format: "instar-ledger-export/1", origin, key: renderVerifierKey(key), size, madeAt, from, to: until, withheld };
  await write("bundle.json", `${JSON.stringify(about, null, 2)}\n`);
  await write("README.txt", README);
  await cp(verifier, join(to, "verify.mjs"));
  return { size, shown, withheld: size - shown, files: files + 1, sizeBytes };
}

function isWithin(entry: Buffer, from: string | null, until: string | null): boolean {
  if (from === null && until === null) return true;
  const { at } = JSON.parse(entry.toString("utf8")) as { at: string };
  return (from === null || at >= from) && (until === null || at < until);
}

const README = `The ledger of an Instar instance, with its proofs.

    node verify.mjs                       Node 18 or newer; nothing else is needed, and nothing is asked over the network
    node verify.mjs --key <key>           with the key that you were given by another way: without it only that all fits together is shown
    node verify.mjs --since <checkpoint>  that what you were shown before was not changed since

checkpoint   the signed head of the tree (C2SP signed-note, tlog-checkpoint)
tile/        the tree's hashes (RFC 6962, C2SP tlog-tiles), and the entries below tile/entries/
bundle.json  what is in here, and which entries are withheld; their hashes stand for them
`;
