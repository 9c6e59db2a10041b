import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import type { Settings } from "../settings/settings.ts";
import { INSTALL_BUBBLEWRAP } from "./no-sandbox.ts";
import { planSlotPrefix } from "./plan-slot-prefix.ts";
import { findBubblewrap, type PreparedBubblewrap, prepareBubblewrap, readProgramPaths } from "./prepare-bubblewrap.ts";

export interface SlotPrefixOptions {
  readonly settings: Settings["agent"];
  /** The instance's data folder. */
  readonly folder: string;
  readonly stateDirectory: string | null;
  /** Of the user that the agent runs as. */
  readonly home: string;
  readonly treePath: (release: string) => string;
}

const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

/**
 * What is started in front of a program that runs as the agent does. The same for the same release: the keeper starts it again for weeks, and what it
 * names stays on disk.
 *
 * @returns a function that throws InstarError SANDBOX_WEAK where the agent is to be sandboxed and there is no bubblewrap: it is never started outside
 */
export function createSlotPrefix(
  options: SlotPrefixOptions,
): (release: string, more?: { readonly writable?: readonly string[] }) => Promise<readonly string[]> {
  const { settings, folder, stateDirectory, home, treePath } = options;
  let prepared: Promise<PreparedBubblewrap> | undefined;
  return async (release, { writable = [] } = {}) => {
    if (settings.sandbox.level === "open") return [];
    const tool = await findBubblewrap();
    if (tool === undefined)
      throw new InstarError("SANDBOX_WEAK", "agent.sandbox wants the agent sandboxed, and there is no bubblewrap here", {
        advice: `${INSTALL_BUBBLEWRAP} Or write agent.sandbox: { level: open }.`,
      });
    prepared ??= prepareBubblewrap(join(folder, "sandbox"));
    prepared.catch(() => {
      prepared = undefined; // A full disk may have room again.
    });
    const ready = await prepared;
    const hidden = [folder, ...(stateDirectory === null ? [] : [stateDirectory])];
    return planSlotPrefix({
      ...ready,
      settings: settings.sandbox,
      tool,
      programs: await readProgramPaths({ path: settings.path?.join(":") ?? DEFAULT_PATH, layout: ready.layout, hidden }),
      releaseTree: treePath(release),
      dependenciesFolder: join(folder, "dependencies"),
      stateDirectory,
      alsoWritable: writable,
      dataFolder: folder,
      home,
      cwd: join(treePath(release), settings.directory),
    });
  };
}
