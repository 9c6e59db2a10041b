import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { InstarError } from "@instar/protocol";

export interface TokenSource {
  /** `--token-stdin` was said. */
  readonly fromStdin: boolean;
  readonly stdin: Readable;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The token that somebody wants to be shown instead of the instance's own door's; undefined where nobody said so. Never an argument of the command line:
 * every user of the machine can read those.
 *
 * @throws InstarError INPUT_INVALID where standard input has none
 */
export async function readToken({ fromStdin, stdin, environment }: TokenSource): Promise<string | undefined> {
  if (!fromStdin) return environment.INSTAR_TOKEN?.trim() || undefined;
  const token = (await text(stdin)).trim();
  if (token === "") throw new InstarError("INPUT_INVALID", "--token-stdin: nothing came on standard input", { advice: "Pipe the token in." });
  return token;
}
