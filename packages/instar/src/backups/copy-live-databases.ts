import { closeSync, mkdirSync, openSync, readSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { locate, renderRaw } from "../store/raw-path.ts";
import { walkTree } from "../store/walk-tree.ts";
import { copyDatabase, isDatabase } from "./copy-live-database.ts";
import { OWN_NAMES } from "./own-names.ts";

/** Larger ones are passed over: what is asked of the copies is their shape, and must not take minutes. */
const LARGEST_BYTES = 256 * 1_048_576;

/**
 * Copies the SQLite databases of a state, and nothing else, while the agent writes. See copyDatabase. What cannot be copied is left out.
 *
 * @param to where nothing is yet
 */
export async function copyLiveDatabases(from: string, to: string, signal?: AbortSignal): Promise<void> {
  const root = await realpath(from);
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const entry of await walkTree(root, { signal, leaveOut: OWN_NAMES })) {
    const path = locate(root, entry.path);
    if (entry.kind !== "file" || entry.size < 512 || entry.size > LARGEST_BYTES || !beginsAsDatabase(path)) continue;
    const target = renderRaw(locate(to, entry.path).toString("latin1"));
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    await copyDatabase(renderRaw(path.toString("latin1")), target, { signal, forMs: 0 }).catch(() => undefined);
  }
}

/** False where it is gone, or not ours to read. */
export function beginsAsDatabase(path: Buffer): boolean {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const head = Buffer.alloc(16);
    readSync(file, head, 0, 16, 0);
    return isDatabase(head);
  } catch {
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
