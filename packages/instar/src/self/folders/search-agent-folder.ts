import { InstarError } from "@instar/protocol";
import { assertCount } from "./assert-count.ts";
import { findLines } from "./find-lines.ts";
import { FOLDER_LIMITS } from "./folder-limits.ts";
import type { FolderRoom } from "./folder-room.ts";
import { type EntryName, type HeldFolder, holdFolder, joinShown } from "./hold-folder.ts";
import { type AgentNames, parseAgentPath } from "./parse-agent-path.ts";
import { readBounded, withFileOf } from "./read-agent-file.ts";
import { PLAIN_WALK, walkFolder } from "./walk-folder.ts";

export interface SearchQuestion {
  /** Plain text on one line, from 1 to 200 letters. Not a pattern: one from outside could run for ever. */
  readonly text: string;
  /** A folder or a file; everything where it is left out. */
  readonly path?: string | undefined;
  readonly caseSensitive?: boolean | undefined;
  /** From 1 to 10,000 matches. */
  readonly limit: number;
  /** A larger file is passed over, at most 8 MiB. */
  readonly maxFileBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export interface AgentFolderMatch {
  readonly path: string;
  /** The first is 1. */
  readonly line: number;
  readonly text: string;
}

export interface AgentFolderMatches {
  readonly matches: readonly AgentFolderMatch[];
  /** False where there are more, or where a file of text was passed over: too large, too many, or one that may not be read. */
  readonly isAll: boolean;
}

/** Lines that hold a text, in the order of a list. Links are not followed, `.git` is not looked into, and what is not UTF-8 text is passed over. */
export async function searchAgentFolder(room: FolderRoom, question: SearchQuestion): Promise<AgentFolderMatches> {
  assertQuestion(question);
  const names = parseAgentPath(question.path ?? "");
  const search = new Search(room, question);
  const folder = await holdFolder(room, names.slice(0, -1));
  try {
    const name = names.at(-1);
    if (name === undefined) await search.through(folder);
    else await searchNamed(room, search, folder, names, name);
    return { matches: search.matches, isAll: search.isAll };
  } finally {
    await folder.close();
  }
}

function assertQuestion({ text, limit, maxFileBytes }: SearchQuestion): void {
  if (typeof text !== "string" || text === "" || text.length > FOLDER_LIMITS.searchLetters || /[\n\0]/.test(text))
    throw new InstarError("INPUT_INVALID", `text must be from 1 to ${FOLDER_LIMITS.searchLetters} letters on one line`);
  assertCount("limit", limit, FOLDER_LIMITS.listed);
  assertCount("maxFileBytes", maxFileBytes, FOLDER_LIMITS.fileBytes);
}

/** A file that may not be read is an error here, because it was named. */
async function searchNamed(room: FolderRoom, search: Search, outer: HeldFolder, names: AgentNames, name: string): Promise<void> {
  const inner = await holdFolder(room, names).catch((error: unknown) => {
    if (InstarError.is(error, "INPUT_INVALID")) return undefined;
    throw error;
  });
  if (inner === undefined) return search.in(outer, name);
  try {
    await search.through(inner);
  } finally {
    await inner.close();
  }
}

class Search {
  readonly matches: AgentFolderMatch[] = [];
  isAll = true;
  #isFull = false;
  #files = 0;
  #bytes = 0;
  readonly #room: FolderRoom;
  readonly #question: SearchQuestion;

  constructor(room: FolderRoom, question: SearchQuestion) {
    this.#room = room;
    this.#question = question;
  }

  async through(folder: HeldFolder): Promise<void> {
    const { signal } = this.#question;
    for await (const walked of walkFolder(this.#room, folder, { ...PLAIN_WALK, signal })) {
      if (walked.kind === "gap") this.isAll = false;
      if (walked.kind === "gap" || !walked.found.isFile()) continue;
      if (this.#isFull) break;
      if (this.#files >= FOLDER_LIMITS.searchedFiles || this.#bytes >= FOLDER_LIMITS.searchedBytes) {
        this.isAll = false;
        break;
      }
      await this.in(walked.folder, walked.name).catch((error: unknown) => {
        signal?.throwIfAborted();
        if (!InstarError.is(error, "NOT_FOUND")) this.isAll = false;
      });
    }
  }

  async in(folder: HeldFolder, name: EntryName): Promise<void> {
    const { text, caseSensitive = true, limit, maxFileBytes } = this.#question;
    const bytes = await withFileOf(this.#room, folder, name, async ({ handle, found }) =>
      found.size > maxFileBytes ? undefined : await readBounded(handle, maxFileBytes),
    );
    this.#files += 1;
    this.#bytes += bytes?.length ?? 0;
    if (bytes === undefined) this.isAll = false;
    const content = bytes === undefined ? undefined : decodeText(bytes);
    if (content === undefined) return;
    const path = joinShown(folder.path, name);
    // One more than is wanted shows that there are more.
    for (const each of findLines(content, text, caseSensitive, limit + 1 - this.matches.length)) this.matches.push({ path, ...each });
    if (this.matches.length <= limit) return;
    this.matches.length = limit;
    this.#isFull = true;
    this.isAll = false;
  }
}

/** Undefined where it is not UTF-8 text. */
function decodeText(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
