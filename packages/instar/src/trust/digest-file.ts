import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { explainFileError } from "../platform/durable-files.ts";

/** SHA-256 in hex, and how long it is. @throws InstarError PLATFORM_FAILED */
export async function digestFile(path: string): Promise<{ readonly sha256: string; readonly lengthBytes: number }> {
  const hash = createHash("sha256");
  let lengthBytes = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      lengthBytes += chunk.byteLength;
      hash.update(chunk);
    }
  } catch (error) {
    throw explainFileError(error, `could not read ${path}`);
  }
  return { sha256: hash.digest("hex"), lengthBytes };
}
