import { access, constants } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import type { NetworkConfig } from "@anthropic-ai/sandbox-runtime";
import { InstarError } from "@instar/protocol";
import { makePrivateFolder, writeFileDurably } from "../platform/durable-files.ts";
import type { RunJob } from "../platform/run-job.ts";
import { adviseNamespaces, readNamespaceFacts } from "./advise-namespaces.ts";
import { assertNoTricks } from "./assert-no-tricks.ts";
import { createDescription } from "./describe-sandbox.ts";
import type { LimitsHere } from "./hold-limits.ts";
import { openLaunchStatus } from "./open-launch-status.ts";
import { partEnvironment } from "./part-environment.ts";
import { OF_THE_NETWORK } from "./plan-bubblewrap.ts";
import { planLaunch, STARTED } from "./plan-launch.ts";
import { planRuntimeTool } from "./plan-runtime-tool.ts";
import { planRuntimeCommand, planRuntimeFiles } from "./plan-sandbox-runtime.ts";
import { BUBBLEWRAP_PLACES, findBubblewrap, prepareBubblewrap, readProgramPaths } from "./prepare-bubblewrap.ts";
import { readSystemLayout, type SystemLayout } from "./read-system-layout.ts";
import type { Confinement, Entered, EnteredProgram, SandboxAdapter } from "./sandbox.ts";

export interface SandboxRuntimeOptions {
  readonly limits: () => Promise<LimitsHere>;
  /** Private, Instar's own, made where it is not there. */
  readonly folder: string;
  /** What no PATH may bring into sight: Instar's data, the agent's state. */
  readonly hidden: readonly string[];
  /** Runs the trial. */
  readonly runJob: RunJob;
  /** For tests: where bubblewrap lies instead of where the system keeps its own. */
  readonly tool?: string;
}

/**
 * `@anthropic-ai/sandbox-runtime`: Seatbelt on macOS, bubblewrap on Linux. It keeps files and the network and limits nothing: memory, processes,
 * descriptors and disk are held as without a sandbox. Its own proxies are not used, so nothing of it runs or listens beside a job.
 *
 * Its filter of system calls forbids unix sockets altogether, and what stays in a sandbox is asked through one: so it is off, and on Linux Instar's own is
 * put in its place. Sockets outside are out of sight by their paths.
 */
export function createSandboxRuntime(options: SandboxRuntimeOptions): SandboxAdapter {
  const isLinux = process.platform === "linux";
  const prepareOnce = rememberPrepared(options);
  const adapter: SandboxAdapter = {
    name: "sandbox-runtime",
    canPlace: false,
    describe: createDescription(() => adapter, {
      ...options,
      walls: {
        walls: isLinux ? "namespaces" : "Seatbelt",
        holdsTree: isLinux,
        wallsAdvice: isLinux ? "Use bubblewrap: sandbox.use in instar.yaml." : "",
        callsAdvice: isLinux ? "There is a filter for x64 and arm64 only." : "macOS has none.",
      },
      findObstacle: async () => findObstacle(placesOf(options)),
      advise: async () =>
        isLinux ? adviseNamespaces(await readNamespaceFacts()) : "Run `sandbox-exec -p '(version 1)(allow default)' true` and look at what it says.",
      because: "a job sees what is allowed of the machine's own files, and has a network of its own",
      advice: "",
    }),
    enter: (confinement, program) => enter(confinement, program, { ...options, prepareOnce }),
  };
  return adapter;
}

type Surroundings = SandboxRuntimeOptions & { readonly prepareOnce: (network: "host" | "private") => Promise<Prepared> };

async function enter(confinement: Confinement, program: EnteredProgram, options: Surroundings): Promise<Entered> {
  const obstacle = await findObstacle(placesOf(options));
  if (obstacle !== undefined) throw new InstarError("SANDBOX_FAILED", obstacle.because, { advice: obstacle.advice });
  await assertNoTricks(confinement);
  const { inside, outside } = partEnvironment(program.environment);
  const prepared = await options.prepareOnce(confinement.network.kind === "host" ? "host" : "private");
  const wrapped = await wrap(planRuntimeCommand(program, inside), { confinement, program, options, prepared });
  try {
    const { limits, scratch } = confinement;
    const held = await (await options.limits()).hold(limits, scratch);
    const status = openLaunchStatus(options.folder);
    return {
      argv: planLaunch({
        argv: ["/bin/sh", "-c", wrapped.command],
        limits,
        enters: held.enters,
        status: { path: status.path, writtenBy: "tool" },
        filterPath: confinement.use === "rehearse" ? prepared.agentFilterPath : prepared.filterPath,
      }),
      environment: outside,
      watch: held.watch,
      hasStarted: async () => status.says(STARTED),
      leave: async () => {
        await held.leave();
        await status.remove();
        wrapped.release();
      },
    };
  } catch (error) {
    wrapped.release();
    throw error;
  }
}

