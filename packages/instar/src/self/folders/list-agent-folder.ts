import { assertCount } from "./assert-count.ts";
import { FOLDER_LIMITS } from "./folder-limits.ts";
import type { FolderRoom } from "./folder-room.ts";
import { holdFolder } from "./hold-folder.ts";
import { type EntryKind, kindOf } from "./judge-found.ts";
import { parseAgentPath } from "./parse-agent-path.ts";
import { PLAIN_WALK, type WalkedEntry, walkFolder } from "./walk-folder.ts";

export interface ListQuestion {
  /** Also what is in the folders below. `.git` is named and not entered; a link is named and not followed. */
  readonly recursive?: boolean | undefined;
  /** From 1 to 10,000 entries. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ListedEntry {
  /** From the folder's top. With U+FFFD where the name is not UTF-8; its kind is "other" then, for no path leads to it. */
  readonly path: string;
  readonly kind: EntryKind;
  /** As the file says: a sparse file takes less. */
  readonly sizeBytes: number;
  /** Octal, such as "644". */
  readonly mode: string;
}

export interface AgentFolderList {
  readonly entries: readonly ListedEntry[];
  /** False where there is more, or where a folder could not be looked into. */
  readonly isAll: boolean;
}

/** Sorted by name within each folder, each folder before what is in it. */
export async function listAgentFolder(room: FolderRoom, path: string, { recursive = false, limit, signal }: ListQuestion): Promise<AgentFolderList> {
  assertCount("limit", limit, FOLDER_LIMITS.listed);
  const folder = await holdFolder(room, parseAgentPath(path));
  try {
    const entries: ListedEntry[] = [];
    let isAll = true;
    for await (const walked of walkFolder(room, folder, { ...PLAIN_WALK, isRecursive: recursive, signal })) {
      if (walked.kind === "gap") {
        isAll = false;
        continue;
      }
      if (entries.length === limit) return { entries, isAll: false };
      entries.push(describeEntry(walked));
    }
    return { entries, isAll };
  } finally {
    await folder.close();
  }
}

function describeEntry({ path, name, found }: WalkedEntry): ListedEntry {
  return {
    path,
    kind: typeof name === "string" ? kindOf(found) : "other",
    sizeBytes: found.size,
    mode: (found.mode & 0o7777).toString(8).padStart(3, "0"),
  };
}
