import { makePrivateFolder } from "../platform/durable-files.ts";
import type { RunJob } from "../platform/run-job.ts";
import { createDescription } from "./describe-sandbox.ts";
import type { LimitsHere } from "./hold-limits.ts";
import { openLaunchStatus, sweepLaunches } from "./open-launch-status.ts";
import { planLaunch, STARTED } from "./plan-launch.ts";
import type { Confinement, Entered, EnteredProgram, SandboxAdapter } from "./sandbox.ts";

/**
 * No sandbox: a job keeps all the rights of the user Instar runs as, and loses only its processes. Its limits are held as far as they can be without one,
 * and its whole tree ends with it.
 *
 * @param folder private, Instar's own; made where it is not there
 */
export function createNoSandbox(options: NoSandboxOptions): SandboxAdapter {
  let prepared: Promise<void> | undefined;
  const adapter: SandboxAdapter = {
    name: "none",
    canPlace: false,
    describe: createDescription(() => adapter, {
      ...options,
      walls: { walls: "", holdsTree: false, wallsAdvice: INSTALL_BUBBLEWRAP, callsAdvice: INSTALL_BUBBLEWRAP },
      findObstacle: async () => (process.platform === "win32" ? { because: "jobs need Linux or macOS", advice: "" } : undefined),
      advise: async () => "",
      because: "a job keeps all rights of the user that Instar runs as; its limits are held where they can be",
      advice: INSTALL_BUBBLEWRAP,
    }),
    enter: async (confinement, program) => {
      prepared ??= prepare(options.folder);
      prepared.catch(() => {
        prepared = undefined; // A full disk may have room again.
      });
      await prepared;
      return enter(confinement, program, options);
    },
  };
  return adapter;
}

export interface NoSandboxOptions {
  readonly runJob: RunJob;
  readonly limits: () => Promise<LimitsHere>;
  readonly folder: string;
}

/** What helps where there is no sandbox. */
export const INSTALL_BUBBLEWRAP =
  process.platform === "linux"
    ? "Install bubblewrap (apt-get install bubblewrap, or dnf install bubblewrap)."
    : "Set sandbox.use: sandbox-runtime in instar.yaml.";

async function prepare(folder: string): Promise<void> {
  await makePrivateFolder(folder);
  await sweepLaunches(folder);
}

async function enter(confinement: Confinement, program: EnteredProgram, options: NoSandboxOptions): Promise<Entered> {
  const { limits, scratch } = confinement;
  const held = await (await options.limits()).hold(limits, scratch);
  const status = openLaunchStatus(options.folder);
  return {
    argv: planLaunch({ argv: program.argv, limits, enters: held.enters, status: { path: status.path, writtenBy: "shell" } }),
    environment: program.environment,
    watch: held.watch,
    hasStarted: async () => status.says(STARTED),
    leave: async () => {
      await held.leave();
      await status.remove();
    },
  };
}
