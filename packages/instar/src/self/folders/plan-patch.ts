import { InstarError } from "@instar/protocol";
import type { StructuredPatch } from "diff";
import { quotePath } from "./explain-refusal.ts";
import { FOLDER_LIMITS } from "./folder-limits.ts";
import { type AgentNames, parseAgentPath } from "./parse-agent-path.ts";

/** @param parse jsdiff's `parsePatch`, which is loaded where it is needed; what it throws is a mistake in the text */
export function parsePatchText(parse: (text: string) => StructuredPatch[], text: string): ParsedPatch {
  return {
    files: parse(text),
    hunkHeaders: text.match(/(?:^|\n)@@/g)?.length ?? 0,
    gitHeaders: (text.match(/(?:^|\n)diff --git [^\n]*/g) ?? []).slice(0, FOLDER_LIMITS.patchFiles + 1).flatMap((line) => parse(line.trimStart())),
  };
}

/** What a patch does to one file. */
export interface FilePatch {
  /** Null: the file is new. */
  readonly from: AgentNames | null;
  /** Null: the file is removed. Another than `from`: it is renamed. */
  readonly to: AgentNames | null;
  /** Undefined: as it was, 644 for a new one. */
  readonly mode: "644" | "755" | undefined;
  readonly parsed: StructuredPatch;
}

/** @throws InstarError INPUT_INVALID for a text that is too long, or has parts that the parser passes over in silence or is slow on */
export function assertPatchText(text: string): void {
  const refuse = (because: string) => new InstarError("INPUT_INVALID", `the patch ${because}`);
  if (typeof text !== "string" || !text.isWellFormed() || text.includes("\0")) throw refuse("is no text");
  if (text.length > FOLDER_LIMITS.patchLetters) throw refuse(`is longer than ${FOLDER_LIMITS.patchLetters} letters`);
  if (/(?:^|\n)(?:GIT binary patch|Binary files )/.test(text)) throw refuse("has a binary file in it: write that file by itself");
  // Splitting an unquoted header tries each of its spaces.
  if (/(?:^|\n)diff [^\n]{4097}/.test(text)) throw refuse("has a header of more than 4096 letters");
}

/** A patch as the parser took it, and what of its text shows that it took all of it. */
export interface ParsedPatch {
  readonly files: readonly StructuredPatch[];
  /** How many lines of the text begin with `@@`: a header that the parser did not understand is not passed over. */
  readonly hunkHeaders: number;
  /** Each `diff --git` line parsed alone, in their order: the parser lets names that follow replace them, though they may be another file's. */
  readonly gitHeaders: readonly StructuredPatch[];
}

/**
 * What a parsed patch does, file by file. A path is named once in a patch, so that the order of its files does not matter. Pure.
 *
 * @throws InstarError INPUT_INVALID, FORBIDDEN (a path outside, git's files, a link or a submodule)
 */
export function planPatch({ files: parsed, hunkHeaders, gitHeaders }: ParsedPatch): FilePatch[] {
  const refuse = (because: string) => new InstarError("INPUT_INVALID", `the patch ${because}`);
  const files = parsed.filter(({ hunks, isGit, oldFileName, index }) => hunks.length > 0 || isGit === true || oldFileName !== undefined || index !== undefined);
  if (files.reduce((sum, { hunks }) => sum + hunks.length, 0) !== hunkHeaders) throw refuse('has a line that begins with "@@" and is no hunk\'s header');
  if (files.length === 0) throw refuse("changes nothing: it has no hunk in it");
  if (files.length > FOLDER_LIMITS.patchFiles) throw refuse(`changes more than ${FOLDER_LIMITS.patchFiles} files`);
  const gits = files.filter(({ isGit }) => isGit === true);
  if (gits.length !== gitHeaders.length || !gits.every((file, at) => isOfHeader(file, gitHeaders[at])))
    throw refuse('has names below a "diff --git" line that are not that line\'s: begin each file with a line of its own, or leave all of them out');
  const plans = files.map(planFile);
  const seen = new Set<string>();
  for (const path of plans.flatMap(({ from, to }) => [...new Set([from?.join("/"), to?.join("/")])])) {
    if (path === undefined) continue;
    if (seen.has(path)) throw refuse(`names ${quotePath(path)} more than once`);
    seen.add(path);
  }
  return plans;
}

