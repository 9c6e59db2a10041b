import { transact } from "../database/open-database.ts";
import type { Instance } from "./instance.ts";
import { aboutOf, noteHappenings } from "./tell-people.ts";

/** What was told last. */
const FACT = "ledgerTrouble";

/** Why the ledger cannot be gone on with, or is not signed; null where all is well. */
export const readLedgerTrouble = ({ ledger, ledgerKey }: Pick<Instance, "ledger" | "ledgerKey">): string | null => ledger.trouble ?? ledgerKey.trouble;

/** Tells people once what is wrong with the ledger, and forgets it when it is well again. */
export function noteLedgerTrouble(instance: Instance, say: (line: string) => void): void {
  const because = readLedgerTrouble(instance);
  if ((instance.facts.read<string>(FACT) ?? null) === because) return;
  transact(instance.database, () => {
    instance.facts.write(FACT, because);
    if (because === null) return;
    const summary = `the ledger is not what it should be: ${because}. The agent goes on serving; no update begins by itself`;
    noteHappenings(instance, [
      { occasion: "ledger", key: because, summary, update: null, versionFrom: null, versionTo: null, advice: "instar audit verify", ...aboutOf(instance) },
    ]);
  });
  say(because === null ? "the ledger is well again" : `the ledger: ${because}`);
}
