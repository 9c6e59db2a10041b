import { readFile } from "node:fs/promises";
import { InstarError } from "@instar/protocol";

/**
 * The token in a file. Read at each call: tokens end, and who puts a new one there need not start the agent again.
 * @throws InstarError INPUT_INVALID where it cannot be read or has none; never with what it holds
 */
export async function readTokenFile(path: string): Promise<string> {
  const advice = "Write the line that `instar token create … --role agent` printed into a file that only its owner can read.";
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new InstarError("INPUT_INVALID", `the token file ${path} cannot be read`, { cause, facts: { path }, advice });
  });
  const token = text.trim();
  if (!/^[\x21-\x7e]{1,512}$/.test(token)) throw new InstarError("INPUT_INVALID", `the token file ${path} does not hold a token`, { facts: { path }, advice });
  return token;
}
