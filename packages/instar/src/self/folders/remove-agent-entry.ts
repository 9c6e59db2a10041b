import { lstat, rmdir, unlink } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import { countTree } from "./count-tree.ts";
import { explainRefusal, quotePath } from "./explain-refusal.ts";
import { FOLDER_LIMITS } from "./folder-limits.ts";
import { type FolderQuota, type FolderUse, sizeOnDisk } from "./folder-quota.ts";
import type { FolderRoom } from "./folder-room.ts";
import { type EntryName, type HeldFolder, holdFolder, holdInner, holdTop, joinShown } from "./hold-folder.ts";
import { isGitName } from "./parse-agent-path.ts";
import { walkFolder } from "./walk-folder.ts";
import { assertExpected, parseFilePath, type WriteChoice } from "./write-agent-file.ts";

/**
 * Removes a file, a link itself, anything else of one name, or a folder with all that is in it. A crash leaves a part of the folder.
 *
 * @param choice what must be there now, as for a write
 */
export async function removeAgentEntry(
  room: FolderRoom,
  quota: FolderQuota,
  path: string,
  { expects, mostBytes }: Pick<WriteChoice, "expects" | "mostBytes"> = {},
): Promise<void> {
  const names = parseFilePath(path);
  if (expects !== undefined) await assertExpected(room, names, expects, mostBytes);
  const name = names.at(-1) ?? "";
  const outer = await holdFolder(room, names.slice(0, -1));
  try {
    await outer.assertSame();
    const found = await lstat(outer.at(name));
    if (!found.isDirectory()) {
      await unlink(outer.at(name));
      return quota.note({ files: -1, bytes: -sizeOnDisk(found) });
    }
    const { files, bytes } = await removeFolder(room, outer, name);
    quota.note({ files: -files - 1, bytes: -bytes });
  } catch (error) {
    throw explainRefusal(error, names.join("/"), "remove");
  } finally {
    await outer.close();
  }
}

/** Everything in the agent's folder, git's own files too: it is made anew. A crash leaves a part. */
export async function clearAgentFolder(room: FolderRoom): Promise<void> {
  const top = await holdTop(room);
  try {
    await emptyFolder(room, top, true);
  } catch (error) {
    throw explainRefusal(error, "", "remove");
  } finally {
    await top.close();
  }
}

async function removeFolder(room: FolderRoom, outer: HeldFolder, name: EntryName): Promise<FolderUse> {
  const folder = await holdInner(room, outer, name);
  const use = await countAndEmpty(room, folder).finally(() => folder.close());
  await room.between("emptied", joinShown(outer.path, name));
  await outer.assertSame();
  await rmdir(outer.at(name));
  return use;
}

async function countAndEmpty(room: FolderRoom, folder: HeldFolder): Promise<FolderUse> {
  const use = await countTree(room, folder);
  await room.between("checked", folder.path);
  await emptyFolder(room, folder);
  return use;
}

async function emptyFolder(room: FolderRoom, folder: HeldFolder, takesGit = false): Promise<void> {
  for await (const walked of walkFolder(room, folder, { isRecursive: false, entersGit: takesGit, mostNames: FOLDER_LIMITS.treeEntries })) {
    if (walked.kind === "gap") continue;
    const path = joinShown(folder.path, walked.name);
    if (!takesGit && isGitName(walked.name.toString()))
      throw new InstarError("FORBIDDEN", `${quotePath(path)} is git's own and came meanwhile: the rest was removed`);
    await room.between("looked", path);
    await folder.assertSame();
    if (walked.found.isDirectory()) {
      const inner = await holdInner(room, folder, walked.name);
      await emptyFolder(room, inner, takesGit).finally(() => inner.close());
      await room.between("emptied", path);
      await folder.assertSame();
      await rmdir(folder.at(walked.name));
    } else await unlink(folder.at(walked.name));
  }
}
