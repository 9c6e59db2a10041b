import { transact } from "../database/open-database.ts";
import { type Instance, readBreaker } from "./instance.ts";
import { aboutOf, noteHappenings } from "./tell-people.ts";

/** The newest update of those that opened it, as it was written down. */
const FACT = "breakerOpened";

/** Writes down once that the breaker has opened, for the ledger and for people. Asked after each end, and at each start: a crash between loses nothing. */
export function noteBreaker(instance: Instance, say: (line: string) => void): void {
  const { isOpen, because, failed } = readBreaker(instance);
  const newest = failed.at(-1);
  if (!isOpen || newest === undefined || instance.facts.read<string>(FACT) === newest) return;
  transact(instance.database, () => {
    instance.facts.write(FACT, newest);
    instance.ledger.append({
      event: "BREAKER_OPENED",
      actor: { type: "system", id: "daemon" },
      description: because,
      success: false,
      details: { updates: [...failed] },
    });
    noteHappenings(instance, [
      {
        occasion: "breaker",
        key: newest,
        summary: because,
        update: newest,
        versionFrom: null,
        versionTo: null,
        advice: "instar update resume",
        ...aboutOf(instance),
      },
    ]);
  });
  say(because);
}
