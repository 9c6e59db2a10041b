import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { explainFileError } from "../../platform/durable-files.ts";
import { decodeText, readSmallFile } from "../../settings/read-small-file.ts";
import type { PolicyText } from "./policy-set.ts";

/** The tests beside the policies: every *.test.yaml, by name. @throws InstarError SETTINGS_INVALID, PLATFORM_FAILED */
export async function readPolicyTests(folder: string): Promise<PolicyText[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw explainFileError(error, `could not read ${folder}`);
  });
  const texts: PolicyText[] = [];
  for (const file of names.filter((name) => /\.test\.ya?ml$/.test(name)).toSorted()) {
    const bytes = await readSmallFile(join(folder, file));
    if (bytes !== undefined) texts.push({ file, text: decodeText(bytes, join(folder, file)) });
  }
  return texts;
}
