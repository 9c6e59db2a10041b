import { isAbsolute, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { SandboxChoice } from "../../sandbox/sandbox.ts";
import type { Settings } from "../../settings/settings.ts";

/** How both versions are rehearsed: what is the same for old and new. */
export interface RehearsalPlace {
  /** Whether each has a loopback of its own, so that no port of this machine is touched and nothing gets out. */
  readonly isPrivate: boolean;
  /** Where the new version listens, and the old one once that has ended. */
  readonly port: number | null;
  /** Where the old version listens beside it: the same, inside a loopback of its own, and another where they share this machine's. */
  readonly portBeside: number | null;
  /** Where its state appears to it: at its own place where the sandbox can do that; null where it is told by a variable or its command. */
  readonly stateAt: string | null;
  /** The settings by which its health is asked. */
  readonly settings: Settings;
  /** What measures a Node agent's event loop, loaded before the agent. */
  readonly probePath: string;
}

export type PlannedPlace = { readonly kind: "place"; readonly place: RehearsalPlace } | { readonly kind: "cannot"; readonly because: string };

/**
 * Where and how a version may be started aside without touching what serves. A sandbox without a network of its own shares the live one's ports,
 * and one without a root of its own would let a version that is not told where its state is open the live state: neither is ever risked.
 *
 * @param freePorts ports of this machine that nobody has, for sandboxes without a network of their own: two are wanted
 */
export function planRehearsalPlace(settings: Settings, choice: SandboxChoice, stateDirectory: string | null, freePorts: readonly number[]): PlannedPlace {
  const isPrivate = choice.enforces.includes("network");
  const { agent, state } = settings;
  if (!isPrivate && typeof agent.port === "number")
    return {
      kind: "cannot",
      because: `it always listens on port ${agent.port}, which the running version has, and the sandbox ${choice.sandbox} has no network of its own`,
    };
  const isTold = state.variable !== undefined || usesState(agent.start);
  if (stateDirectory !== null && !choice.canPlace && !isTold)
    return {
      kind: "cannot",
      because: `nothing tells the agent where its state is (state.variable, or {state} in agent.start), and the sandbox ${choice.sandbox} cannot put a copy in its place`,
    };
  const [port, portBeside] = planPorts(agent, isPrivate, freePorts);
  if (port === undefined || portBeside === undefined)
    return { kind: "cannot", because: `two free ports are needed, for old and new beside each other, and agent.slotPorts.green has ${freePorts.length}` };
  return {
    kind: "place",
    place: {
      isPrivate,
      port,
      portBeside,
      stateAt: stateDirectory !== null && choice.canPlace ? stateDirectory : null,
      settings: { ...settings, health: planHealth(settings, stateDirectory) },
      probePath: probePath(),
    },
  };
}

function planPorts(agent: Settings["agent"], isPrivate: boolean, freePorts: readonly number[]): readonly (number | null | undefined)[] {
  if (agent.port === "none") return [null, null];
  if (typeof agent.port === "number") return [agent.port, agent.port];
  return isPrivate ? [agent.slotPorts.blue[0], agent.slotPorts.blue[0]] : freePorts;
}

function usesState(command: Settings["agent"]["start"]): boolean {
  return (typeof command === "string" ? [command] : command).some((word) => /(?<!\$)\{state\}/.test(word));
}

/** A heartbeat file in the state is the copy's; one elsewhere would be the running version's own. */
function planHealth({ health }: Settings, stateDirectory: string | null): Settings["health"] {
  if (health.heartbeat === undefined || !isAbsolute(health.heartbeat.file)) return health;
  const inside = stateDirectory === null ? ".." : relative(stateDirectory, health.heartbeat.file);
  const { heartbeat, ...rest } = health;
  return inside.startsWith("..") || isAbsolute(inside) ? rest : { ...rest, heartbeat: { ...heartbeat, file: inside } };
}

/** Beside the program in a package, further up beside the sources. */
function probePath(): string {
  const here = fileURLToPath(import.meta.url);
  return here.endsWith(".ts") ? join(here, "../../../../bin/event-loop-probe.mjs") : join(here, "../../bin/event-loop-probe.mjs");
}
