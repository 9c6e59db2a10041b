import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import { explainRefusal, quotePath } from "./explain-refusal.ts";
import type { FolderRoom } from "./folder-room.ts";
import { type EntryName, type HeldFolder, joinShown } from "./hold-folder.ts";
import { judgeReadable, kindOf } from "./judge-found.ts";

export interface OpenAgentFile {
  readonly handle: FileHandle;
  readonly found: Stats;
}

/** open(2), the same on every machine that Node runs on: names a thing without opening it. Node does not list it. */
const O_PATH = 0o10000000;
const OPEN_FILE = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a regular file of one name for reading. By descriptors it is first taken hold of without being opened, judged, and then opened as that very thing: a
 * device is never opened, and a pipe cannot make anybody wait.
 *
 * @throws InstarError NOT_FOUND, FORBIDDEN, INPUT_INVALID (a folder), CONFLICT, PLATFORM_FAILED
 */
export async function openAgentFile(room: FolderRoom, folder: HeldFolder, name: EntryName): Promise<OpenAgentFile> {
  const path = joinShown(folder.path, name);
  try {
    const file = await (room.way === "paths" ? openByPath(room, folder, name, path) : openByDescriptor(room, folder, name, path));
    try {
      const found = await file.stat();
      assertReadable(found, path, folder);
      return { handle: file, found };
    } catch (error) {
      await file.close();
      throw error;
    }
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
}

async function openByDescriptor(room: FolderRoom, folder: HeldFolder, name: EntryName, path: string): Promise<FileHandle> {
  const pinned = await open(folder.at(name), O_PATH | constants.O_NOFOLLOW);
  try {
    assertReadable(await pinned.stat(), path, folder);
    await room.between("looked", path);
    return await open(`/proc/self/fd/${pinned.fd}`, OPEN_FILE);
  } finally {
    await pinned.close();
  }
}

async function openByPath(room: FolderRoom, folder: HeldFolder, name: EntryName, path: string): Promise<FileHandle> {
  await folder.assertSame();
  await room.between("looking", path);
  const before = await lstat(folder.at(name));
  assertReadable(before, path, folder);
  await room.between("looked", path);
  const file = await open(folder.at(name), OPEN_FILE | (constants.O_NOFOLLOW ?? 0));
  try {
    const found = await file.stat();
    if (found.ino !== before.ino || found.dev !== before.dev)
      throw new InstarError("CONFLICT", `${quotePath(path)} was replaced while Instar opened it. Look again`);
    await folder.assertSame();
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

function assertReadable(found: Stats, path: string, folder: HeldFolder): void {
  const facts = { kind: kindOf(found), names: found.nlink, uid: found.uid, mode: found.mode };
  const refusal = judgeReadable(facts, path, folder.top.uid, process.geteuid?.());
  if (refusal !== undefined) throw new InstarError(refusal.code, refusal.because, { facts: { path } });
}