/** A rename says its names itself, and its header cannot always be parted. */
function isOfHeader({ oldFileName, newFileName, isRename, isCopy }: StructuredPatch, header: StructuredPatch | undefined): boolean {
  if (isRename === true || isCopy === true) return true;
  return [
    [oldFileName, header?.oldFileName],
    [newFileName, header?.newFileName],
  ].every(([name, named]) => name === NOWHERE || name === named);
}

const NOWHERE = "/dev/null";

function planFile(parsed: StructuredPatch): FilePatch {
  const { oldFileName, newFileName, hunks, isRename = false, isCreate = false, isDelete = false } = parsed;
  if (oldFileName === undefined || newFileName === undefined) throw new InstarError("INPUT_INVALID", "the patch has a part without names of files");
  const [from, to] = parseSides(isCreate ? NOWHERE : oldFileName, isDelete ? NOWHERE : newFileName);
  const shown = quotePath((to ?? from ?? []).join("/"));
  const refuse = (because: string) => new InstarError("INPUT_INVALID", `the patch of ${shown} ${because}`);
  if (parsed.isCopy === true) throw refuse("copies another file: write the new file by itself");
  if (from === null && to === null) throw refuse("names no file");
  if (from !== null && to !== null && !isRename && from.join("/") !== to.join("/")) throw refuse('names two files without "rename from" and "rename to"');
  const mode = parseMode(parsed.newMode, shown);
  parseMode(parsed.oldMode, shown);
  if (hunks.length === 0 && !isRename && !isCreate && !isDelete && mode === undefined) throw refuse("has no hunk");
  assertHunks(parsed, from !== null, refuse);
  return { from, to, mode, parsed };
}

/** `a/` and `b/` are git's where every side that is there has its own. */
function parseSides(old: string, fresh: string): [AgentNames | null, AgentNames | null] {
  const [left, right] = [old, fresh].map((name) => name.replace(/\r$/, "")) as [string, string];
  const isGits = (left === NOWHERE || left.startsWith("a/")) && (right === NOWHERE || right.startsWith("b/"));
  const parse = (name: string) => (name === NOWHERE ? null : parseNamed(isGits ? name.slice(2) : name));
  return [parse(left), parse(right)];
}

function parseNamed(name: string): AgentNames {
  const names = parseAgentPath(name);
  if (names.length === 0) throw new InstarError("INPUT_INVALID", "the patch names the folder's top as a file");
  return names;
}

function parseMode(mode: string | undefined, shown: string): "644" | "755" | undefined {
  if (mode === undefined) return undefined;
  if (mode === "120000" || mode === "160000")
    throw new InstarError(
      "FORBIDDEN",
      `the patch makes or changes a ${mode === "120000" ? "symbolic link" : "submodule"} at ${shown}, and Instar does neither`,
    );
  const known = /^100(644|755|664|775)$/.exec(mode);
  if (known === null)
    throw new InstarError("INPUT_INVALID", `the patch of ${shown} has the mode ${quotePath(mode)}, and only 100644 and 100755 are files' modes`);
  return mode === "100755" || mode === "100775" ? "755" : "644";
}

/**
 * What the library takes for granted: hunks come in order and do not overlap, and each has a line of the file to be found by. Without one it would be put
 * anywhere, also far behind the end.
 */
function assertHunks({ hunks }: StructuredPatch, isThere: boolean, refuse: (because: string) => InstarError): void {
  let after = 0;
  for (const [index, { oldStart, oldLines, newStart, newLines }] of hunks.entries()) {
    const hunk = `has a hunk, number ${index + 1}, that`;
    if (![oldStart, oldLines, newStart, newLines].every(Number.isSafeInteger)) throw refuse(`${hunk} has no line numbers`);
    if (oldStart < after) throw refuse(`${hunk} comes before or overlaps the one before it`);
    if (isThere && oldLines === 0 && !(hunks.length === 1 && oldStart <= 1))
      throw refuse(`${hunk} has no line of the file around it, so its place is not known`);
    if (!isThere && oldLines > 0) throw refuse(`${hunk} changes lines of a file that is new`);
    after = oldStart + oldLines;
  }
}