interface Prepared {
  readonly layout: SystemLayout;
  readonly filterPath?: string | undefined;
  readonly agentFilterPath?: string | undefined;
  /** A script that calls bubblewrap; undefined where there is none. */
  readonly bwrapPath?: string;
}

function rememberPrepared(options: SandboxRuntimeOptions): Surroundings["prepareOnce"] {
  const known = new Map<string, Promise<Prepared>>();
  return (network) => {
    const prepared = known.get(network) ?? prepare(network, options);
    known.set(network, prepared);
    prepared.catch(() => known.delete(network)); // A full disk may have room again.
    return prepared;
  };
}

async function prepare(network: "host" | "private", options: SandboxRuntimeOptions): Promise<Prepared> {
  await makePrivateFolder(options.folder);
  const tool = await findBubblewrap(placesOf(options));
  if (process.platform !== "linux" || tool === undefined) return { layout: await readSystemLayout() };
  const { layout, madeUp, filterPath, agentFilterPath } = await prepareBubblewrap(options.folder);
  const bwrapPath = join(options.folder, `bubblewrap-${network}`);
  const shown = network === "host" ? madeUp.filter(({ path }) => !OF_THE_NETWORK.includes(path)) : madeUp;
  await writeFileDurably(bwrapPath, planRuntimeTool({ tool, madeUp: shown, hasFilter: filterPath !== undefined }), 0o700);
  return { layout, filterPath, agentFilterPath, bwrapPath };
}

let turn: Promise<unknown> = Promise.resolve();

interface Wrapping {
  readonly confinement: Confinement;
  readonly program: EnteredProgram;
  readonly options: SandboxRuntimeOptions;
  readonly prepared: Prepared;
}

/**
 * The library has one configuration for the whole process, and parts of it cannot be given with a command: so commands are wrapped one after the other.
 * `initialize` would start proxies, which nothing here needs; `updateConfig` only sets the configuration.
 */
async function wrap(command: string, { confinement, program, options, prepared }: Wrapping): Promise<{ command: string; release: () => void }> {
  const { SandboxManager } = await import("@anthropic-ai/sandbox-runtime");
  const { layout, bwrapPath } = prepared;
  const hidden = [...options.hidden, options.folder, confinement.scratch];
  const programs = await readProgramPaths({ path: program.environment.PATH ?? "", layout, hidden });
  const homes = [homedir(), userInfo().homedir];
  const filesystem = planRuntimeFiles({ confinement, platform: process.platform, layout, programs, homes, hidden: options.hidden });
  const rg = await findSystemProgram("rg");
  // No list of hosts is no rule for the network at all; the library's type does not say so, its code and documents do.
  const network = (confinement.network.kind === "host" ? {} : { allowedDomains: [], deniedDomains: [] }) as NetworkConfig;
  const wrapping = turn.then(async () => {
    SandboxManager.updateConfig({
      filesystem,
      network: {
        ...network,
        // Linux tells sockets apart by what files are in sight, macOS by this list.
        ...(process.platform === "darwin"
          ? { allowUnixSockets: [confinement.scratch, ...confinement.readable, ...confinement.writable] }
          : { allowAllUnixSockets: true }),
        allowLocalBinding: true,
      },
      ...(bwrapPath === undefined ? {} : { bwrapPath }),
      ...(rg === undefined ? {} : { ripgrep: { command: rg } }),
    });
    return SandboxManager.wrapWithSandbox(command, "/bin/sh");
  });
  turn = wrapping.catch(() => {});
  try {
    let isReleased = false;
    return {
      command: await wrapping,
      release: () => {
        if (!isReleased) SandboxManager.cleanupAfterCommand();
        isReleased = true;
      },
    };
  } catch (cause) {
    throw new InstarError("SANDBOX_FAILED", "sandbox-runtime could not plan the sandbox", { cause });
  }
}

const placesOf = ({ tool }: SandboxRuntimeOptions) => (tool === undefined ? BUBBLEWRAP_PLACES : [tool]);

async function findObstacle(bubblewrapPlaces: readonly string[]): Promise<{ because: string; advice: string } | undefined> {
  if (process.platform === "darwin") return undefined;
  if (process.platform !== "linux") return { because: "sandbox-runtime is used on Linux and macOS", advice: "" };
  const missing = [
    ...((await findBubblewrap(bubblewrapPlaces)) === undefined ? ["bubblewrap"] : []),
    ...((await findSystemProgram("rg")) === undefined ? ["ripgrep"] : []),
  ];
  if (missing.length === 0) return undefined;
  return { because: `sandbox-runtime needs ${missing.join(" and ")}, which is not there`, advice: `apt-get install ${missing.join(" ")}` };
}

/** Looked for where the system keeps its own, never on a PATH that a job or an agent may have shaped. */
async function findSystemProgram(name: string): Promise<string | undefined> {
  for (const folder of ["/usr/bin", "/bin", "/usr/local/bin"])
    if (
      await access(`${folder}/${name}`, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return `${folder}/${name}`;
  return undefined;
}
