import { open, readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { InstarError } from "@instar/protocol";
import type { ReleaseCounts } from "../keeper/front/front-counts.ts";
import type { KeeperReport, KeeperSlotReport } from "../keeper/keeper-control.ts";
import { SLOTS, type SlotName, type SlotSpec } from "../keeper/keeper-state.ts";
import { askSmoke } from "../observation/ask-smoke.ts";
import type { HealthReport } from "../observation/health-report.ts";
import { probeHealth } from "../observation/probe-health.ts";
import type { RunJob } from "../platform/run-job.ts";
import { planAgentEnvironment } from "../settings/plan-agent-environment.ts";
import { readEnvironmentFile } from "../settings/read-environment-file.ts";
import { planAgentData, planDoor } from "../settings/self-settings.ts";
import type { Settings } from "../settings/settings.ts";
import { judgeAnswerer } from "./judge-answerer.ts";
import type { StepContext } from "./step.ts";
import type { StepRooms } from "./step-rooms.ts";
import { recordOf } from "./steps/read-running.ts";

/** Requests in flight may finish for this long before the old version is asked to stop, where others wait in the hold meanwhile. */
const DRAIN_IN_HOLD_MS = 5_000;
const READY_POLL_MS = 60;
/** A program that has just started answers its first requests slowly: those who are connected need not all come at that moment. */
const WARM_UP_MS = 1_000;

/**
 * The moves of an exchange, each one asking the keeper what is there and saying what should be. All may be repeated.
 * The order that callers keep is what makes a crash harmless: hold, end the old one, finish the snapshot, start the new one, wait
 * until it serves, route, release.
 */
export class Exchange {
  readonly #rooms: StepRooms;
  readonly #epoch: number;
  readonly #signal: AbortSignal;
  readonly #say: (line: string) => void;

  constructor(rooms: StepRooms, context: Pick<StepContext, "epoch" | "signal" | "say">) {
    this.#rooms = rooms;
    this.#epoch = context.epoch;
    this.#signal = context.signal;
    this.#say = context.say;
  }

  report(): Promise<KeeperReport> {
    return this.#patiently(() => this.#rooms.keeper.state());
  }

  async hold(): Promise<void> {
    await this.#tell({ do: "hold", epoch: this.#epoch });
  }

  async release(): Promise<void> {
    await this.#tell({ do: "release", epoch: this.#epoch });
  }

  /** From now on every new request goes to this slot; what is in flight elsewhere stays there. */
  async route(slot: SlotName | null): Promise<void> {
    await this.#tell({ do: "route", epoch: this.#epoch, slot });
  }

  /** The same, but this share of the callers meets another slot. */
  async routeShare(slot: SlotName, share: { readonly slot: SlotName; readonly of: number }): Promise<void> {
    await this.#tell({ do: "route", epoch: this.#epoch, slot, share });
  }

  /** Tells the WebSockets of a slot, group by group, to come again, once the other version is warm; returns at once. */
  async retire(slot: SlotName): Promise<void> {
    const { group, within } = this.#rooms.settings.exchange.sockets;
    await this.#tell({ do: "retire", epoch: this.#epoch, slot, group, withinMs: within, afterMs: WARM_UP_MS });
  }

  /** Makes the keeper forget what a slot ran. Not while it runs. */
  async clear(slot: SlotName): Promise<void> {
    await this.#tell({ do: "clear", epoch: this.#epoch, slot });
  }

  /**
   * Lets requests in flight finish, then ends the slot's whole process tree. Returns once nothing of it lives. While requests are held
   * nobody is kept waiting for a stream that runs for hours: its WebSockets are told at once, and the time is short.
   */
  async endSlot(slot: SlotName): Promise<void> {
    const report = await this.report();
    const { drain, sockets } = this.#rooms.settings.exchange;
    const withinMs = report.holding ? Math.min(drain, DRAIN_IN_HOLD_MS) : drain;
    if (report.slots[slot].alive) {
      await this.#tell({ do: "retire", epoch: this.#epoch, slot, group: sockets.group, withinMs: Math.min(sockets.within, withinMs / 2) });
      await this.#tell({ do: "drain", epoch: this.#epoch, slot, withinMs });
    }
    await this.#tell({ do: "stop", epoch: this.#epoch, slot });
  }

  /** Holds a slot to running the release. A slot that still remembers it runs just what it ran before. */
  async startRelease(release: string): Promise<SlotName> {
    const report = await this.report();
    const remembered = slotOf(report, release);
    const slot =
      remembered ??
      SLOTS.find((candidate) => candidate !== report.routed && !report.slots[candidate].alive) ??
      SLOTS.find((candidate) => !report.slots[candidate].alive);
    if (slot === undefined) throw new InstarError("CONFLICT", "both slots run, so there is none to start in");
    await this.#tell({ do: "start", epoch: this.#epoch, slot, spec: remembered === undefined ? await planSlotSpec(this.#rooms, release) : null });
    return slot;
  }

  /**
   * Waits until the slot passes its health checks.
   * @throws InstarError UNHEALTHY when it does not within health.readyWithin, with the last word of its log unless that may quote a secret
   */
  async waitUntilReady(slot: SlotName, { quotesLog = true }: { readonly quotesLog?: boolean } = {}): Promise<void> {
    const { clock, settings } = this.#rooms;
    const untilMs = clock.monotonicMs() + settings.health.readyWithin;
    let last: HealthReport = { verdict: "nodata", because: "it was not asked yet" };
    let restarts = 0;
    while (clock.monotonicMs() < untilMs) {
      const report = await this.report();
      last = await this.probe(report.slots[slot]);
      if (last.verdict === "pass") last = await judgeAnswerer(report.slots[slot], last);
      if (last.verdict === "pass") return;
      restarts = report.slots[slot].restarts;
      if (restarts >= 3) break;
      await clock.sleep(READY_POLL_MS);
    }
    const words = quotesLog ? await tailOf((await this.report()).slots[slot].logPath) : "";
    throw new InstarError(
      "UNHEALTHY",
      `it did not become ready${restarts > 0 ? ` (ended ${restarts} times)` : ""}: ${last.because}${words === "" ? "" : `; its log ends: ${words}`}`,
      { facts: { slot } },
    );
  }

  /**
   * Asks the new version what the operator wants answered before anybody meets it.
   * @throws InstarError UNHEALTHY with the first check that did not pass
   */
  async assertSmoke(slot: SlotName): Promise<void> {
    const { port } = (await this.report()).slots[slot];
    if (port === null) return;
    for (const check of this.#rooms.settings.exchange.smoke) {
      const report = await askSmoke(port, check);
      if (report.verdict !== "pass") throw new InstarError("UNHEALTHY", `a smoke check did not pass: ${report.because}`, { facts: { slot, path: check.path } });
    }
  }

  probe(slot: KeeperSlotReport): Promise<HealthReport> {
    return probeSlot(this.#rooms, slot);
  }

  async #tell(command: Parameters<StepRooms["keeper"]["command"]>[0]): Promise<void> {
    await this.#patiently(() => this.#rooms.keeper.command(command));
  }

  /**
   * A keeper that was killed is being started again. Without it nothing can be done, forward or back, so waiting for it is no
   * failure of the update: it goes on for as long as it takes, and `status` says so.
   */
  async #patiently<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!InstarError.is(error, "KEEPER_UNREACHABLE")) throw error;
        this.#say("waiting for the keeper, which does not answer");
        await this.#rooms.clock.sleep(100, this.#signal);
      }
    }
  }
}

