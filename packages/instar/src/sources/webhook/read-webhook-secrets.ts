import { InstarError } from "@instar/protocol";
import { decodeText, readSmallFile } from "../../settings/read-small-file.ts";
import { parseSigningKey } from "./parse-signing-key.ts";

/** Whoever hears one signed body can try secrets as fast as he likes. */
const SHORTEST = 16;

/**
 * The current secret and, on a second line, the one before it. Read anew each time, so that an exchange needs no restart.
 *
 * @throws InstarError SETTINGS_INVALID, PLATFORM_FAILED; never with a secret in its words
 */
export async function readWebhookSecrets(path: string): Promise<readonly string[]> {
  const bytes = await readSmallFile(path);
  if (bytes === undefined) throw new InstarError("SETTINGS_INVALID", `there is no ${path}`, { facts: { path } });
  const secrets = decodeText(bytes, path)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (secrets.length === 0 || secrets.length > 2)
    throw new InstarError("SETTINGS_INVALID", `${path} does not hold one or two secrets, each on a line`, { facts: { path, lines: secrets.length } });
  if (secrets.some((secret) => secret.length < SHORTEST))
    throw new InstarError("SETTINGS_INVALID", `a secret in ${path} is shorter than ${SHORTEST} characters`, {
      facts: { path },
      advice: "Make one with `openssl rand -hex 32`, and give it to the sender too.",
    });
  if (secrets.some((secret) => parseSigningKey(secret) === undefined))
    throw new InstarError("SETTINGS_INVALID", `a secret in ${path} begins with whsec_, but base64 does not follow`, { facts: { path } });
  return secrets;
}
