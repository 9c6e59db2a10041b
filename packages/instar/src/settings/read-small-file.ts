import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import { explainFileError } from "../platform/durable-files.ts";

/** No file that a person writes for Instar comes near it. */
export const SMALL_FILE_MAX_BYTES = 262_144;

/**
 * The bytes of a file that a person writes, or undefined where there is none. Anything that is not a plain file of at most
 * 256 KiB is refused before it is read: a pipe would be waited on for ever.
 *
 * @throws InstarError SETTINGS_INVALID, PLATFORM_FAILED
 */
export async function readSmallFile(path: string): Promise<Buffer | undefined> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw explainFileError(error, `could not read ${path}`);
  });
  if (file === undefined) return undefined;
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new InstarError("SETTINGS_INVALID", `${path} is not a plain file`, { facts: { path } });
    if (found.size > SMALL_FILE_MAX_BYTES)
      throw new InstarError("SETTINGS_INVALID", `${path} is larger than ${SMALL_FILE_MAX_BYTES / 1024} KiB`, { facts: { path } });
    return await file.readFile();
  } catch (error) {
    throw explainFileError(error, `could not read ${path}`);
  } finally {
    await file.close();
  }
}

/** @throws InstarError SETTINGS_INVALID where the bytes are not UTF-8: a wrong character in a command or path is a mistake. */
export function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InstarError("SETTINGS_INVALID", `${path} is not UTF-8 text`, { cause, facts: { path } });
  }
}
