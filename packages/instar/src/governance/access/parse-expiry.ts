import { InstarError } from "@instar/protocol";
import { duration } from "../../settings/setting-values.ts";

/**
 * When a token ends: after a time (`30d`), at a time (ISO 8601), or `never`, which must be said. Null: never.
 * @throws InstarError INPUT_INVALID
 */
export function parseExpiry(text: string, wallMs: number): string | null {
  if (text === "never") return null;
  const after = duration.safeParse(text);
  const atMs = after.success ? wallMs + after.data : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs))
    throw new InstarError("INPUT_INVALID", `expires: ${JSON.stringify(text.slice(0, 80))} is neither a time nor a duration of at most a year`, {
      advice: "Write 30d, 2027-01-31T12:00Z, or never.",
    });
  if (atMs <= wallMs) throw new InstarError("INPUT_INVALID", `expires: ${text} is past`);
  return new Date(atMs).toISOString();
}
