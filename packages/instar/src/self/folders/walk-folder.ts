import type { Stats } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import { explainRefusal } from "./explain-refusal.ts";
import { FOLDER_LIMITS } from "./folder-limits.ts";
import type { FolderRoom } from "./folder-room.ts";
import { type EntryName, type HeldFolder, holdInner, joinShown } from "./hold-folder.ts";
import { isGitName } from "./parse-agent-path.ts";

export interface WalkedEntry {
  readonly kind: "entry";
  readonly folder: HeldFolder;
  readonly name: EntryName;
  readonly path: string;
  readonly found: Stats;
}

/** Something that was not looked at: a folder that is too deep, too large, mounted, closed to us, or replaced while it was walked. */
interface WalkGap {
  readonly kind: "gap";
  readonly path: string;
}

export interface Walk {
  readonly isRecursive: boolean;
  /** Whether `.git` is walked through, for counting; it is always named. */
  readonly entersGit: boolean;
  /** Names of one folder; the rest is a gap. */
  readonly mostNames: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What is in a folder, sorted by name, each folder before what is in it; no link is followed. Whoever asks stops when it has enough: memory is bounded by
 * `mostNames` for each of at most 64 folders that are open at once. An entry that vanishes meanwhile is left out.
 *
 * @throws InstarError FORBIDDEN, CONFLICT, PLATFORM_FAILED, of the first folder only; the signal's reason
 */
export async function* walkFolder(room: FolderRoom, folder: HeldFolder, walk: Walk): AsyncGenerator<WalkedEntry | WalkGap> {
  const { names, isCut } = await readNames(room, folder, walk);
  await room.between("named", folder.path);
  for (let at = 0; at < names.length; at += AT_ONCE) {
    walk.signal?.throwIfAborted();
    for (const { name, found } of await lookAtAll(folder, names.slice(at, at + AT_ONCE))) {
      const path = joinShown(folder.path, name);
      yield { kind: "entry", folder, name, path, found };
      if (!found.isDirectory() || !walk.isRecursive || (!walk.entersGit && isGitName(name.toString()))) continue;
      const inner = await holdInner(room, folder, name).catch(() => undefined);
      if (inner === undefined) {
        yield { kind: "gap", path };
        continue;
      }
      try {
        yield* walkFolder(room, inner, walk);
      } catch {
        walk.signal?.throwIfAborted();
        yield { kind: "gap", path };
      } finally {
        await inner.close();
      }
    }
  }
  if (isCut) yield { kind: "gap", path: folder.path };
}

/** Enough to keep the threads of Node busy, few enough to waste little where the walk ends early. */
const AT_ONCE = 32;

async function readNames(room: FolderRoom, folder: HeldFolder, { mostNames, signal }: Walk): Promise<{ names: EntryName[]; isCut: boolean }> {
  const raw: string[] = [];
  let isCut = false;
  try {
    await folder.assertSame();
    await room.between("entered", folder.path);
    // latin1 keeps each byte as one letter, so a name that is not UTF-8 is not lost. The iterator closes the folder, also when it is left early.
    for await (const { name } of await opendir(folder.at("."), { encoding: "latin1", bufferSize: 256 })) {
      if (raw.length % 1_024 === 0) signal?.throwIfAborted();
      if (raw.length >= mostNames) {
        isCut = true;
        break;
      }
      raw.push(name);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw explainRefusal(error, folder.path, "list");
  }
  return { names: raw.sort().map(parseName), isCut };
}

function parseName(raw: string): EntryName {
  const bytes = Buffer.from(raw, "latin1");
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : bytes;
}

async function lookAtAll(folder: HeldFolder, names: readonly EntryName[]): Promise<{ name: EntryName; found: Stats }[]> {
  const looked = await Promise.all(names.map(async (name) => ({ name, found: await lstat(folder.at(name)).catch(() => undefined) })));
  await folder.assertSame();
  return looked.flatMap(({ name, found }) => (found === undefined ? [] : [{ name, found }]));
}

/** For lists and searches. */
export const PLAIN_WALK: Walk = { isRecursive: true, entersGit: false, mostNames: FOLDER_LIMITS.namesOfFolder };
