import type { Stats } from "node:fs";
import { InstarError } from "@instar/protocol";
import type { FolderRoom } from "./folder-room.ts";
import { holdTop } from "./hold-folder.ts";
import { walkFolder } from "./walk-folder.ts";

/** What the folder as a whole may hold, `.git` included. Folders and links count as files. */
export interface FolderQuotaLimits {
  readonly files: number;
  readonly bytes: number;
}

export interface FolderUse {
  readonly files: number;
  readonly bytes: number;
}

/** A count is taken for true this long, with what was written and removed since; the agent itself may write meanwhile. */
const COUNT_AGAIN_MS = 5_000;
/** Counting takes at most this share of the time, however large the folder is. */
const COUNTING_SHARE = 10;

/** Keeps writes within the limits of the folder. It guards the disk against an agent's mistake: what the agent writes by itself is counted, not stopped. */
export class FolderQuota {
  readonly #room: FolderRoom;
  readonly #limits: FolderQuotaLimits;
  #use: FolderUse = { files: 0, bytes: 0 };
  #countAgainAtMs = Number.NEGATIVE_INFINITY;

  constructor(room: FolderRoom, limits: FolderQuotaLimits) {
    this.#room = room;
    this.#limits = limits;
  }

  /** @throws InstarError DISK_FULL where `more` does not fit; what makes the folder smaller always does */
  async assertFits(more: FolderUse): Promise<void> {
    const { clock } = this.#room;
    const beganMs = clock.monotonicMs();
    if (beganMs >= this.#countAgainAtMs) {
      this.#use = await countFolder(this.#room, this.#limits.files);
      const endedMs = clock.monotonicMs();
      this.#countAgainAtMs = endedMs + Math.max(COUNT_AGAIN_MS, (endedMs - beganMs) * COUNTING_SHARE);
    }
    const { files, bytes } = this.#limits;
    if (more.files > 0 && this.#use.files + more.files > files) throw full(`${files} files`, this.#limits);
    if (more.bytes > 0 && this.#use.bytes + more.bytes > bytes) throw full(`${bytes} bytes`, this.#limits);
  }

  note({ files, bytes }: FolderUse): void {
    this.#use = { files: this.#use.files + files, bytes: this.#use.bytes + bytes };
  }
}

function full(what: string, limits: FolderQuotaLimits): InstarError {
  return new InstarError("DISK_FULL", `the folder may hold ${what}, and this would be more`, {
    facts: { files: limits.files, bytes: limits.bytes },
    advice: `Remove what is not needed. What you remove by yourself counts after ${COUNT_AGAIN_MS / 1_000} seconds.`,
  });
}

/** Ends as soon as there are more than `mostFiles`: a million entries are not counted to the end. */
async function countFolder(room: FolderRoom, mostFiles: number): Promise<FolderUse> {
  const folder = await holdTop(room);
  try {
    let files = 0;
    let bytes = 0;
    for await (const walked of walkFolder(room, folder, { isRecursive: true, entersGit: true, mostNames: mostFiles + 1 })) {
      if (walked.kind === "gap") continue;
      files += 1;
      bytes += sizeOnDisk(walked.found);
      if (files > mostFiles) break;
    }
    return { files, bytes };
  } finally {
    await folder.close();
  }
}

/** Only files count, by what they take: a sparse file says a size that it does not take. */
export const sizeOnDisk = (found: Pick<Stats, "size" | "blocks" | "isFile">) => (found.isFile() ? Math.min(found.size, found.blocks * 512) : 0);
