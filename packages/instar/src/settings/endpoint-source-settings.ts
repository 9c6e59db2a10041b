import { z } from "zod";
import { duration, size } from "./setting-values.ts";

/** An address that answers which version there is and where its archive lies. */
export const endpointSourceSettings = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .refine(hasNoUser, "must not hold a password; use tokenFile")
    .describe('Answers JSON: { "version", "archive", "sha256" } and, where it likes, "size", "notes", "channel", "priority"'),
  tokenFile: z.string().min(1).optional().describe("A file with a token, sent as Authorization: Bearer to the host of url and to no other"),
  publicKey: z
    .string()
    .min(1)
    .optional()
    .describe("A file with the Ed25519 public key (PEM) that vouches for its versions; a relative path counts from the folder of this file"),
  checkEvery: duration.prefault("5m").describe("How often it is asked"),
  maxBytes: size.prefault("1MiB").describe("The longest answer"),
  maxArchive: size.prefault("1GiB").describe("The largest archive"),
});

/** Of what is no address at all something else is said. */
function hasNoUser(address: string): boolean {
  const url = URL.parse(address);
  return url === null || (url.username === "" && url.password === "");
}
