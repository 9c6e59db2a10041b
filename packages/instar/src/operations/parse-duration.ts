import { InstarError } from "@instar/protocol";
import { duration } from "../settings/setting-values.ts";

/** @throws InstarError INPUT_INVALID */
export function parseDuration(text: string, what: string): number {
  const parsed = duration.safeParse(text);
  if (!parsed.success) throw new InstarError("INPUT_INVALID", `${what} ${parsed.error.issues[0]?.message ?? "is no duration"}`, { facts: { [what]: text } });
  return parsed.data;
}
