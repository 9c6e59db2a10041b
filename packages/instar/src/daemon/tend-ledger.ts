import { isAbsolute, join } from "node:path";
import { isSecretName } from "../edits/is-secret-name.ts";
import { retainLedger } from "../ledger/retain-ledger.ts";
import { readEnvironmentFile } from "../settings/read-environment-file.ts";
import { environmentFileOf } from "../update/exchange.ts";
import type { Instance } from "./instance.ts";

/** What the agent is given under a name as secrets have: none of it comes to the ledger, whoever repeats it. */
export async function keepSecretsOut({ ledger, rooms }: Pick<Instance, "ledger" | "rooms">): Promise<void> {
  const path = environmentFileOf(rooms);
  const ofFile = path === null ? {} : await readEnvironmentFile(path).catch(() => ({}));
  const given = Object.entries({ ...rooms.settings.agent.environment, ...ofFile });
  ledger.keepOut(Object.fromEntries(given.filter(([name, value]) => isSecretName(name) && !isWord(value))));
}

/** `SESSION_STORE=memory` is no secret, and without the word, or a short number, the ledger could not be read. */
const isWord = (value: string) => /^[a-z]{1,11}$/i.test(value) || /^\d{1,9}$/.test(value);

/** Compresses and moves what has grown old; says what it did. @throws InstarError DISK_FULL, PLATFORM_FAILED, LEDGER_DAMAGED */
export async function retainOldEntries({ folder, ledger, rooms }: Pick<Instance, "folder" | "ledger" | "rooms">, say: (line: string) => void): Promise<void> {
  const { compressAfter, archive, moveAfter, keepAtMost } = rooms.settings.ledger;
  const place = archive === undefined ? null : isAbsolute(archive) ? archive : join(rooms.settingsFolder, archive);
  const rules = { compressAfterMs: compressAfter, archive: place, moveAfterMs: moveAfter, keepAtMostBytes: keepAtMost };
  const { compressed, moved } = await ledger.quietly(() => retainLedger(join(folder, "ledger"), rooms.clock.wallMs(), rules));
  if (compressed + moved > 0) say(`the ledger: ${compressed} old bundles were compressed${moved === 0 ? "" : `, ${moved} moved to ${place}`}`);
}
