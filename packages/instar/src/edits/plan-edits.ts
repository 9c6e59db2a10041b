import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import { readFreeBytes } from "../platform/disk-space.ts";
import type { Change } from "./change.ts";
import type { Edit } from "./edit.ts";
import { openFolder } from "./open-folder.ts";
import { planChange } from "./plan-change.ts";
import { type EditReach, planTarget, type Target } from "./plan-target.ts";
import { type LiveFile, readLiveFile } from "./read-live-file.ts";

export interface PlannedEdit {
  readonly change: Change;
  /** What will be there; undefined where nothing, or a folder. */
  readonly bytes: Buffer | undefined;
  /** What is there now, likewise. */
  readonly was: Buffer | undefined;
}

export type PlannedEdits =
  | {
      readonly kind: "planned";
      readonly changes: readonly PlannedEdit[] /** Edits that change nothing, each with why. */;
      readonly needless: readonly string[];
    }
  | { readonly kind: "refused"; readonly code: "EDIT_REFUSED" | "EDIT_CONFLICT"; readonly because: string };

export interface EditsQuestion {
  readonly reach: EditReach;
  readonly edits: readonly Edit[];
  readonly contentOf: (edit: Edit & { kind: "file-write" }) => Promise<Buffer>;
}

/** All of it is in memory at once, what is there and what will be. */
const LARGEST_TOGETHER_BYTES = 134_217_728;

/** Room for what a file system keeps beside the bytes of a file. */
const BESIDE_A_FILE_BYTES = 8_192;

/**
 * What a list of edits makes of what is there now. Reads, and changes nothing. Every reason against it is named at once.
 *
 * @throws InstarError DISK_FULL where there is no room for it, PLATFORM_FAILED
 */
export async function planEdits({ reach, edits, contentOf }: EditsQuestion): Promise<PlannedEdits> {
  const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const made = new Set(edits.flatMap((edit) => (edit.kind === "directory-create" ? absoluteOf(edit, reach) : [])));
  const changes: PlannedEdit[] = [];
  const needless: string[] = [];
  let heldBytes = 0;
  const against: { code: "EDIT_REFUSED" | "EDIT_CONFLICT"; because: string }[] = [];
  for (const edit of edits) {
    const target = planTarget(edit.path, reach);
    if (target.kind === "refused") {
      against.push({ code: "EDIT_REFUSED", because: target.because });
      continue;
    }
    const looked = await lookAt(target, edit, reach, made).catch((error: unknown) => {
      if (!InstarError.is(error, "EDIT_REFUSED")) throw error;
      return error;
    });
    if (looked instanceof InstarError) {
      against.push({ code: "EDIT_REFUSED", because: looked.message });
      continue;
    }
    const content = edit.kind === "file-write" ? await contentOf(edit) : undefined;
    const planned = planChange({ edit, target, ...looked, content, user });
    if (planned.kind === "refused") against.push(planned);
    else if (planned.kind === "nothing") needless.push(planned.because);
    else changes.push({ ...planned, was: looked.live.found === "file" ? looked.live.bytes : undefined });
    heldBytes += (content?.length ?? 0) + (looked.live.found === "file" ? looked.live.bytes.length : 0);
    if (heldBytes <= LARGEST_TOGETHER_BYTES) continue;
    against.push({
      code: "EDIT_REFUSED",
      because: `what these edits touch is larger than ${LARGEST_TOGETHER_BYTES / 1_048_576} MiB together: make several plans of it`,
    });
    break;
  }
  const [first] = against;
  if (first !== undefined) return { kind: "refused", code: first.code, because: against.map(({ because }) => because).join("; ") };
  return { kind: "planned", changes: inOrder(changes), needless };
}

/** Folders before what goes into them, and away after what was in them. */
function inOrder(changes: readonly PlannedEdit[]): PlannedEdit[] {
  const depth = ({ change }: PlannedEdit) => change.names.length;
  return [
    ...changes.filter(({ change }) => change.kind === "make-folder").toSorted((a, b) => depth(a) - depth(b)),
    ...changes.filter(({ change }) => change.kind === "file"),
    ...changes.filter(({ change }) => change.kind === "remove-folder").toSorted((a, b) => depth(b) - depth(a)),
  ];
}

function absoluteOf(edit: Edit, reach: EditReach): string[] {
  const target = planTarget(edit.path, reach);
  return target.kind === "target" ? [target.absolute] : [];
}

async function lookAt(
  target: Target & { kind: "target" },
  edit: Edit,
  reach: EditReach,
  made: ReadonlySet<string>,
): Promise<{ live: LiveFile; hasFolder: boolean }> {
  const folder = await openFolder(target.base, target.names.slice(0, -1), reach.dataFolder);
  if (folder === undefined) return { live: { found: "absent" }, hasFolder: made.has(target.absolute.slice(0, target.absolute.lastIndexOf("/"))) };
  try {
    const live = await readLiveFile(folder, target.names.at(-1) ?? "");
    await access(folder.at("."), constants.W_OK | constants.X_OK).catch((cause: unknown) => {
      throw new InstarError("EDIT_REFUSED", `the folder of ${edit.path} may not be written (${(cause as NodeJS.ErrnoException).code ?? "?"})`, { cause });
    });
    return { live, hasFolder: true };
  } finally {
    await folder.close();
  }
}

/** @throws InstarError DISK_FULL, which passes by itself where somebody makes room */
export async function assertRoom(changes: readonly PlannedEdit[]): Promise<void> {
  for (const base of new Set(changes.map(({ change }) => change.base))) {
    const needed = changes.reduce((sum, { change, bytes }) => sum + (change.base === base ? (bytes?.length ?? 0) + BESIDE_A_FILE_BYTES : 0), 0);
    const free = await readFreeBytes(base);
    if (free < needed)
      throw new InstarError("DISK_FULL", `the edits need ${needed} bytes at ${base}, and ${free} are free`, { advice: "Free some space.", transient: true });
  }
}
