import { lstat, unlink } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import { applyHunks, type PatchEffort } from "./apply-hunks.ts";
import { decideChange, type FileChange } from "./decide-change.ts";
import { explainRefusal, quotePath } from "./explain-refusal.ts";
import { FOLDER_LIMITS } from "./folder-limits.ts";
import type { FolderQuota } from "./folder-quota.ts";
import type { FolderRoom } from "./folder-room.ts";
import { type HeldFolder, holdFolder, holdTop } from "./hold-folder.ts";
import { kindOf } from "./judge-found.ts";
import { lookAtPath, placeFile, releaseFile, type StagedFile, stageFile } from "./place-file.ts";
import { assertPatchText, type FilePatch, parsePatchText, planPatch } from "./plan-patch.ts";
import { readWholeFile } from "./read-agent-file.ts";
import { assertExpected } from "./write-agent-file.ts";

export interface PatchedFiles {
  /** Paths that are other than before, sorted; of a rename both. */
  readonly changed: readonly string[];
}

/**
 * Changes files by a unified diff, all or none: every hunk is placed in memory, every new file is written aside, and only then is anything put in place. What
 * fails in between is put back. A crash in that moment leaves some files changed and some not.
 */
export async function patchAgentFolder(room: FolderRoom, quota: FolderQuota, text: string): Promise<PatchedFiles> {
  const changes = await planChanges(room, text);
  const more = {
    files: changes.reduce((sum, { before, after }) => sum + (before === null ? 1 : 0) - (after === null ? 1 : 0), 0),
    bytes: changes.reduce((sum, { before, after }) => sum + (after?.bytes.length ?? 0) - (before?.bytes.length ?? 0), 0),
  };
  await quota.assertFits(more);
  const top = await holdTop(room);
  try {
    await makeChanges(room, top, changes);
  } finally {
    await top.close();
  }
  quota.note(more);
  return { changed: changes.map(({ names }) => names.join("/")).sort() };
}

async function planChanges(room: FolderRoom, text: string): Promise<FileChange[]> {
  assertPatchText(text);
  const { applyPatch, parsePatch } = await import("diff");
  const plans = planPatch(parseDiff(() => parsePatchText(parsePatch, text)));
  const effort: PatchEffort = { steps: 0 };
  const changes: FileChange[] = [];
  let bytes = 0;
  for (const plan of plans) {
    const before = plan.from === null ? null : await readWholeFile(room, plan.from);
    const isTaken = await isTargetTaken(room, plan);
    const decided = decideChange(plan, before, isTaken, (source) => applyHunks(applyPatch, source, plan.parsed, effort));
    bytes += decided.reduce((sum, change) => sum + (change.before?.bytes.length ?? 0) + (change.after?.bytes.length ?? 0), 0);
    if (bytes > FOLDER_LIMITS.patchBytes)
      throw new InstarError("INPUT_INVALID", `the files of the patch are more than ${FOLDER_LIMITS.patchBytes} bytes: take it in parts`);
    changes.push(...decided);
  }
  return changes;
}

function parseDiff<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new InstarError("INPUT_INVALID", "the patch is no unified diff", { cause, advice: "Make it with `git diff`, or write the file whole." });
  }
}

async function isTargetTaken(room: FolderRoom, { from, to }: FilePatch): Promise<boolean> {
  if (to === null || from?.join("/") === to.join("/")) return false;
  return (await lookAtPath(room, to)) !== undefined;
}

/** New content first and removals last: a crash leaves a renamed file twice rather than not at all. */
async function makeChanges(room: FolderRoom, top: HeldFolder, changes: readonly FileChange[]): Promise<void> {
  const staged = new Map<FileChange, StagedFile>();
  const done: FileChange[] = [];
  try {
    for (const change of changes) if (change.after !== null) staged.set(change, await stageFile(top, change.after.bytes, change.after.mode));
    for (const change of [...staged.keys(), ...changes.filter(({ after }) => after === null)]) {
      await assertExpected(room, change.names, change.before?.digest ?? null);
      await room.between("checked", change.names.join("/"));
      const file = staged.get(change);
      if (file === undefined) await removeFile(room, change);
      else await placeFile(room, top, file, change.names);
      done.push(change);
    }
  } catch (error) {
    const lost = await putBack(room, top, done);
    if (lost.length === 0) throw error;
    throw new InstarError("CONFLICT", `the patch failed on its way, and ${lost.map(quotePath).join(", ")} could not be put back`, {
      cause: error,
      facts: { changed: lost },
      advice: "Look at these files; they are as the patch made them.",
    });
  } finally {
    for (const file of staged.values()) await releaseFile(top, file);
  }
}

async function removeFile(room: FolderRoom, { names }: FileChange): Promise<void> {
  const path = names.join("/");
  const folder = await holdFolder(room, names.slice(0, -1));
  try {
    await room.between("looking", path);
    await folder.assertSame();
    const place = folder.at(names.at(-1) ?? "");
    if (kindOf(await lstat(place)) === "folder") throw new InstarError("CONFLICT", `${quotePath(path)} became a folder. Look again`);
    await unlink(place);
  } catch (error) {
    throw explainRefusal(error, path, "remove");
  } finally {
    await folder.close();
  }
}

/** The paths that could not be put back as they were. Folders that were made stay. */
async function putBack(room: FolderRoom, top: HeldFolder, done: readonly FileChange[]): Promise<string[]> {
  const lost: string[] = [];
  for (const change of done.toReversed()) {
    const isBack = await (change.before === null ? removeFile(room, change) : writeBack(room, top, change.names, change.before)).then(
      () => true,
      () => false,
    );
    if (!isBack) lost.push(change.names.join("/"));
  }
  return lost;
}

async function writeBack(room: FolderRoom, top: HeldFolder, names: FileChange["names"], before: NonNullable<FileChange["before"]>): Promise<void> {
  const file = await stageFile(top, before.bytes, before.mode);
  try {
    await placeFile(room, top, file, names);
  } finally {
    await releaseFile(top, file);
  }
}
