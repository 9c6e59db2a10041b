import { InstarError } from "@instar/protocol";
import { explainFileError } from "../platform/durable-files.ts";
import { type Change, isSameFile } from "./change.ts";
import type { EditDisk } from "./edit-disk.ts";
import { type OpenFolder, openFolder } from "./open-folder.ts";
import { type FileFacts, type LiveFile, readLiveFile } from "./read-live-file.ts";

/** One change of one file, where it is made. */
export interface ChangePlace {
  readonly disk: EditDisk;
  readonly dataFolder: string;
  /** The edits' id and the change's place in them: what is put aside beside a file is named so, and found again. */
  readonly id: string;
  readonly index: number;
  /** Whether this change may have been made: durable before its first effect. What was never begun is not undone. */
  readonly isBegun: () => Promise<boolean>;
  readonly begin: () => Promise<void>;
}

/**
 * Makes one change. Each file is whole at every moment, old or new. A crash leaves the file as it was or as it will be and beside it
 * `.instar-<id>-<n>.new` (what was to be put there) or `.old` (what was there, by a second name): both are found again here and in `undoChange`.
 * The old file keeps its second name until the edits are tidied, so that going back needs no space.
 *
 * @throws InstarError EDIT_CONFLICT where the file is neither what was prepared nor what it will be: somebody changed it
 */
export async function makeChange(change: Change, bytes: () => Promise<Buffer>, place: ChangePlace): Promise<void> {
  const { disk } = place;
  await inFolderOf(change, place, async (folder, name, aside) => {
    if (folder === undefined) throw conflict(change, "its folder is gone");
    const live = await readLiveFile(folder, name);
    if (change.kind === "make-folder") {
      if (live.found !== "absent" && live.found !== "directory") throw conflict(change, describeLive(live));
      if (live.found === "directory") return;
      await place.begin();
      await disk.makeFolder(folder.at(name), change.mode);
      return disk.sync(folder);
    }
    // It goes when the edits are tidied: until then it may hold what was put aside.
    if (change.kind === "remove-folder") return;
    if (isAt(live, change.after)) {
      // Killed between taking a file away and looking at it, or written into by somebody who had it open.
      const old = await readLiveFile(folder, aside.old);
      if (change.before !== null && old.found !== "absent" && !isAt(old, change.before)) throw conflict(change, "it was changed while the edits were made");
      await removeAside(folder, [aside.new], disk);
      return disk.sync(folder);
    }
    if (!isAt(live, change.before)) throw conflict(change, describeLive(live));
    await removeAside(folder, [aside.new, aside.old], disk);
    // A crash from here on leaves a change that may have been made: going back looks.
    await place.begin();
    if (change.after === null) await takeAway(change, folder, name, aside, place);
    else {
      const { mtimeMs, ...facts } = change.after;
      await disk.create(folder.at(aside.new), await bytes(), change.setsTime ? { ...facts, mtimeMs } : facts);
      if (change.before === null) await putWhereNothingIs(folder, aside.new, name, change, disk);
      else {
        await keepByLink(folder, name, aside.old, disk);
        // As late as can be: between this look and the rename a few microseconds are left in which a change of somebody's would be overwritten.
        if (!isAt(await readLiveFile(folder, name), change.before)) throw conflict(change, "it was changed while the edits were made");
        await disk.rename(folder.at(aside.new), folder.at(name));
      }
    }
    await disk.sync(folder);
  });
}

/** A delete renames, and looks at what it got: whoever wrote last is not deleted. */
async function takeAway(change: Change & { kind: "file" }, folder: OpenFolder, name: string, aside: Aside, { disk }: ChangePlace): Promise<void> {
  await disk.rename(folder.at(name), folder.at(aside.old));
  if (isAt(await readLiveFile(folder, aside.old), change.before)) return;
  await putWhereNothingIs(folder, aside.old, name, change, disk);
  throw conflict(change, "it was changed while the edits were made");
}

/** Whether a change can be undone without overwriting what somebody did since; in words why not. */
export async function findUndoConflict(change: Change, place: ChangePlace): Promise<string | undefined> {
  if (!(await place.isBegun())) return undefined;
  return inFolderOf(change, place, async (folder, name) => {
    if (folder === undefined) return change.kind === "file" && change.before !== null ? `the folder of ${change.path} is gone` : undefined;
    const live = await readLiveFile(folder, name);
    if (change.kind !== "file")
      return live.found === "absent" || live.found === "directory" ? undefined : `${change.path} was a folder and ${describeLive(live)}`;
    // Where nothing is, nothing of anybody's is overwritten.
    if (live.found === "absent" || isAt(live, change.before) || isAt(live, change.after)) return undefined;
    return `${change.path} was changed by somebody after Instar wrote it`;
  });
}

/**
 * Undoes one change: the file that was there is there again, with its mode, owner and time. Asks again what is there, whatever was found before.
 * @throws InstarError ROLLBACK_FAILED where somebody changed the file since
 */
