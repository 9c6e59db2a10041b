import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lchown, lstat, mkdir, open } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import { explainRefusal, quotePath } from "./explain-refusal.ts";
import { FOLDER_LIMITS } from "./folder-limits.ts";
import type { FolderRoom } from "./folder-room.ts";
import type { AgentNames } from "./parse-agent-path.ts";

/** A name as the disk has it: bytes where it is not UTF-8. */
export type EntryName = string | Buffer;

/** What the folder's top is, and with it everything below: another device is another file system that somebody mounted. */
export interface FolderTop {
  readonly device: bigint;
  readonly uid: number;
  readonly gid: number;
}

/** A folder that is held: what is done at `at(name)` is done in it, whatever is put in its place or on the way to it. */
export interface HeldFolder {
  /** From the top; "" for the top. */
  readonly path: string;
  readonly depth: number;
  readonly top: FolderTop;
  at(name: EntryName): EntryName;
  /** By paths: throws CONFLICT where a folder on the way is not the one that it was. By descriptors there is nothing to ask. */
  assertSame(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Holds the folder that `names` lead to, following no link and entering no other file system.
 *
 * @param makes whether what is missing on the way is made, mode 755, owned as the top is
 * @throws InstarError NOT_FOUND, FORBIDDEN, INPUT_INVALID (a file is on the way), CONFLICT, DISK_FULL, PLATFORM_FAILED
 */
export async function holdFolder(room: FolderRoom, names: AgentNames, makes = false): Promise<HeldFolder> {
  let folder = await holdTop(room);
  for (const name of names) {
    const outer = folder;
    folder = await stepIn(room, outer, name, makes).finally(() => outer.close());
  }
  return folder;
}

async function stepIn(room: FolderRoom, folder: HeldFolder, name: string, makes: boolean): Promise<HeldFolder> {
  await room.between("held", folder.path);
  const isNew = makes && (await makeFolder(folder, name));
  return holdInner(room, folder, name, isNew);
}

/** The top and what leads to it are the operator's; only the top itself must be no link, which an agent could have put there. */
export async function holdTop(room: FolderRoom): Promise<HeldFolder> {
  try {
    if (room.way === "paths") {
      const found = await lstat(room.root, { bigint: true });
      if (!found.isDirectory()) throw new InstarError("FORBIDDEN", `${room.root} is no folder`);
      return holdByPath(room.root, "", 0, topOf(found), [{ place: room.root, found }]);
    }
    const handle = await open(room.root, OPEN_FOLDER);
    return holdByDescriptor(handle, "", 0, topOf(await handle.stat({ bigint: true })));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") throw new InstarError("NOT_FOUND", `there is no folder ${room.root} yet`, { cause: error });
    if (code === "ELOOP" || code === "ENOTDIR") throw new InstarError("FORBIDDEN", `${room.root} is a link or no folder`, { cause: error });
    throw explainRefusal(error, room.root, "open");
  }
}

/** One step further. `isNew`: this process has just made it, so it gets its owner and mode. */
export async function holdInner(room: FolderRoom, folder: HeldFolder, name: EntryName, isNew = false): Promise<HeldFolder> {
  const path = joinShown(folder.path, name);
  const depth = folder.depth + 1;
  if (depth > FOLDER_LIMITS.depth) throw new InstarError("FORBIDDEN", `${quotePath(path)} is more than ${FOLDER_LIMITS.depth} folders deep`);
  const inner = await (room.way === "paths" ? holdInnerByPath(folder, name, path) : holdInnerByDescriptor(folder, name, path, isNew)).catch(
    async (error: NodeJS.ErrnoException) => {
      if (error.code !== "ELOOP" && error.code !== "ENOTDIR") throw explainRefusal(error, path, "open");
      const isLink = await lstat(folder.at(name)).then(
        (found) => found.isSymbolicLink(),
        () => false,
      );
      throw isLink
        ? new InstarError("FORBIDDEN", `${quotePath(path)} is a symbolic link, and Instar follows none: say where it leads, from the top of the folder`)
        : new InstarError("INPUT_INVALID", `${quotePath(path)} is no folder`);
    },
  );
  return inner;
}

async function holdInnerByDescriptor(folder: HeldFolder, name: EntryName, path: string, isNew: boolean): Promise<HeldFolder> {
  const handle = await open(folder.at(name), OPEN_FOLDER);
  try {
    const found = await handle.stat({ bigint: true });
    assertSameDevice(found, folder.top, path);
    if (isNew && Number(found.uid) === process.geteuid?.()) {
      await handle.chmod(0o755);
      if (givesAway(folder.top)) await handle.chown(folder.top.uid, folder.top.gid);
    }
    return holdByDescriptor(handle, path, folder.depth + 1, folder.top);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function holdInnerByPath(folder: HeldFolder, name: EntryName, path: string): Promise<HeldFolder> {
  const place = folder.at(name);
  const found = await lstat(place, { bigint: true });
  if (!found.isDirectory()) throw Object.assign(new Error("no folder"), { code: "ENOTDIR" });
  assertSameDevice(found, folder.top, path);
  // Compared when something is done in it.
  return holdByPath(place, path, folder.depth + 1, folder.top, [...chainOf(folder), { place, found }]);
}

function assertSameDevice(found: BigIntStats, top: FolderTop, path: string): void {
  if (found.dev !== top.device)
    throw new InstarError("FORBIDDEN", `${quotePath(path)} is another file system that is mounted there, which Instar does not enter`);
}

/** Whether it was made just now. What is there already is left as it is, and judged when it is opened. */
async function makeFolder(folder: HeldFolder, name: string): Promise<boolean> {
  const place = folder.at(name);
  try {
    await folder.assertSame();
    await mkdir(place, { mode: 0o755 });
    if (isByPath(folder) && givesAway(folder.top)) await lchown(place, folder.top.uid, folder.top.gid);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw explainRefusal(error, joinShown(folder.path, name), "make");
  }
}

/** Whether what this process makes must be given to the owner of the folder, so that the agent can change it. Only root can. */
export const givesAway = (top: FolderTop) => process.geteuid?.() === 0 && top.uid !== 0;

export const joinShown = (path: string, name: EntryName) => (path === "" ? name.toString() : `${path}/${name.toString()}`);

const OPEN_FOLDER = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

const topOf = (found: BigIntStats): FolderTop => ({ device: found.dev, uid: Number(found.uid), gid: Number(found.gid) });

/** Linux looks `/proc/self/fd/<n>/<name>` up in the open folder itself, as openat(2) would, which Node does not have. */
function holdByDescriptor(handle: FileHandle, path: string, depth: number, top: FolderTop): HeldFolder {
  return {
    path,
    depth,
    top,
    at: (name) => joinPlace(`/proc/self/fd/${handle.fd}`, name),
    assertSame: async () => {},
    close: () => handle.close(),
  };
}

interface Link {
  readonly place: EntryName;
  readonly found: BigIntStats;
}

interface FolderByPath extends HeldFolder {
  readonly chain: readonly Link[];
}

function holdByPath(place: EntryName, path: string, depth: number, top: FolderTop, chain: readonly Link[]): FolderByPath {
  return {
    path,
    depth,
    top,
    chain,
    at: (name) => joinPlace(place, name),
    assertSame: async () => {
      for (const { place: each, found } of chain) {
        const now = await lstat(each, { bigint: true }).catch(() => undefined);
        if (now?.isDirectory() !== true || now.ino !== found.ino || now.dev !== found.dev)
          throw new InstarError("CONFLICT", `${quotePath(path)} or a folder on the way to it was replaced while Instar worked in it. Look again`);
      }
    },
    close: async () => {},
  };
}

const isByPath = (folder: HeldFolder): folder is FolderByPath => "chain" in folder;
const chainOf = (folder: HeldFolder) => (isByPath(folder) ? folder.chain : []);

function joinPlace(place: EntryName, name: EntryName): EntryName {
  if (typeof place === "string" && typeof name === "string") return `${place}/${name}`;
  return Buffer.concat([Buffer.from(place), Buffer.from("/"), Buffer.from(name)]);
}
