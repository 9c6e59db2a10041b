import { createHash } from "node:crypto";
import { InstarError } from "@instar/protocol";
import { quotePath } from "./explain-refusal.ts";
import { FOLDER_LIMITS } from "./folder-limits.ts";
import { type FolderQuota, sizeOnDisk } from "./folder-quota.ts";
import type { FolderRoom } from "./folder-room.ts";
import { holdTop } from "./hold-folder.ts";
import { type AgentNames, parseAgentPath } from "./parse-agent-path.ts";
import { assertReplaceable, lookAtPath, placeFile, releaseFile, stageFile } from "./place-file.ts";
import { modeOf, readWholeFile } from "./read-agent-file.ts";

export interface WriteChoice {
  /** Left out: what the file had that is replaced, 644 for a new one. */
  readonly mode?: "644" | "755" | undefined;
  /**
   * SHA-256 in hex of what must be there now; null: nothing may be there. Left out: whatever is there is replaced. It is compared right before the file is put in
   * place, and calls of one `AgentFolder` wait for each other; what the agent itself writes in that last moment is replaced.
   */
  readonly expects?: string | null | undefined;
  /** Of the content, and of what it is compared with: 8 MiB, but for what the daemon itself lays there. */
  readonly mostBytes?: number | undefined;
}

export interface WrittenFile {
  /** SHA-256 in hex of what was written. */
  readonly digest: string;
  /** Whether nothing was there before. */
  readonly created: boolean;
}

export async function writeAgentFile(
  room: FolderRoom,
  quota: FolderQuota,
  path: string,
  content: string | Uint8Array,
  { mode, expects, mostBytes = FOLDER_LIMITS.fileBytes }: WriteChoice,
): Promise<WrittenFile> {
  const names = parseFilePath(path);
  if (mode !== undefined && mode !== "644" && mode !== "755") throw new InstarError("INPUT_INVALID", 'mode must be "644" or "755"');
  const bytes = parseContent(content, path, mostBytes);
  const before = await lookAtPath(room, names);
  if (before !== undefined) assertReplaceable(before, path);
  const more = { files: before === undefined ? 1 : 0, bytes: bytes.length - (before === undefined ? 0 : sizeOnDisk(before)) };
  await quota.assertFits(more);
  const kept = before?.isFile() === true ? modeOf(before.mode) : "644";
  const top = await holdTop(room);
  try {
    const staged = await stageFile(top, bytes, mode ?? kept);
    try {
      if (expects !== undefined) await assertExpected(room, names, expects, mostBytes);
      await room.between("checked", path);
      await placeFile(room, top, staged, names);
    } finally {
      await releaseFile(top, staged);
    }
  } finally {
    await top.close();
  }
  quota.note(more);
  return { digest: digestOf(bytes), created: before === undefined };
}

const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** @throws InstarError INPUT_INVALID where it is the top */
export function parseFilePath(path: string): AgentNames {
  const names = parseAgentPath(path);
  if (names.length === 0) throw new InstarError("INPUT_INVALID", "the folder's top itself cannot be changed: name something in it");
  return names;
}

function parseContent(content: string | Uint8Array, path: string, mostBytes: number): Uint8Array {
  if (typeof content === "string" && !content.isWellFormed()) throw new InstarError("INPUT_INVALID", `the text for ${quotePath(path)} is not Unicode text`);
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  if (bytes.length > mostBytes) throw new InstarError("INPUT_INVALID", `a file of more than ${mostBytes} bytes is not written`);
  return bytes;
}

/** @throws InstarError CONFLICT */
export async function assertExpected(room: FolderRoom, names: AgentNames, expects: string | null, mostBytes: number = FOLDER_LIMITS.fileBytes): Promise<void> {
  const path = names.join("/");
  if (expects === null) {
    if ((await lookAtPath(room, names)) === undefined) return;
    throw new InstarError("CONFLICT", `${quotePath(path)} is there already: read it first`, { facts: { path } });
  }
  const found = await readWholeFile(room, names, mostBytes);
  if (found?.digest === expects) return;
  throw new InstarError("CONFLICT", `${quotePath(path)} is ${found === null ? "not there any more" : "not what you expect: it was changed. Read it again"}`, {
    facts: { path, expected: expects, found: found?.digest ?? null },
  });
}