export async function undoChange(change: Change, old: () => Promise<Buffer>, place: ChangePlace): Promise<"undone" | "kept"> {
  const { disk } = place;
  return inFolderOf(change, place, async (folder, name, aside) => {
    if (folder === undefined) return "undone";
    const live = await readLiveFile(folder, name);
    if (!(await place.isBegun())) {
      if (change.kind === "file") await removeAside(folder, [aside.new], disk);
      return "undone";
    }
    if (change.kind === "make-folder") {
      const left = live.found === "directory" ? await disk.removeFolder(folder.at(name)).then(() => "undone" as const, keptIfNotEmpty) : "undone";
      await disk.sync(folder);
      return left;
    }
    if (change.kind === "remove-folder") return "undone";
    if (!isAt(live, change.before)) {
      if (live.found !== "absent" && !isAt(live, change.after)) throw changedSince(change);
      if (change.before === null) await disk.unlink(folder.at(name));
      else await putBack(change, change.before, live, old, folder, name, aside, place);
    }
    await removeAside(folder, [aside.new, aside.old], disk);
    await disk.sync(folder);
    return "undone";
  });
}

/**
 * The old file itself where it still has its second name, which takes no space; else its bytes, written anew. What somebody wrote into the old file
 * who had it open comes back with it.
 */
async function putBack(
  change: Change,
  before: FileFacts,
  live: LiveFile,
  old: () => Promise<Buffer>,
  folder: OpenFolder,
  name: string,
  aside: Aside,
  { disk }: ChangePlace,
): Promise<void> {
  let from = aside.old;
  if ((await readLiveFile(folder, aside.old)).found !== "file") {
    from = aside.new;
    await removeAside(folder, [from], disk);
    await disk.create(folder.at(from), await old(), before);
  }
  if (live.found === "absent") await putWhereNothingIs(folder, from, name, change, disk);
  else await disk.rename(folder.at(from), folder.at(name));
}

/**
 * Takes away what was put aside beside a file.
 * @returns the path of an old file that somebody wrote into who had it open: it stays
 */
export async function tidyChange(change: Change, place: ChangePlace): Promise<string | undefined> {
  return inFolderOf(change, place, async (folder, name, aside) => {
    if (folder === undefined || change.kind === "make-folder") return undefined;
    if (change.kind === "remove-folder") {
      // Not empty: somebody put something there that is not ours to take away.
      if ((await readLiveFile(folder, name)).found === "directory") await place.disk.removeFolder(folder.at(name)).catch(keptIfNotEmpty);
      return undefined;
    }
    const old = await readLiveFile(folder, aside.old);
    const isWritten = old.found !== "absent" && !isAt(old, change.before);
    await removeAside(folder, isWritten ? [aside.new] : [aside.new, aside.old], place.disk);
    return isWritten ? `${folder.real}/${aside.old}` : undefined;
  });
}

interface Aside {
  readonly new: string;
  readonly old: string;
}

/** @throws InstarError what the operating system says, with the file named */
async function inFolderOf<T>(change: Change, place: ChangePlace, act: (folder: OpenFolder | undefined, name: string, aside: Aside) => Promise<T>): Promise<T> {
  const folder = await openFolder(change.base, change.names.slice(0, -1), place.dataFolder);
  const stem = `.instar-${place.id}-${place.index}`;
  try {
    return await act(folder, change.names.at(-1) ?? "", { new: `${stem}.new`, old: `${stem}.old` });
  } catch (error) {
    if (error instanceof Error && "code" in error) throw explainFileError(error, `${change.path} could not be edited`);
    throw error;
  } finally {
    await folder?.close();
  }
}

/** A link fails where something is there, which a rename would overwrite. Without links the look just before has to do. */
async function putWhereNothingIs(folder: OpenFolder, from: string, to: string, change: Change, disk: EditDisk): Promise<void> {
  try {
    await disk.link(folder.at(from), folder.at(to));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw conflict(change, "it was made by somebody while the edits were made");
    if (!hasNoLinks(error)) throw error;
    if ((await readLiveFile(folder, to)).found !== "absent") throw conflict(change, "it was made by somebody while the edits were made");
    await disk.rename(folder.at(from), folder.at(to));
    return;
  }
  await disk.unlink(folder.at(from));
}

async function keepByLink(folder: OpenFolder, from: string, to: string, disk: EditDisk): Promise<void> {
  await disk.link(folder.at(from), folder.at(to)).catch((error: unknown) => {
    // Its bytes are kept in Instar's own folder as well.
    if (!hasNoLinks(error)) throw error;
  });
}

const hasNoLinks = (error: unknown) => ["EPERM", "EMLINK", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes((error as NodeJS.ErrnoException).code ?? "");

async function removeAside(folder: OpenFolder, names: readonly string[], disk: EditDisk): Promise<void> {
  for (const name of names) if ((await readLiveFile(folder, name)).found !== "absent") await disk.unlink(folder.at(name));
}

const isAt = (live: LiveFile, facts: FileFacts | null): boolean =>
  live.found === "file" ? isSameFile(live.facts, facts) : live.found === "absent" && facts === null;

function keptIfNotEmpty(error: unknown): "kept" {
  if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  return "kept";
}

function describeLive(live: LiveFile): string {
  if (live.found === "absent") return "it is gone";
  if (live.found === "directory") return "it is a folder";
  return live.found === "other" ? `it is ${live.what}` : "it is not what it was when the edits were prepared";
}

const conflict = (change: Change, because: string) =>
  new InstarError("EDIT_CONFLICT", `${change.path}: ${because}`, { facts: { path: change.path }, advice: "Look at it, and apply the edits again." });

const changedSince = (change: Change) =>
  new InstarError("ROLLBACK_FAILED", `${change.path} was changed by somebody after Instar wrote it`, { facts: { path: change.path } });
