import { InstarError } from "@instar/protocol";
import { transact } from "../database/open-database.ts";
import { describeDamage } from "../releases/describe-damage.ts";
import { findServing } from "./find-serving.ts";
import type { Instance } from "./instance.ts";
import { aboutOf, noteHappenings } from "./tell-people.ts";

/** What is known of the files of the release that serves. */
interface IntegrityFact {
  readonly release: string;
  /** What about them is not as it was sealed; null where all is. */
  readonly damage: string | null;
}

const FACT = "integrity";

const readIntegrity = ({ facts }: Pick<Instance, "facts">): IntegrityFact | undefined => facts.read<IntegrityFact>(FACT);

/**
 * Looks whether the files of the release that serves are still what was sealed. A program that was overwritten underneath goes on answering its
 * health page until it loads what is no longer there; so its files are looked at, and not only its answers. A first look at sizes and times is cheap; where
 * it finds something, every byte is compared. What is found is on the ledger once, and again when it is mended.
 *
 * @returns what is known now; undefined where nothing serves
 */
export async function guardRelease(instance: Instance, say: (line: string) => void): Promise<IntegrityFact | undefined> {
  const running = findServing(instance);
  if (running === null) return undefined;
  const damage = await findDamage(instance, running.release);
  const before = readIntegrity(instance);
  const now: IntegrityFact = { release: running.release, damage };
  if (before?.release === now.release && before.damage === now.damage) return now;
  const isNews = damage !== null || (before?.release === now.release && before.damage !== null);
  transact(instance.database, () => {
    instance.facts.write(FACT, now);
    if (isNews)
      instance.ledger.append({
        event: damage === null ? "RELEASE_MENDED" : "RELEASE_CHANGED",
        actor: { type: "system", id: "daemon" },
        description:
          damage === null
            ? `the files of release ${running.release} are again what was sealed`
            : `the files of release ${running.release}, which serves, were changed: ${damage}`,
        versionTo: running.version,
        success: damage === null,
      });
    if (damage !== null)
      noteHappenings(instance, [
        {
          occasion: "release-changed",
          key: `${running.release} ${damage}`,
          summary: `the files of ${running.version}, which serves, were changed underneath: ${damage}`,
          update: null,
          versionFrom: null,
          versionTo: running.version,
          advice: "instar status; instar rollback or instar update apply puts sealed files in their place",
          ...aboutOf(instance),
        },
      ]);
  });
  if (isNews) say(damage === null ? `release ${running.release} is whole again` : `release ${running.release} was changed underneath: ${damage}`);
  return now;
}

async function findDamage({ rooms }: Instance, release: string): Promise<string | null> {
  try {
    if ((await rooms.releases.verifyQuickly(release)).kind === "intact") return null;
    const found = await rooms.releases.verify(release);
    return found.kind === "intact" ? null : describeDamage(found);
  } catch (error) {
    if (InstarError.is(error)) return error.message;
    throw error;
  }
}
