import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InstarError, type Operation, type ReportFile } from "@instar/protocol";
import { explainFileError, syncFolder, writeFilesDurably } from "../../platform/durable-files.ts";

export interface WrittenFiles {
  readonly folder: string;
  readonly files: number;
  readonly sizeBytes: number;
}

/**
 * What is asked where an answer's files are to be written: the operation's own words for it.
 * @throws InstarError INPUT_INVALID where something else was asked as well
 */
export function askForFiles({ filesOutput }: Operation, input: Record<string, unknown>): Record<string, unknown> {
  for (const [name, wanted] of Object.entries(filesOutput ?? {}))
    if (input[name] !== undefined && input[name] !== wanted)
      throw new InstarError("INPUT_INVALID", `--to writes a folder with every form in it, and --${name} asks for ${String(input[name])} alone`, {
        advice: `Leave out --${name}, or --to.`,
      });
  return { ...input, ...filesOutput };
}

/**
 * Writes an answer's files into a new folder, the last of them only after all others are durable: without it the folder was not finished.
 * Whoever answered, nothing is written outside of the folder.
 *
 * @param folder absolute, not there yet
 * @throws InstarError CONFLICT where it is there, INPUT_INVALID where a path is none of a plain file below it, DISK_FULL, PLATFORM_FAILED
 */
export async function writeAnswerFiles(folder: string, files: readonly ReportFile[]): Promise<WrittenFiles> {
  const seen = new Set<string>();
  for (const { path } of files) {
    if (!PLAIN.test(path) || seen.has(path.toLowerCase()))
      throw new InstarError("INPUT_INVALID", "the answer names a file that is not written", { facts: { path }, advice: "Nothing was written." });
    seen.add(path.toLowerCase());
  }
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw explainFileError(error, `could not create ${folder}`);
    throw new InstarError("CONFLICT", `${folder} is there already`, { advice: "Name a folder that is not there yet." });
  }
  const folders = new Set(files.map(({ path }) => dirname(join(folder, path))));
  try {
    for (const each of folders) await mkdir(each, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw explainFileError(error, `could not create a folder in ${folder}`);
  }
  const durable = files.map(({ path, text }) => ({ path: join(folder, path), bytes: text }));
  for (let at = 0; at < durable.length - 1; at += AT_ONCE) await writeFilesDurably(durable.slice(at, Math.min(at + AT_ONCE, durable.length - 1)));
  await syncFolder(folder);
  await writeFilesDurably(durable.slice(-1));
  return { folder, files: files.length, sizeBytes: files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0) };
}

/** One folder deep, letters that mean nothing to any file system, and nothing hidden. */
const PLAIN = /^(?:[A-Za-z0-9][A-Za-z0-9_-]*\/)?[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9-]+)?$/;
/** Open at the same time. */
const AT_ONCE = 64;
