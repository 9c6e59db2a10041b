import type { Settings } from "../settings/settings.ts";
import { OF_THE_NETWORK, planBubblewrap } from "./plan-bubblewrap.ts";
import { FILTER_DESCRIPTOR } from "./plan-launch.ts";
import { isWithin } from "./plan-program-folders.ts";
import type { PreparedBubblewrap } from "./prepare-bubblewrap.ts";

export interface SlotPlace extends PreparedBubblewrap {
  readonly settings: Settings["agent"]["sandbox"];
  /** bwrap's own path. */
  readonly tool: string;
  /** As `readProgramPaths` tells, for the agent's PATH. */
  readonly programs: readonly string[];
  readonly releaseTree: string;
  readonly dependenciesFolder: string | null;
  readonly stateDirectory: string | null;
  /** What Instar itself gives a program of the agent's beside its state: a folder that it is to fill. */
  readonly alsoWritable?: readonly string[];
  /** Instar's own: out of sight, but for what of it the agent is given. */
  readonly dataFolder: string;
  /** Of the user that the agent runs as, and its HOME. */
  readonly home: string;
  readonly cwd: string;
}

const MIB = 1_048_576;
/** In memory, and the agent's own business: enough for uploads and browsers, too little to take a small machine down alone. */
const MEMORY = { temporary: 512 * MIB, home: 256 * MIB, small: 64 * MIB };

/**
 * What the keeper puts before the agent's command line; nothing where the agent is not sandboxed. Its state is writable and its release is not, and of
 * Instar's data nothing else is seen. It does not die with its parent, since the agent outlives the keeper. The agent is not the first process
 * of its namespace, so signals mean to it what they mean outside; asked to end, the tool outside ends at once and the namespace when the agent's last process
 * does: what an agent leaves behind is found as it is outside, by its marker. With the host's network it reaches what any local program does, Instar's own port included.
 */
export function planSlotPrefix(place: SlotPlace): string[] {
  const { settings, home, stateDirectory, dependenciesFolder, dataFolder, agentFilterPath: filterPath } = place;
  if (settings.level === "open") return [];
  const isHostNetwork = settings.network === "host";
  const readable = [...place.programs, ...(settings.home === "host" ? [home] : []), ...settings.readable, ...(isHostNetwork ? OF_THE_NETWORK : [])];
  const given = [place.releaseTree, ...(dependenciesFolder === null ? [] : [dependenciesFolder])];
  const writable = [
    ...settings.writable.filter((path) => !isWithin(path, dataFolder)),
    ...(stateDirectory === null ? [] : [stateDirectory]),
    ...(place.alsoWritable ?? []),
  ];
  const view = planBubblewrap({
    tool: place.tool,
    layout: place.layout,
    madeUp: isHostNetwork ? place.madeUp.filter(({ path }) => !OF_THE_NETWORK.includes(path)) : place.madeUp,
    readable: [...readable.filter((path) => !isWithin(path, dataFolder)), ...given],
    writable,
    placed: [],
    // Only where something visible lies around it is there anything to hide.
    masked: [...readable, ...writable].some((path) => isWithin(dataFolder, path)) ? [dataFolder] : [],
    memory: [
      { path: "/tmp", sizeBytes: MEMORY.temporary },
      { path: "/dev/shm", sizeBytes: MEMORY.temporary },
      { path: "/var/tmp", sizeBytes: MEMORY.small },
      { path: "/run", sizeBytes: MEMORY.small },
      ...(settings.home === "own" ? [{ path: home, sizeBytes: MEMORY.home }] : []),
    ],
    network: isHostNetwork ? "host" : "private",
    endsWithParent: false,
    hasStatus: false,
    hasFilter: filterPath !== undefined,
    cwd: place.cwd,
    environment: {},
  });
  if (filterPath === undefined) return view;
  return ["/bin/sh", "-c", `exec ${FILTER_DESCRIPTOR}<"$1"; shift; exec "$@"`, "sh", filterPath, ...view];
}
