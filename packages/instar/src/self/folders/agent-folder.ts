import { statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { InstarError } from "@instar/protocol";
import { systemClock } from "../../platform/clock.ts";
import { type CopyQuestion, copyAgentFolder } from "./copy-agent-folder.ts";
import { FolderQuota, type FolderQuotaLimits } from "./folder-quota.ts";
import type { FolderRoom } from "./folder-room.ts";
import { type AgentFolderList, type ListQuestion, listAgentFolder } from "./list-agent-folder.ts";
import { moveAgentEntry } from "./move-agent-entry.ts";
import { type PatchedFiles, patchAgentFolder } from "./patch-agent-folder.ts";
import { type AgentFileText, type ReadQuestion, readAgentFile } from "./read-agent-file.ts";
import { clearAgentFolder, removeAgentEntry } from "./remove-agent-entry.ts";
import { type AgentFolderMatches, type SearchQuestion, searchAgentFolder } from "./search-agent-folder.ts";
import { sweepStaged } from "./sweep-staged.ts";
import { Turns } from "./take-turns.ts";
import { type WriteChoice, type WrittenFile, writeAgentFile } from "./write-agent-file.ts";

/**
 * A folder in which an agent changes its own code, safe to act in for a daemon with more rights than the agent, which may put anything there at any moment.
 *
 * Obligations of every call: no path leads outside, no symbolic link is followed, nothing is read that has another name or is no file, nothing is written through
 * a name that was there, git's own files are neither read nor written, no other file system is entered, and everything has a bound. Paths are from the folder's
 * top, parted by "/". Calls that change something wait for each other.
 *
 * Every call throws InstarError: INPUT_INVALID (a mistake in what was asked), FORBIDDEN (may not be), NOT_FOUND, CONFLICT (not as expected, or changed meanwhile),
 * DISK_FULL (also the folder's own limits), PLATFORM_FAILED; or the signal's reason. Each sentence says what the agent can do.
 */
export interface AgentFolder {
  list(path: string, question: ListQuestion): Promise<AgentFolderList>;
  read(path: string, question: ReadQuestion): Promise<AgentFileText>;
  search(question: SearchQuestion): Promise<AgentFolderMatches>;
  write(path: string, content: string | Uint8Array, choice?: WriteChoice): Promise<WrittenFile>;
  move(from: string, to: string): Promise<void>;
  remove(path: string, choice?: Pick<WriteChoice, "expects" | "mostBytes">): Promise<void>;
  /** To where the agent cannot write; see `copyAgentFolder`. */
  copy(question: CopyQuestion): Promise<void>;
  /** Removes everything, git's own files too. For whoever makes the folder anew; no agent asks for it. */
  clear(): Promise<void>;
  /** A unified diff, best git's own; see `patchAgentFolder`. */
  patch(unifiedDiff: string): Promise<PatchedFiles>;
}

export interface AgentFolderPlace {
  /** Absolute, and a folder by the time of the first call. It and what leads to it are the operator's; a link in its place is refused. */
  readonly root: string;
  readonly limits?: FolderQuotaLimits | undefined;
}

/** As many files as two large `node_modules`, and 2 GiB. */
const DEFAULT_LIMITS: FolderQuotaLimits = { files: 200_000, bytes: 2 * 1_024 ** 3 };

/**
 * On Linux each folder on the way is held open and the next is looked up in it through /proc/self/fd, so that nothing can be swapped under the way. What
 * remains there: a folder that the agent moves out of its root while it is held is still acted in, which gives the agent nothing that it could not do itself.
 *
 * Where there is no /proc each folder on the way is compared (device and inode) before and after. What remains there: an agent that puts a link in place of a
 * folder and takes it away again, both between two comparisons, can have one file read, written or removed where the link led. There, run the agent as the
 * daemon's own user or in a sandbox, so that the daemon has no more rights in the file system than the agent.
 *
 * @param room what tests replace: the clock, the way, and an attacker between two steps
 * @throws InstarError INPUT_INVALID where the root is not absolute
 */
export function openAgentFolder({ root, limits = DEFAULT_LIMITS }: AgentFolderPlace, room: Partial<Omit<FolderRoom, "root">> = {}): AgentFolder {
  if (!isAbsolute(root)) throw new InstarError("INPUT_INVALID", `the agent's folder must be an absolute path, and is ${root}`);
  const whole: FolderRoom = { root, way: hasDescriptorPaths() ? "descriptors" : "paths", clock: systemClock, between: () => {}, ...room };
  const quota = new FolderQuota(whole, limits);
  const turns = new Turns();
  let swept: Promise<void> | undefined;
  const change = <T>(act: () => Promise<T>) =>
    turns.take(async () => {
      swept ??= sweepStaged(whole).catch(() => undefined);
      await swept;
      return act();
    });
  return {
    list: (path, question) => listAgentFolder(whole, path, question),
    read: (path, question) => readAgentFile(whole, path, question),
    search: (question) => searchAgentFolder(whole, question),
    write: (path, content, choice = {}) => change(() => writeAgentFile(whole, quota, path, content, choice)),
    move: (from, to) => change(() => moveAgentEntry(whole, from, to)),
    remove: (path, choice = {}) => change(() => removeAgentEntry(whole, quota, path, choice)),
    copy: (question) => copyAgentFolder(whole, question),
    clear: () => change(() => clearAgentFolder(whole)),
    patch: (unifiedDiff) => change(() => patchAgentFolder(whole, quota, unifiedDiff)),
  };
}

/** Linux only: macOS has /dev/fd, which does not lead into folders. */
function hasDescriptorPaths(): boolean {
  if (process.platform !== "linux") return false;
  return statSync("/proc/self/fd", { throwIfNoEntry: false })?.isDirectory() ?? false;
}