/** Asks the agent in a slot how it is. */
export async function probeSlot(rooms: StepRooms, slot: KeeperSlotReport): Promise<HealthReport> {
  const { settings, releases, stateDirectory, clock, folder } = rooms;
  const release = slot.release ?? "";
  return probeHealth(
    settings,
    {
      alive: slot.alive,
      port: slot.port,
      cwd: slot.cwd ?? folder,
      stateDirectory,
      releaseFolder: releases.treePath(release),
      logPath: slot.logPath ?? "",
      logFrom: slot.logFrom,
      startedAtMs: slot.startedAt === null ? 0 : Date.parse(slot.startedAt),
      environment: await readSlotEnvironment(rooms, slot),
    },
    // A health command is often the release's own program: it may reach what the agent may, and no more.
    {
      clock,
      runJob: runAsAgent(rooms, release),
      jobLogPath: join(folder, "logs", "health.log"),
    },
  );
}

/** Runs programs with what the agent itself may reach, and no more. */
export function runAsAgent(rooms: Pick<StepRooms, "runJob" | "slotPrefix">, release: string): RunJob {
  return async (job) => rooms.runJob({ ...job, argv: [...(await rooms.slotPrefix(release)), ...job.argv] });
}

/** What a program gets that runs as the agent in a slot does. */
export async function readSlotEnvironment(rooms: StepRooms, slot: KeeperSlotReport): Promise<Readonly<Record<string, string>>> {
  const { settings, stateDirectory, inherited } = rooms;
  return planAgentEnvironment({
    settings,
    release: { id: slot.release ?? "", version: slot.version ?? "" },
    inherited,
    ...(await readVariables(rooms)),
    ...(slot.port === null ? {} : { port: slot.port }),
    ...(stateDirectory === null ? {} : { stateDirectory }),
  });
}

