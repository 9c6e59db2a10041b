import type { RehearsalFinding } from "@instar/protocol";
import type { DatabaseSchema } from "../../backups/read-schemas.ts";
import { makeFinding } from "../../rehearsal/compare-shown.ts";

/**
 * What starting the new version did to the shape of the databases. Going forward is no fault; a database that is gone, or that counts backward, is.
 * Pure.
 */
export function judgeMigration(before: readonly DatabaseSchema[], after: readonly DatabaseSchema[]): RehearsalFinding[] {
  if (before.length === 0 && after.length === 0) return [];
  const gone = before.filter(({ path }) => !after.some((one) => one.path === path));
  if (gone.length > 0) return [makeFinding("migration", "fail", `after its start ${gone.map(({ path }) => path).join(", ")} is gone`)];
  const changes = after.flatMap((now) => {
    const was = before.find(({ path }) => path === now.path);
    if (was === undefined || (was.userVersion === now.userVersion && was.digest === now.digest)) return [];
    return [{ path: now.path, was, now }];
  });
  const back = changes.find(({ was, now }) => now.userVersion < was.userVersion);
  if (back !== undefined)
    return [
      makeFinding("migration", "fail", `${back.path} went back from schema ${back.was.userVersion} to ${back.now.userVersion}`, {
        old: back.was.userVersion,
        new: back.now.userVersion,
      }),
    ];
  const [first] = changes;
  if (first === undefined) return [makeFinding("migration", "pass", `the schemas of ${after.length} databases are as before`)];
  const words = changes.map(({ path, was, now }) =>
    was.userVersion === now.userVersion ? `the tables of ${path} were changed` : `${path} went from schema ${was.userVersion} to ${now.userVersion}`,
  );
  return [makeFinding("migration", "pass", words.join("; "), { old: first.was.userVersion, new: first.now.userVersion })];
}
