import { constants } from "node:fs";
import { type FileHandle, lstat, open, readlink, realpath } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { explainFileError } from "../platform/durable-files.ts";
import { isBelow } from "./plan-target.ts";

/**
 * A folder that is held open, so that what is done in it is done in it, whatever is put in its place or on the way to it meanwhile. Linux
 * reaches an open folder by /proc/self/fd; elsewhere its path is used, and links on the way are only looked for before.
 */
export interface OpenFolder {
  /** Where it is, without any link. */
  readonly real: string;
  /** The path of an entry of it. */
  at(name: string): string;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the folder that `names` lead to below `base`, following no link on the way; undefined where there is none.
 *
 * @param closed what may not be reached: Instar's data folder
 * @throws InstarError EDIT_REFUSED where a link or a file is on the way, or where it leads into `closed`; PLATFORM_FAILED
 */
export async function openFolder(base: string, names: readonly string[], closed: string): Promise<OpenFolder | undefined> {
  let folder = await openBase(base);
  for (const [depth, name] of names.entries()) {
    const inner = await openInner(folder, name, [base, ...names.slice(0, depth + 1)].join("/")).finally(() => folder.close());
    if (inner === undefined) return undefined;
    folder = inner;
  }
  const forbidden = await realpath(closed).catch(() => closed);
  if (folder.real !== forbidden && !isBelow(forbidden, folder.real)) return folder;
  await folder.close();
  throw new InstarError("EDIT_REFUSED", `${join(base, ...names)} is in Instar's data folder`);
}

async function openBase(base: string): Promise<OpenFolder> {
  try {
    const real = await realpath(base);
    return holding(await open(real, constants.O_RDONLY | constants.O_DIRECTORY), real);
  } catch (error) {
    throw explainFileError(error, `could not open ${base}`);
  }
}

async function openInner(folder: OpenFolder, name: string, shown: string): Promise<OpenFolder | undefined> {
  const path = folder.at(name);
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    return holding(handle, process.platform === "linux" ? await readlink(`/proc/self/fd/${handle.fd}`) : join(folder.real, name));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code !== "ELOOP" && code !== "ENOTDIR") throw explainFileError(error, `could not open ${shown}`);
    const isLink = await lstat(path).then(
      (found) => found.isSymbolicLink(),
      () => false,
    );
    throw new InstarError("EDIT_REFUSED", `${shown} is ${isLink ? "a link, and edits follow none" : "no folder"}`, { facts: { path: shown } });
  }
}

function holding(handle: FileHandle, real: string): OpenFolder {
  return {
    real,
    at: (name) => (process.platform === "linux" ? `/proc/self/fd/${handle.fd}/${name}` : join(real, name)),
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}
