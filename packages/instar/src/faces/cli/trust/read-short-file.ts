import { createReadStream } from "node:fs";
import { InstarError } from "@instar/protocol";
import { explainFileError } from "../../../platform/durable-files.ts";

/** The text of a small file; undefined where there is none. @throws InstarError INPUT_INVALID where it is longer, PLATFORM_FAILED */
export async function readShortFile(path: string, mostBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  try {
    // `end` counts from 0: one byte more than may be there is read, and shows that there is more.
    for await (const chunk of createReadStream(path, { end: mostBytes }) as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw explainFileError(error, `could not read ${path}`);
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.byteLength > mostBytes) throw new InstarError("INPUT_INVALID", `${path} is larger than ${mostBytes} bytes`, { facts: { path } });
  return bytes.toString("utf8");
}
