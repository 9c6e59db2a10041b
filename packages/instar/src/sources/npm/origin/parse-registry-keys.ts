import { InstarError } from "@instar/protocol";
import { z } from "zod";

/** A key as a registry's `/-/npm/v1/keys` lists it. What it is worth is judged where it is used. */
export interface RegistryKey {
  readonly keyid: string;
  readonly keytype: string;
  readonly scheme: string;
  /** SPKI in base64. */
  readonly key: string;
  /** ISO 8601; null where it does not end. */
  readonly expires: string | null;
}

const document = z.object({
  keys: z
    .array(
      z.object({
        keyid: z.string().min(1).max(200),
        keytype: z.string(),
        scheme: z.string(),
        key: z.string(),
        expires: z.string().nullable().default(null),
      }),
    )
    .min(1)
    .max(100),
});

/**
 * The keys in a file of the operator's: a copy of the registry's `/-/npm/v1/keys`.
 * @throws InstarError SETTINGS_INVALID
 */
export function parseRegistryKeys(text: string): RegistryKey[] {
  let cause: Error;
  try {
    const parsed = document.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data.keys;
    cause = new Error(z.prettifyError(parsed.error).slice(0, 500));
  } catch {
    cause = new Error("it is not JSON");
  }
  throw new InstarError("SETTINGS_INVALID", "the file of the registry's keys cannot be read", {
    cause,
    advice: 'Give it the form of the registry\'s /-/npm/v1/keys: {"keys": [{keyid, keytype, scheme, key, expires}]}.',
  });
}
