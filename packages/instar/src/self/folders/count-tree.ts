import { InstarError } from "@instar/protocol";
import { quotePath } from "./explain-refusal.ts";
import { FOLDER_LIMITS } from "./folder-limits.ts";
import { type FolderUse, sizeOnDisk } from "./folder-quota.ts";
import type { FolderRoom } from "./folder-room.ts";
import type { HeldFolder } from "./hold-folder.ts";
import { isGitName } from "./parse-agent-path.ts";
import { walkFolder } from "./walk-folder.ts";

/**
 * What is in a folder that is to be moved or removed whole, looked at before anything is touched.
 *
 * @throws InstarError FORBIDDEN where it holds git's own files, another file system, a folder that is closed to us, or more than 200,000 entries
 */
export async function countTree(room: FolderRoom, folder: HeldFolder): Promise<FolderUse> {
  let files = 0;
  let bytes = 0;
  for await (const walked of walkFolder(room, folder, { isRecursive: true, entersGit: false, mostNames: FOLDER_LIMITS.treeEntries + 1 })) {
    if (walked.kind === "gap")
      throw new InstarError("FORBIDDEN", `${quotePath(walked.path)} cannot be looked into: too deep, mounted, or closed to Instar. Nothing was changed`);
    files += 1;
    if (files > FOLDER_LIMITS.treeEntries)
      throw new InstarError(
        "FORBIDDEN",
        `${quotePath(folder.path)} holds more than ${FOLDER_LIMITS.treeEntries} entries: take it in parts. Nothing was changed`,
      );
    if (isGitName(walked.name.toString()))
      throw new InstarError("FORBIDDEN", `${quotePath(walked.path)} is git's own, so the folder around it is left as it is`);
    bytes += sizeOnDisk(walked.found);
  }
  return { files, bytes };
}
