import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Place } from "../place.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

export const PM2 = join(FOLDER, "node_modules", "pm2", "bin", "pm2");
export const HTTP_PROXY = join(FOLDER, "run-http-proxy.mjs");

/** Brings the peers of the switch. @returns undefined where they are there, else why not */
export const installPeers = (place: Place, say: (line: string) => void): Promise<string | undefined> =>
  installFrom(FOLDER, "pm2 and http-proxy-3 into bench/peers", place, say);

/**
 * Brings packages from npm, from their own lockfile, into a folder of their own: Instar depends on none of them, and none of their scripts runs.
 * @returns undefined where they are there, else why not: a machine without a registry still measures the rest
 */
export async function installFrom(
  folder: string,
  what: string,
  place: Place,
  say: (line: string) => void,
  flags: readonly string[] = [],
): Promise<string | undefined> {
  const lock = createHash("sha256")
    .update(readFileSync(join(folder, "package-lock.json")))
    .digest("hex");
  const mark = join(folder, "node_modules", ".bench-installed");
  if (existsSync(mark) && readFileSync(mark, "utf8") === lock) return undefined;
  say(`installing ${what}, once`);
  try {
    await place.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", ...flags], { cwd: folder, environment: ownEnvironment() });
    writeFileSync(mark, lock);
    return undefined;
  } catch (error) {
    place.signal.throwIfAborted();
    return `not installed: ${error instanceof Error ? error.message.slice(0, 200) : String(error)}`;
  }
}

/** npm needs the machine's own: registry, proxies, certificates. Not the npm that may have started us, which would install into its folder. */
function ownEnvironment(): Record<string, string> {
  const left = Object.entries(process.env).filter(([name]) => !/^(npm_(package|lifecycle|config_(local_)?prefix)|INIT_CWD$)/.test(name));
  return Object.fromEntries(left) as Record<string, string>;
}
