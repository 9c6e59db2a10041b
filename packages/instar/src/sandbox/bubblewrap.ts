import { InstarError } from "@instar/protocol";
import { describeJobContainment } from "../platform/job-containment.ts";
import type { RunJob } from "../platform/run-job.ts";
import { adviseNamespaces, readNamespaceFacts } from "./advise-namespaces.ts";
import { assertNoTricks } from "./assert-no-tricks.ts";
import { createDescription } from "./describe-sandbox.ts";
import type { LimitsHere } from "./hold-limits.ts";
import { INSTALL_BUBBLEWRAP } from "./no-sandbox.ts";
import { type LaunchStatus, openLaunchStatus } from "./open-launch-status.ts";
import { partEnvironment } from "./part-environment.ts";
import { OF_THE_NETWORK, planBubblewrap } from "./plan-bubblewrap.ts";
import { planLaunch } from "./plan-launch.ts";
import { BUBBLEWRAP_PLACES, findBubblewrap, type PreparedBubblewrap, prepareBubblewrap, readProgramPaths } from "./prepare-bubblewrap.ts";
import type { Confinement, Entered, EnteredProgram, JobLimits, SandboxAdapter } from "./sandbox.ts";

export interface BubblewrapOptions {
  readonly limits: () => Promise<LimitsHere>;
  /** Private, Instar's own, made where it is not there: holds the made-up files and the filter. */
  readonly folder: string;
  /** What no PATH may bring into sight: Instar's data, the agent's state. */
  readonly hidden: readonly string[];
  /** Runs the trial. */
  readonly runJob: RunJob;
  /** For tests: where the tool lies instead of where the system keeps its own. */
  readonly tool?: string;
}

/** bubblewrap: a new root that holds only what is listed, namespaces of its own, no capabilities, and a filter of system calls. Linux. */
export function createBubblewrap(options: BubblewrapOptions): SandboxAdapter {
  let prepared: Promise<PreparedBubblewrap> | undefined;
  const adapter: SandboxAdapter = {
    name: "bubblewrap",
    canPlace: true,
    describe: createDescription(() => adapter, {
      ...options,
      walls: { walls: "namespaces", holdsTree: true, wallsAdvice: "", callsAdvice: "There is a filter for x64 and arm64 only." },
      findObstacle: async () => findObstacle(placesOf(options)),
      advise: async () => adviseNamespaces(await readNamespaceFacts()),
      because: "a job has a root of its own, namespaces of its own and no capabilities",
      advice: "",
    }),
    enter: async (confinement, program) => {
      prepared ??= prepareBubblewrap(options.folder);
      prepared.catch(() => {
        prepared = undefined; // A full disk may have room again.
      });
      return enter(confinement, program, { ...options, ...(await prepared) });
    },
  };
  return adapter;
}

type Surroundings = BubblewrapOptions & PreparedBubblewrap;

async function enter(confinement: Confinement, program: EnteredProgram, around: Surroundings): Promise<Entered> {
  const tool = await findBubblewrap(placesOf(around));
  if (tool === undefined) throw new InstarError("SANDBOX_FAILED", "bubblewrap is gone", { advice: INSTALL_BUBBLEWRAP });
  await assertNoTricks(confinement);
  const { limits, scratch, network } = confinement;
  const hidden = [...around.hidden, around.folder, scratch];
  const { inside, outside } = partEnvironment(program.environment);
  const filterPath = confinement.use === "rehearse" ? around.agentFilterPath : around.filterPath;
  const view = planBubblewrap({
    tool,
    layout: around.layout,
    madeUp: network.kind === "host" ? around.madeUp.filter(({ path }) => !OF_THE_NETWORK.includes(path)) : around.madeUp,
    readable: [
      ...(await readProgramPaths({ path: program.environment.PATH ?? "", layout: around.layout, hidden })),
      ...confinement.readable,
      ...(network.kind === "host" ? OF_THE_NETWORK : []),
    ],
    writable: confinement.writable,
    placed: confinement.placed ?? [],
    scratch,
    masked: [],
    memory: planMemoryFolders(limits),
    network: network.kind === "host" ? "host" : "private",
    // Where the kernel ends the job's namespace anyway, what outlives the program is seen, told and then ended, rather than gone before anybody looked.
    endsWithParent: (await describeJobContainment()).treeEnds !== "namespace",
    hasStatus: true,
    hasFilter: filterPath !== undefined,
    cwd: program.cwd,
    environment: inside,
  });
  const held = await (await around.limits()).hold(limits, scratch);
  const status: LaunchStatus = openLaunchStatus(around.folder);
  return {
    argv: planLaunch({
      argv: [...view, ...program.argv],
      limits,
      enters: held.enters,
      status: { path: status.path, writtenBy: "tool" },
      filterPath,
    }),
    environment: outside,
    watch: held.watch,
    // bwrap writes the program's exit status only where it had come to execute it.
    hasStarted: async () => status.says('"exit-code"'),
    leave: async () => {
      await held.leave();
      await status.remove();
    },
  };
}

const placesOf = ({ tool }: BubblewrapOptions) => (tool === undefined ? BUBBLEWRAP_PLACES : [tool]);

async function findObstacle(places: readonly string[]): Promise<{ because: string; advice: string } | undefined> {
  if (process.platform !== "linux") return { because: "bubblewrap is for Linux", advice: "" };
  if ((await findBubblewrap(places)) !== undefined) return undefined;
  return { because: `bubblewrap is not installed (looked for ${places.join(", ")})`, advice: INSTALL_BUBBLEWRAP };
}

/** Part of the job's memory where a cgroup counts it; where none does, all of them together stay below a half of it. */
function planMemoryFolders({ memoryBytes }: JobLimits): { path: string; sizeBytes: number }[] {
  const large = Math.min(Math.floor(memoryBytes / 5), 536_870_912);
  const small = Math.min(Math.floor(memoryBytes / 32), 16_777_216);
  return [
    { path: "/tmp", sizeBytes: large },
    { path: "/dev/shm", sizeBytes: large },
    { path: "/var/tmp", sizeBytes: small },
    { path: "/run", sizeBytes: small },
  ];
}
