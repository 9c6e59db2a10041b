import type { FilesystemConfig } from "@anthropic-ai/sandbox-runtime";
import { OF_THE_NETWORK } from "./plan-bubblewrap.ts";
import { STARTED, STATUS_DESCRIPTOR } from "./plan-launch.ts";
import { isWithin } from "./plan-program-folders.ts";
import type { SystemLayout } from "./read-system-layout.ts";
import type { Confinement, EnteredProgram } from "./sandbox.ts";

export interface RuntimeView {
  readonly confinement: Confinement;
  readonly platform: NodeJS.Platform;
  readonly layout: SystemLayout;
  /** Folders of the programs on the job's PATH. */
  readonly programs: readonly string[];
  readonly homes: readonly string[];
  /** Instar's data, the agent's state. */
  readonly hidden: readonly string[];
}

/**
 * sandbox-runtime shows every file but those that are denied, so everything is denied and what is named is allowed again. macOS starts no program
 * without a long list of its own folders; there it is people's folders, temporary ones and what is hidden that are denied.
 */
export function planRuntimeFiles({ confinement, platform, layout, programs, homes, hidden }: RuntimeView): FilesystemConfig {
  const { readable, writable, scratch } = confinement;
  const ofNetwork = confinement.network.kind === "host" ? OF_THE_NETWORK : [];
  const denied = platform === "darwin" ? [...MAC_DENIED, ...homes, ...hidden] : ["/", "/sys"];
  const system = platform === "darwin" ? [] : [...layout.roots.map(({ path }) => path), ...layout.etc, ...ofNetwork];
  const written = [scratch, ...writable];
  // A folder that is allowed for reading is laid over those in it that are allowed for writing; denied once more, they come last.
  const covered = platform === "darwin" ? [] : written.filter((path) => liesIn(path, readable));
  return {
    denyRead: asNames([...denied, ...covered]),
    allowRead: asNames([...system, ...programs, ...readable, ...writable, scratch]),
    allowWrite: asNames(written),
    // The first two are writable by default, and shared by everybody on the machine.
    denyWrite: asNames(["/tmp/claude", "/private/tmp/claude", ...readable.filter((path) => liesIn(path, written))]),
  };
}

const liesIn = (path: string, folders: readonly string[]) => folders.some((folder) => folder !== path && isWithin(path, folder));

const MAC_DENIED = ["/Users", "/Volumes", "/tmp", "/private/tmp", "/private/var/folders", "/private/var/root"];

/** Never a pattern, whatever the path looks like. */
const asNames = (paths: readonly string[]) => [...new Set(paths)].map((path) => ({ path, literal: true as const }));

/**
 * What the shell inside does: it goes to the program's folder, leaves word that it has come this far, and becomes the program.
 *
 * @param inside variables for the program alone
 */
export function planRuntimeCommand({ argv, cwd }: EnteredProgram, inside: Readonly<Record<string, string>>): string {
  const words = [...Object.entries(inside).map(([name, value]) => `${name}=${value}`), ...argv];
  const became = Object.keys(inside).length === 0 ? argv : ["/usr/bin/env", ...words];
  return `cd ${quote(cwd)} && echo ${STARTED} >&${STATUS_DESCRIPTOR} && exec ${STATUS_DESCRIPTOR}>&- && exec ${became.map(quote).join(" ")}`;
}

const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
