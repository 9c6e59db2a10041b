import { isUtf8 } from "node:buffer";
import type { BigIntStats } from "node:fs";
import { lstat, readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { findTreeProblem } from "../find-tree-problem.ts";
import type { IsIgnored } from "./path-rules.ts";

export interface FolderEntry {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  readonly mode: "100644" | "100755" | "120000";
  readonly sizeBytes: number;
  /** As long as this is the same, so are the bytes, but for what was written within the file system's tick. */
  readonly stamp: string;
  /** Of its last change of any kind, by the wall clock. */
  readonly changedMs: number;
}

export interface FolderLimits {
  readonly files: number;
  readonly bytes: number;
  /** Of one file: it is held in memory while git takes it. */
  readonly fileBytes: number;
}

export type ReadFolder = { readonly kind: "read"; readonly entries: readonly FolderEntry[] } | { readonly kind: "moving"; readonly path: string };

/**
 * What lies in a folder, by lstat alone: files and links; folders are only what is in them, and sockets, pipes and devices are left out. No link is
 * followed. `moving` where a folder turned into a link meanwhile.
 *
 * @param folder absolute and real
 * @throws InstarError DETECTION_FAILED (gone, unreadable, over a limit), PACKAGE_REFUSED (a name that is not UTF-8 or not safe to write)
 */
export async function readFolder(folder: string, isIgnored: IsIgnored, limits: FolderLimits, signal?: AbortSignal): Promise<ReadFolder> {
  const entries: FolderEntry[] = [];
  const unreadable: string[] = [];
  let bytes = 0;
  const todo = [""];
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    signal?.throwIfAborted();
    const listed = await listNames(folder, at, isIgnored);
    if (listed === "unreadable") unreadable.push(at === "" ? "." : at);
    if (typeof listed === "string") continue;
    // Asked after the listing: whoever swapped a folder above for a link had it listed through the link.
    if ((await realpath(join(folder, at)).catch(() => undefined)) !== join(folder, at)) return { kind: "moving", path: at === "" ? "." : at };
    for (let first = 0; first < listed.length; first += AT_ONCE) {
      const paths = listed.slice(first, first + AT_ONCE);
      for (const [index, found] of (await Promise.all(paths.map((path) => lookAt(join(folder, path))))).entries()) {
        const path = paths[index] ?? "";
        if (found === "unreadable") unreadable.push(path);
        if (typeof found === "string") continue;
        if (found.isDirectory()) todo.push(path);
        if (!(found.isFile() || found.isSymbolicLink()) || isIgnored(path, "file")) continue;
        const entry = describe(path, found);
        bytes += entry.sizeBytes;
        entries.push(entry);
        assertWithin(limits, { files: entries.length, bytes, entry });
      }
    }
  }
  if (unreadable.length > 0) throw cannotRead(unreadable);
  return { kind: "read", entries };
}

const AT_ONCE = 64;

/** @throws for names that no release may hold: told at once, not by the update that would stumble over them */
async function listNames(folder: string, at: string, isIgnored: IsIgnored): Promise<readonly string[] | "gone" | "unreadable"> {
  try {
    const names = await readdir(join(folder, at), { encoding: "buffer" });
    return names.flatMap((name) => {
      const path = at === "" ? name.toString("utf8") : `${at}/${name.toString("utf8")}`;
      if (isIgnored(path, "folder")) return [];
      const because = isUtf8(name) ? findTreeProblem([{ path, mode: 0o644, kind: "file", sizeBytes: 0, object: "" }]) : notUtf8(path, name);
      if (because !== undefined) throw new InstarError("PACKAGE_REFUSED", because, { advice: "Rename it, or name it in ignore." });
      return [path];
    });
  } catch (error) {
    const kind = classifyFileError(error);
    if (kind === "gone" && at === "") throw new InstarError("DETECTION_FAILED", `the folder ${folder} is not there`, { cause: error, transient: true });
    if (kind === "other") throw error;
    return kind;
  }
}

const notUtf8 = (path: string, name: Buffer) => `${JSON.stringify(path)} has a name that is not UTF-8: ${JSON.stringify(name.toString("latin1"))}`;

async function lookAt(path: string): Promise<BigIntStats | "gone" | "unreadable"> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    const kind = classifyFileError(error);
    if (kind === "other") throw error;
    return kind;
  }
}

export function classifyFileError(error: unknown): "gone" | "unreadable" | "other" {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (["ENOENT", "ENOTDIR", "ELOOP"].includes(code)) return "gone";
  return ["EACCES", "EPERM", "EIO"].includes(code) ? "unreadable" : "other";
}

function describe(path: string, found: BigIntStats): FolderEntry {
  const mode = found.isSymbolicLink() ? "120000" : (found.mode & 0o100n) === 0n ? "100644" : "100755";
  const changedNs = found.mtimeNs > found.ctimeNs ? found.mtimeNs : found.ctimeNs;
  return { path, mode, sizeBytes: Number(found.size), stamp: stampOf(found), changedMs: Number(changedNs / 1_000_000n) };
}

export const stampOf = ({ dev, ino, size, mode, mtimeNs, ctimeNs }: BigIntStats): string => [dev, ino, size, mode, mtimeNs, ctimeNs].join(":");

function assertWithin(limits: FolderLimits, { files, bytes, entry }: { files: number; bytes: number; entry: FolderEntry }): void {
  const advice = "Name in ignore what is no part of the agent.";
  if (files > limits.files) throw new InstarError("DETECTION_FAILED", `the folder holds more than ${limits.files} files`, { advice });
  if (bytes > limits.bytes) throw new InstarError("DETECTION_FAILED", `the folder holds more than ${limits.bytes} bytes`, { advice });
  if (entry.sizeBytes > limits.fileBytes)
    throw new InstarError("DETECTION_FAILED", `${JSON.stringify(entry.path)} is larger than ${limits.fileBytes} bytes`, { advice });
}

export function cannotRead(paths: readonly string[], cause?: unknown): InstarError {
  const more = paths.length > 5 ? ` and ${paths.length - 5} more` : "";
  const named = paths.slice(0, 5).map((path) => JSON.stringify(path));
  return new InstarError("DETECTION_FAILED", `${named.join(", ")}${more} cannot be read`, {
    ...(cause === undefined ? {} : { cause }),
    facts: { paths: paths.slice(0, 100) },
    advice: "Let the user that Instar runs as read them, or name them in ignore.",
  });
}
