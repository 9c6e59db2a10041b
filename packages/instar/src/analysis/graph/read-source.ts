import { isUtf8 } from "node:buffer";
import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";
import { TEXT_LIMIT_BYTES } from "../edit.ts";
import { folderOf } from "./resolve-alias.ts";
import { normalise } from "./tree-paths.ts";

/** `unfit`: the content itself is why, and will be again; `unread`: it may be the disk. */
export type SourceText = { readonly kind: "text"; readonly text: string } | { readonly kind: "unfit" | "unread"; readonly because: string };

/** Reads files of a tree, and nothing else: no link is followed, neither the file itself nor a folder on the way out of the root. */
export interface SourceReader {
  /** At most `TEXT_LIMIT_BYTES`, UTF-8. */
  readonly read: (path: string) => SourceText;
  /** The language of whom a file names behind `#!`: node or its like, Python, or null; undefined where it could not be read. */
  readonly readShebang: (path: string) => "jsx" | "python" | null | undefined;
  /** What a link says; undefined where it is none, or could not be read. */
  readonly readLink: (path: string) => string | undefined;
}

const OPEN = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

export function createSourceReader(root: string): SourceReader {
  const insides = new Map<string, boolean>();
  const home = findReal(root);
  // One buffer for all: one byte more than the limit tells a file that is too large.
  const buffer = Buffer.allocUnsafe(TEXT_LIMIT_BYTES + 1);

  return {
    read: (path) => {
      const size = readInto(path, buffer);
      if (typeof size === "string") return { kind: "unread", because: size };
      if (size > TEXT_LIMIT_BYTES) return { kind: "unfit", because: "it is too large to be read" };
      const bytes = buffer.subarray(0, size);
      return isUtf8(bytes) ? { kind: "text", text: bytes.toString("utf8") } : { kind: "unfit", because: "it is not UTF-8" };
    },
    readShebang: (path) => {
      const size = readInto(path, buffer.subarray(0, 128));
      if (typeof size === "string") return undefined;
      const line = buffer.toString("latin1", 0, size).split("\n")[0] ?? "";
      if (/^#!.*\b(?:node|nodejs|bun|deno|tsx|ts-node|zx)\b/.test(line)) return "jsx";
      return /^#!.*\bpython[\d.]*\b/.test(line) ? "python" : null;
    },
    readLink: (path) => {
      try {
        return isInside(folderOf(path)) && normalise(path) === path ? readlinkSync(join(root, path)) : undefined;
      } catch {
        return undefined;
      }
    },
  };

  /** @returns how many bytes are there, or why there are none */
  function readInto(path: string, into: Buffer): number | string {
    if (normalise(path) !== path || !isInside(folderOf(path))) return "it lies outside the tree";
    let file: number;
    try {
      file = openSync(join(root, path), OPEN);
    } catch {
      return "it could not be opened";
    }
    try {
      if (!fstatSync(file).isFile()) return "it is no file";
      let size = 0;
      for (let got = -1; got !== 0 && size < into.length; size += got) got = readSync(file, into, size, into.length - size, null);
      return size;
    } catch {
      return "it could not be read";
    } finally {
      closeSync(file);
    }
  }

  function isInside(folder: string): boolean {
    let isIn = insides.get(folder);
    if (isIn === undefined) {
      const real = findReal(join(root, folder));
      isIn = real !== undefined && home !== undefined && (real === home || real.startsWith(home.endsWith(sep) ? home : home + sep));
      insides.set(folder, isIn);
    }
    return isIn;
  }
}

function findReal(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}
