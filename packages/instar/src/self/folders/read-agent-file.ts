import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import { assertCount } from "./assert-count.ts";
import { explainRefusal, quotePath } from "./explain-refusal.ts";
import { FOLDER_LIMITS } from "./folder-limits.ts";
import type { FolderRoom } from "./folder-room.ts";
import { type EntryName, type HeldFolder, holdFolder } from "./hold-folder.ts";
import { LineWindow } from "./line-window.ts";
import { type OpenAgentFile, openAgentFile } from "./open-agent-file.ts";
import { type AgentNames, parseAgentPath } from "./parse-agent-path.ts";

export interface ReadQuestion {
  /** Of the text in the answer, from 1 to 8 MiB. */
  readonly maxBytes: number;
  /** The first line is 1. */
  readonly fromLine?: number | undefined;
  readonly lines?: number | undefined;
}

export interface AgentFileText {
  /** Null where what was asked for is not UTF-8 text. */
  readonly text: string | null;
  readonly sizeBytes: number;
  /** Whether `text` is the whole file. */
  readonly isAll: boolean;
  /** SHA-256 of the whole file in hex, also where only some lines were asked for; null where it is longer than 16 MiB. */
  readonly digest: string | null;
}

const CHUNK_BYTES = 65_536;

/** Reads to the end or to 16 MiB, whichever comes first: a file that grows meanwhile is not run after. */
export async function readAgentFile(room: FolderRoom, path: string, { maxBytes, fromLine = 1, lines }: ReadQuestion): Promise<AgentFileText> {
  assertCount("maxBytes", maxBytes, FOLDER_LIMITS.fileBytes);
  assertCount("fromLine", fromLine, Number.MAX_SAFE_INTEGER);
  if (lines !== undefined) assertCount("lines", lines, FOLDER_LIMITS.fileBytes);
  return withFile(room, parseAgentPath(path), async ({ handle, found }) => {
    const window = new LineWindow({ fromLine, lines, maxBytes: Math.min(maxBytes, found.size + CHUNK_BYTES) });
    const { scanned, digest } = await scanFile(handle, FOLDER_LIMITS.scannedBytes, (chunk) => window.take(chunk));
    const isAll = digest !== null && window.sizeBytes === scanned;
    return { text: window.readText(), sizeBytes: digest === null ? Math.max(found.size, scanned) : scanned, isAll, digest };
  });
}

export interface WholeFile {
  readonly bytes: Buffer;
  readonly digest: string;
  readonly mode: "644" | "755";
}

/** The whole file, or null where nothing is there. A larger one is refused with FORBIDDEN. */
export async function readWholeFile(room: FolderRoom, names: AgentNames, mostBytes: number = FOLDER_LIMITS.fileBytes): Promise<WholeFile | null> {
  try {
    return await withFile(room, names, async ({ handle, found }) => {
      const bytes = await readBounded(handle, mostBytes);
      if (bytes === undefined)
        throw new InstarError("FORBIDDEN", `${quotePath(names.join("/"))} is larger than ${mostBytes} bytes, too large to be compared or patched`);
      return { bytes, digest: createHash("sha256").update(bytes).digest("hex"), mode: modeOf(found.mode) };
    });
  } catch (error) {
    if (InstarError.is(error, "NOT_FOUND")) return null;
    throw error;
  }
}

export const modeOf = (mode: number): "644" | "755" => ((mode & 0o111) === 0 ? "644" : "755");

/** What a file holds; undefined where it is more than `maxBytes`. */
export async function readBounded(handle: FileHandle, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  const { digest } = await scanFile(handle, maxBytes, (chunk) => chunks.push(Buffer.from(chunk)));
  return digest === null ? undefined : Buffer.concat(chunks);
}

/** `digest` is null where the end did not come within `maxBytes`. */
async function scanFile(handle: FileHandle, maxBytes: number, take: (chunk: Buffer) => void): Promise<{ scanned: number; digest: string | null }> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let scanned = 0;
  for (;;) {
    // One byte more than allowed shows that there is more; it is not given away.
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, maxBytes + 1 - scanned), scanned);
    if (bytesRead === 0) return { scanned, digest: hash.digest("hex") };
    const chunk = buffer.subarray(0, Math.min(bytesRead, maxBytes - scanned));
    hash.update(chunk);
    take(chunk);
    scanned += chunk.length;
    if (chunk.length < bytesRead) return { scanned, digest: null };
  }
}

async function withFile<T>(room: FolderRoom, names: AgentNames, act: (file: OpenAgentFile) => Promise<T>): Promise<T> {
  const name = names.at(-1);
  if (name === undefined) throw new InstarError("INPUT_INVALID", "the folder's top is a folder: list it");
  const folder = await holdFolder(room, names.slice(0, -1));
  try {
    return await withFileOf(room, folder, name, act);
  } finally {
    await folder.close();
  }
}

/** @throws InstarError, also for what the disk says while the file is read */
export async function withFileOf<T>(room: FolderRoom, folder: HeldFolder, name: EntryName, act: (file: OpenAgentFile) => Promise<T>): Promise<T> {
  const file = await openAgentFile(room, folder, name);
  try {
    return await act(file);
  } catch (error) {
    throw explainRefusal(error, name.toString(), "read");
  } finally {
    await file.handle.close();
  }
}
