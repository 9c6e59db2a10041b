import { keepInBrowser } from "../platform/storage.ts";
import { laterOf, type Seen } from "./follow-ledger.ts";

const kept = keepInBrowser("ledger");

/** What this browser saw of the ledger last; undefined where it never saw it, or forgot. */
export function readSeen(): Seen | undefined {
  try {
    const seen = JSON.parse(kept.read() ?? "null") as Partial<Seen> | null;
    if (typeof seen?.key !== "string" || typeof seen.note !== "string" || typeof seen.firstAt !== "string") return undefined;
    return { key: seen.key, note: seen.note, firstAt: seen.firstAt };
  } catch {
    return undefined;
  }
}

export async function remember(keep: Seen): Promise<void> {
  kept.write(JSON.stringify(await laterOf(readSeen(), keep)));
}

/** A person's word that another key is right: the next sight is the first. */
export const forgetLedger = (): void => kept.write(null);
