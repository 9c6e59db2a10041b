import { open } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import { assertToken } from "./request-registry.ts";

const LONGEST_BYTES = 8_192;

/**
 * The token in a file of one line. Nothing of the file is ever in an error.
 *
 * @throws InstarError SETTINGS_INVALID
 */
export async function readTokenFile(path: string): Promise<string> {
  const text = await readStart(path).catch((cause: unknown) => {
    throw new InstarError("SETTINGS_INVALID", `the token file ${path} cannot be read`, {
      cause,
      advice: "Check source.npm.tokenFile in instar.yaml, and who may read the file.",
    });
  });
  const token = text.trim();
  assertToken(token);
  return token;
}

async function readStart(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(LONGEST_BYTES), 0, LONGEST_BYTES, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
