import { findProgram, type Place } from "../place.ts";

const PACKAGES = { restic: "restic", borg: "borgbackup" } as const;

/** Asks Debian for what is missing, where we may. @returns which version of each there is, or that it is not there */
export async function installBackupPeers(place: Place, say: (line: string) => void): Promise<Record<string, string>> {
  const missing = (["restic", "borg"] as const).filter((name) => findProgram(name) === undefined).map((name) => PACKAGES[name]);
  if (missing.length > 0 && findProgram("apt-get") !== undefined && process.getuid?.() === 0) {
    say(`installing ${missing.join(" and ")} from Debian`);
    await place.run(["apt-get", "install", "-y", "--no-install-recommends", ...missing]).catch((error: unknown) => say(String(error)));
  }
  return {
    restic: findProgram("restic") === undefined ? "not installed" : (await place.run(["restic", "version"])).trim(),
    borg: findProgram("borg") === undefined ? "not installed" : (await place.run(["borg", "--version"])).trim(),
  };
}
