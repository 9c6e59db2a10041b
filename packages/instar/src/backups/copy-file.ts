import { chmodSync, closeSync, constants, copyFileSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import type { Turns } from "../store/take-turns.ts";
import { lookOf, looksAlike } from "../store/walk-tree.ts";

export type CopiedFile =
  | {
      readonly kind: "copied";
      /** It looked the same before the first byte was read and after the last. */
      readonly isSettled: boolean;
    }
  | { readonly kind: "vanished" };

/** Whether blocks can be shared between these two places; found out by the first file and remembered for the rest. */
export interface CloneMemory {
  canClone: boolean;
}

const CHUNK_BYTES = 1_048_576;
/** Holes are kept at this grain; every file system that has holes has blocks no larger. */
const HOLE_BYTES = 65_536;
const EMPTY = Buffer.alloc(HOLE_BYTES);
/** Not through a link that took the file's place, nor waiting for the other end of a pipe that did. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Copies one file's bytes, 0600, sharing blocks where the file system can, keeping holes. The file may change or vanish
 * meanwhile: that is told, not thrown. Nothing is synced.
 */
export async function copyFile(from: Buffer, to: Buffer, turns: Turns, memory: CloneMemory): Promise<CopiedFile> {
  const source = openUnlessGone(from);
  if (source === undefined) return { kind: "vanished" };
  try {
    const before = fstatSync(source, { bigint: true });
    if (!before.isFile()) return { kind: "vanished" };
    const isCloned = memory.canClone && clone(source, from, to, memory);
    const isSparse = before.blocks * 512n < before.size;
    const copiedBytes = isCloned ? before.size : BigInt(await copyBytes(source, to, isSparse, turns));
    const after = fstatSync(source, { bigint: true });
    return { kind: "copied", isSettled: looksAlike(lookOf(before), lookOf(after)) && copiedBytes === before.size };
  } finally {
    closeSync(source);
  }
}

function openUnlessGone(path: Buffer): number | undefined {
  try {
    return openSync(path, READ_FLAGS);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"].includes(code)) return undefined;
    throw error;
  }
}

/** By the open file rather than its name on Linux, so that what is cloned is what was looked at. */
function clone(source: number, from: Buffer, to: Buffer, memory: CloneMemory): boolean {
  try {
    copyFileSync(process.platform === "linux" ? `/proc/self/fd/${source}` : from, to, constants.COPYFILE_FICLONE_FORCE);
    chmodSync(to, 0o600);
    return true;
  } catch {
    memory.canClone = false;
    return false;
  }
}

async function copyBytes(source: number, to: Buffer, isSparse: boolean, turns: Turns): Promise<number> {
  const target = openSync(to, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | (constants.O_NOFOLLOW ?? 0), 0o600);
  try {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, Number(fstatSync(source).size) + 1)));
    for (let at = 0; ; ) {
      const count = readSync(source, buffer, 0, buffer.length, at);
      await turns.take(count);
      if (count === 0) {
        if (isSparse) ftruncateSync(target, at);
        return at;
      }
      const bytes = buffer.subarray(0, count);
      if (isSparse) writeAroundHoles(target, bytes, at);
      else writeAll(target, bytes, at);
      at += count;
    }
  } finally {
    closeSync(target);
  }
}

function writeAroundHoles(target: number, bytes: Buffer, at: number): void {
  for (let from = 0; from < bytes.length; from += HOLE_BYTES) {
    const piece = bytes.subarray(from, from + HOLE_BYTES);
    if (!piece.equals(EMPTY.subarray(0, piece.length))) writeAll(target, piece, at + from);
  }
}

function writeAll(target: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(target, bytes, done, bytes.length - done, at + done);
}
