import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import { endProcessTree } from "../platform/end-process-tree.ts";
import { isPortFree } from "../platform/is-port-free.ts";
import { isSameProcess } from "../platform/process-identity.ts";
import { spawnDetached } from "../platform/spawn-detached.ts";
import { planAgentEnvironment } from "../settings/plan-agent-environment.ts";
import { planCommand } from "../settings/plan-command.ts";
import { readEnvironmentFile } from "../settings/read-environment-file.ts";
import type { Settings } from "../settings/settings.ts";
import type { KeeperMemory, SlotName, SlotSpec, SlotState } from "./keeper-state.ts";

/** The specification's ranges (`self-updating-loop` §6.5): of a slot that an older Instar wrote down without any. */
const PORT_RANGES: Record<SlotName, readonly [number, number]> = { blue: [8_000, 8_999], green: [9_000, 9_999] };
/** Pauses before an agent that ended by itself is started again; the last is repeated. */
const RESTART_PAUSES_MS = [250, 1_000, 4_000, 15_000] as const;

/**
 * One slot: the agent's process and nothing else. The process is a session of its own, its output goes to a file, and it
 * outlives the keeper; a new keeper adopts it by pid *and* start time. It is only let go once its pid is durable, so
 * no process can exist that nobody knows of.
 */
export class AgentSlot {
  readonly name: SlotName;
  readonly #memory: KeeperMemory;
  readonly #clock: Clock;
  #nextStartMs = 0;
  /** Starting, stopping and tending follow each other: a stop never overtakes a start that is under way. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(name: SlotName, memory: KeeperMemory, clock: Clock) {
    this.name = name;
    this.#memory = memory;
    this.#clock = clock;
  }

  get state(): SlotState {
    return this.#memory.state.slots[this.name];
  }

  async isAlive(): Promise<boolean> {
    return this.state.process !== null && (await isSameProcess(this.state.process));
  }

  /**
   * Holds the slot to running `spec`, or what it ran before where that is null. Already running just that: nothing happens.
   * @throws InstarError CONFLICT where something else runs here; PORT_IN_USE; APPLY_FAILED
   */
  start(spec: SlotSpec | null): Promise<void> {
    return this.#inTurn(() => this.#start(spec));
  }

  async #start(given: SlotSpec | null): Promise<void> {
    const spec = given ?? this.state.spec;
    if (spec === null) throw new InstarError("CONFLICT", `slot ${this.name} remembers nothing to start`, { facts: { slot: this.name } });
    if (await this.isAlive()) {
      if (JSON.stringify(this.state.spec) === JSON.stringify(spec)) return this.#memory.changeSlot(this.name, { wanted: "running" });
      throw new InstarError("CONFLICT", `slot ${this.name} still runs ${this.state.spec?.version ?? "something"}`, { facts: { slot: this.name } });
    }
    await this.#memory.changeSlot(this.name, { spec, wanted: "running", restarts: 0 });
    await this.#spawn(spec);
  }

  /** Ends the whole process tree: the agent's own signal first, then without asking. Stopped already: nothing happens. */
  stop(): Promise<void> {
    return this.#inTurn(() => this.#stop());
  }

  async #stop(): Promise<void> {
    // From here on no keeper starts it again, whatever happens to this one.
    if (this.state.wanted !== "stopped") await this.#memory.changeSlot(this.name, { wanted: "stopped" });
    const { process, spec } = this.state;
    if (process === null) return;
    await endProcessTree({
      identity: process,
      marker: { name: "INSTAR_SLOT_RUN", value: runMarker(this.name, spec) },
      signal: spec?.settings.agent.stopSignal ?? "SIGTERM",
      graceMs: spec?.settings.agent.stopWithin ?? 10_000,
      clock: this.#clock,
    });
  }

  /** Called again and again: starts the agent again where it should run and does not. */
  tend(): Promise<void> {
    return this.#inTurn(() => this.#tend());
  }

  async #tend(): Promise<void> {
    const { spec, wanted, restarts } = this.state;
    if (wanted !== "running" || spec === null || (await this.isAlive())) return;
    if (this.#clock.monotonicMs() < this.#nextStartMs) return;
    const pauseMs = RESTART_PAUSES_MS[Math.min(restarts, RESTART_PAUSES_MS.length - 1)] ?? 0;
    this.#nextStartMs = this.#clock.monotonicMs() + pauseMs;
    await this.#memory.changeSlot(this.name, { restarts: restarts + 1 });
    await this.#spawn(spec);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #spawn(spec: SlotSpec): Promise<void> {
    const { settings, release, version, stateDirectory } = spec;
    const port = await choosePort(spec, this.name, this.state.port);
    const command = planCommand(settings.agent.start, {
      release: spec.releaseFolder,
      ...(port === null ? {} : { port }),
      ...(stateDirectory === null ? {} : { state: stateDirectory }),
    });
    // A sandbox whose tool is gone starts nothing: the agent never runs outside of it.
    const argv = [...spec.prefix, ...command];
    const environment = planAgentEnvironment({
      settings,
      release: { id: release, version },
      inherited: spec.inherited,
      ...(port === null ? {} : { port }),
      ...(stateDirectory === null ? {} : { stateDirectory }),
      ...(spec.environmentFile === null ? {} : { environmentFile: await readEnvironmentFile(spec.environmentFile) }),
    });
    const logFrom = await stat(spec.logPath).then(
      (found) => found.size,
      () => 0,
    );
    await spawnDetached({
      argv,
      cwd: spec.cwd,
      environment: { ...environment, INSTAR_SLOT_RUN: runMarker(this.name, spec) },
      stdoutPath: spec.logPath,
      stderrPath: spec.logPath,
      beforeGo: async (process) => this.#memory.changeSlot(this.name, { process, port, logFrom, startedAt: new Date(this.#clock.wallMs()).toISOString() }),
    });
  }
}

/** Carried by everything the agent starts, so that what left the process group is found too. */
function runMarker(slot: SlotName, spec: SlotSpec | null): string {
  return `${slot}:${spec?.release ?? ""}:${spec?.logPath ?? ""}`;
}

/**
 * The port the slot had before where it is free, else a free one of the slot's range. Each instance begins to look at a place of its
 * own, so that two instances that start agents at the same moment do not reach for the same port.
 */
async function choosePort({ logPath, settings }: SlotSpec, slot: SlotName, before: number | null): Promise<number | null> {
  const { port: wanted, slotPorts } = settings.agent as Partial<Settings["agent"]>;
  if (wanted === "none") return null;
  if (typeof wanted === "number") return wanted;
  const [first, last] = slotPorts?.[slot] ?? PORT_RANGES[slot];
  if (before !== null && before >= first && before <= last && (await isPortFree(before))) return before;
  const many = last - first + 1;
  const offset = Number.parseInt(createHash("sha256").update(logPath).digest("hex").slice(0, 8), 16) % many;
  for (let step = 0; step < many; step += 1) {
    const port = first + ((offset + step) % many);
    if (await isPortFree(port)) return port;
  }
  throw new InstarError("PORT_IN_USE", `no port between ${first} and ${last} is free`, { facts: { slot, first, last } });
}
