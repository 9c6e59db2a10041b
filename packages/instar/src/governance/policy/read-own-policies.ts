import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { explainFileError } from "../../platform/durable-files.ts";
import { decodeText, readSmallFile } from "../../settings/read-small-file.ts";
import type { PolicyText } from "./policy-set.ts";

const MOST_FILES = 100;

/**
 * The operator's own policies: every *.cedar file of a folder, by name; none where there is no such folder.
 *
 * @throws InstarError SETTINGS_INVALID (too many, too large, not text), PLATFORM_FAILED: whoever asks must then deny
 */
export async function readOwnPolicies(folder: string): Promise<PolicyText[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw explainFileError(error, `could not read ${folder}`);
  });
  const files = names.filter((name) => name.endsWith(".cedar")).toSorted();
  if (files.length > MOST_FILES) throw new InstarError("SETTINGS_INVALID", `${folder} has ${files.length} policy files; ${MOST_FILES} are the most`);
  const texts: PolicyText[] = [];
  for (const file of files) {
    const bytes = await readSmallFile(join(folder, file));
    // Gone between the two looks: what is left would be another set than anybody wrote.
    if (bytes === undefined) throw new InstarError("SETTINGS_INVALID", `${join(folder, file)} was there and is gone`, { transient: true });
    texts.push({ file, text: decodeText(bytes, join(folder, file)) });
  }
  return texts;
}
