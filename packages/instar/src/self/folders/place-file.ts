import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open, rename, unlink } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import { explainRefusal, quotePath } from "./explain-refusal.ts";
import type { FolderRoom } from "./folder-room.ts";
import { givesAway, type HeldFolder, holdFolder } from "./hold-folder.ts";
import { kindOf } from "./judge-found.ts";
import type { AgentNames } from "./parse-agent-path.ts";

/** A new file with its content, under a name of its own at the top of the folder. It is put in place or discarded, and then closed. */
export interface StagedFile {
  readonly name: string;
  readonly found: Pick<Stats, "ino" | "dev">;
  /** Held open so that its inode is given to no other file meanwhile. Windows renames no file that is open, and gives none away so soon. */
  readonly handle: FileHandle | undefined;
}

const NEW_FILE = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);
/** A crash leaves such a file at the top. */
const STAGED_NAME = /^\.instar-[0-9a-f]{16}\.tmp$/;

export const isStagedName = (name: string) => STAGED_NAME.test(name);

/** @throws InstarError DISK_FULL, FORBIDDEN, PLATFORM_FAILED; nothing stays then */
export async function stageFile(top: HeldFolder, bytes: Uint8Array, mode: "644" | "755"): Promise<StagedFile> {
  const name = `.instar-${randomBytes(8).toString("hex")}.tmp`;
  try {
    await top.assertSame();
    const file = await open(top.at(name), NEW_FILE, 0o600);
    try {
      await file.writeFile(bytes);
      await file.chmod(mode === "755" ? 0o755 : 0o644);
      if (givesAway(top.top)) await file.chown(top.top.uid, top.top.gid);
      const found = await file.stat();
      if (process.platform !== "win32") return { name, found, handle: file };
      await file.close();
      return { name, found, handle: undefined };
    } catch (error) {
      await file.close();
      throw error;
    }
  } catch (error) {
    await unlink(top.at(name)).catch(() => undefined);
    throw explainRefusal(error, "", "write to");
  }
}

/**
 * Renames a staged file into place: whatever had the name before, a link too, is replaced and never written through.
 *
 * @throws InstarError FORBIDDEN (a pipe, a socket or a device is there), INPUT_INVALID (a folder is), CONFLICT (something else came into its place)
 */
export async function placeFile(room: FolderRoom, top: HeldFolder, staged: StagedFile, names: AgentNames): Promise<void> {
  const path = names.join("/");
  const name = names.at(-1) ?? "";
  const folder = await holdFolder(room, names.slice(0, -1), true);
  try {
    const before = await lookAt(folder, name);
    if (before !== undefined) assertReplaceable(before, path);
    await room.between("staged", path);
    await Promise.all([top.assertSame(), folder.assertSame()]);
    await rename(top.at(staged.name), folder.at(name));
    await room.between("placed", path);
    const now = await lookAt(folder, name);
    if (now?.ino !== staged.found.ino || now.dev !== staged.found.dev)
      throw new InstarError("CONFLICT", `${quotePath(path)} was replaced at the moment when it was written. Look again`, { facts: { path } });
  } catch (error) {
    throw explainRefusal(error, path, "write");
  } finally {
    await folder.close();
  }
}

/** Takes away what was not put in place, and lets go of what was. */
export async function releaseFile(top: HeldFolder, { name, handle }: StagedFile): Promise<void> {
  await handle?.close();
  await unlink(top.at(name)).catch(() => undefined);
}

/** Whether a file may be put where this is. */
export function assertReplaceable(found: Stats, path: string): void {
  const kind = kindOf(found);
  if (kind === "folder") throw new InstarError("INPUT_INVALID", `${quotePath(path)} is a folder`, { facts: { path } });
  if (kind === "other")
    throw new InstarError("FORBIDDEN", `${quotePath(path)} is no file but a pipe, a socket or a device: remove it first`, { facts: { path } });
}

/** What has the name now, a link itself and not what it leads to. */
export async function lookAt(folder: HeldFolder, name: string): Promise<Stats | undefined> {
  try {
    return await lstat(folder.at(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The same by its path; undefined where a folder on the way is missing as well. */
export async function lookAtPath(room: FolderRoom, names: AgentNames): Promise<Stats | undefined> {
  const folder = await holdFolder(room, names.slice(0, -1)).catch((error: unknown) => {
    if (InstarError.is(error, "NOT_FOUND")) return undefined;
    throw error;
  });
  if (folder === undefined) return undefined;
  try {
    await folder.assertSame();
    return await lookAt(folder, names.at(-1) ?? "");
  } catch (error) {
    throw explainRefusal(error, names.join("/"), "look at");
  } finally {
    await folder.close();
  }
}
