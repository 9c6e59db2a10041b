import type { Stats } from "node:fs";
import { quotePath } from "./explain-refusal.ts";

export type EntryKind = "file" | "folder" | "link" | "other";

export function kindOf(found: Pick<Stats, "isFile" | "isDirectory" | "isSymbolicLink">): EntryKind {
  if (found.isFile()) return "file";
  if (found.isDirectory()) return "folder";
  return found.isSymbolicLink() ? "link" : "other";
}

export interface FoundFile {
  readonly kind: EntryKind;
  readonly names: number;
  readonly uid: number;
  readonly mode: number;
}

export interface FoundRefusal {
  readonly code: "FORBIDDEN" | "INPUT_INVALID";
  readonly because: string;
}

/**
 * Why the content of what was found is not read; undefined where it may be. A file with a second name may be somebody else's: what the agent could not open it
 * could still link to. So may one of another owner that not everybody can read, where the agent is another user than the daemon. Pure.
 *
 * @param owner of the folder's top
 * @param self this process' user; undefined where there are none
 */
export function judgeReadable(found: FoundFile, path: string, owner: number, self: number | undefined): FoundRefusal | undefined {
  const shown = quotePath(path);
  if (found.kind === "folder") return { code: "INPUT_INVALID", because: `${shown} is a folder: list it` };
  if (found.kind === "link")
    return { code: "FORBIDDEN", because: `${shown} is a symbolic link, and Instar follows none: say where it leads, from the top of the folder` };
  if (found.kind === "other") return { code: "FORBIDDEN", because: `${shown} is no file but a pipe, a socket or a device` };
  if (found.names > 1)
    return { code: "FORBIDDEN", because: `${shown} is a hard link: the file has another name, perhaps elsewhere. Copy it to a file of its own` };
  if (self !== undefined && self !== owner && found.uid !== owner && (found.mode & 0o004) === 0)
    return { code: "FORBIDDEN", because: `${shown} belongs to another user, and not everybody may read it` };
  return undefined;
}