/** The absolute path of agent.environmentFile; null where there is none. */
export function environmentFileOf({ settings, settingsFolder }: StepRooms): string | null {
  const file = settings.agent.environmentFile;
  if (file === undefined) return null;
  return isAbsolute(file) ? file : join(settingsFolder, file);
}

/** For the operator's own commands, which see what the agent sees. */
async function readVariables(rooms: StepRooms): Promise<{ environmentFile?: Readonly<Record<string, string>> }> {
  const path = environmentFileOf(rooms);
  const { command, before, after } = rooms.settings.health;
  const isNeeded = command !== undefined || before.length > 0 || after.length > 0;
  return path === null || !isNeeded ? {} : { environmentFile: await readEnvironmentFile(path) };
}

async function planSlotSpec(rooms: StepRooms, release: string): Promise<SlotSpec> {
  const { settings, releases, folder } = rooms;
  const record = await recordOf(rooms, release);
  if (record === undefined) throw new InstarError("RELEASE_DAMAGED", `release ${release} is not on disk`, { facts: { release } });
  return {
    release,
    version: record.version,
    settings: { agent: openToDoor(settings, rooms.settingsFolder), state: settings.state },
    cwd: join(releases.treePath(release), settings.agent.directory),
    releaseFolder: releases.treePath(release),
    stateDirectory: rooms.stateDirectory,
    environmentFile: environmentFileOf(rooms),
    inherited: { ...rooms.inherited },
    prefix: [...(await rooms.slotPrefix(release))],
    logPath: join(folder, "logs", `agent-${release}.log`),
  };
}

/** Who serves may speak to the daemon as the agent. Its tests, and a version that is only rehearsed, are not told where. */
function openToDoor({ agent, self }: Settings, settingsFolder: string): Settings["agent"] {
  if (self === undefined) return agent;
  return { ...agent, environment: { INSTAR_DOOR: planDoor(planAgentData(self, settingsFolder)), ...agent.environment } };
}

/** What the front has counted for a release so far; nothing for an agent without a port. */
export function countsOf(report: KeeperReport, release: string | null): Pick<ReleaseCounts, "requests" | "failed" | "writes"> {
  const counts = report.front?.counts;
  const found = release === null ? undefined : counts?.releases[release];
  return { requests: found?.requests ?? 0, failed: found?.failed ?? 0, writes: found?.writes ?? 0 };
}

export function slotOf(report: KeeperReport, release: string | null): SlotName | undefined {
  return release === null ? undefined : SLOTS.find((slot) => report.slots[slot].release === release);
}

async function tailOf(path: string | null): Promise<string> {
  if (path === null) return "";
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return "";
  await file.close();
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  return lines.slice(-3).join(" | ").slice(-300);
}
