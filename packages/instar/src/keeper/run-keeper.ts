import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import { explainFileError, makePrivateFolder, readJsonFile, writeFileDurably } from "../platform/durable-files.ts";
import { acquireExclusiveLock, readLockHolder } from "../platform/exclusive-lock.ts";
import { readProcessIdentity } from "../platform/process-identity.ts";
import { sweepTemporary } from "../platform/sweep-temporary.ts";
import { withReserve } from "../platform/with-reserve.ts";
import { AgentSlot } from "./agent-slot.ts";
import { DaemonMinder } from "./daemon-minder.ts";
import { createFront, type Front, type FrontOptions } from "./front/front.ts";
import type { FrontCounts } from "./front/front-counts.ts";
import { type Keeper, pointFront } from "./keeper.ts";
import { serveControl } from "./keeper-control.ts";
import { KeeperMemory, SLOTS, type SlotName } from "./keeper-state.ts";
import { trimLog } from "./trim-log.ts";

export interface KeeperOptions {
  /** The instance's data folder. */
  readonly folder: string;
  /** Null for an agent without a port. */
  readonly front: Omit<FrontOptions, "clock" | "initialCounts" | "onError"> | null;
  /** How a daemon is started: program and arguments. */
  readonly daemon: { readonly argv: readonly string[]; readonly cwd: string; readonly environment: Readonly<Record<string, string>> };
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

/** How often processes are looked at. A crash is noticed this late; a look costs a read of /proc. */
const LOOK_EVERY_MS = 200;
/** How often counts are stored. What a killed keeper counted since is lost, which is in nobody's favour. */
const STORE_COUNTS_EVERY_MS = 1_000;
const TRIM_LOGS_EVERY_MS = 60_000;

/**
 * The keeper: the instance's root process. Owns the front and the slots, holds agent and daemon to running, and does
 * what the newest daemon says. It decides nothing about updates, and everything it must remember is in `keeper/state.json`
 * before it acts, so any keeper can be killed and the next one goes on.
 *
 * @returns when it was told to end, by signal or by control
 */
export async function runKeeper(options: KeeperOptions, stop: AbortSignal): Promise<void> {
  const { folder, clock, say } = options;
  const home = join(folder, "keeper");
  await makePrivateFolder(home);
  const lock = await acquireExclusiveLock(join(home, "lock"));
  if (lock === undefined)
    throw new InstarError("ALREADY_RUNNING", `another keeper runs on this data folder (pid ${(await readLockHolder(join(home, "lock")))?.pid ?? "unknown"})`, {
      facts: { folder },
      advice: "`instar status` shows it; `instar down` ends it.",
    });

  await sweepTemporary(home);
  const memory = await KeeperMemory.open(home);
  await noteLostCounts(memory);
  const slots = { blue: new AgentSlot("blue", memory, clock), green: new AgentSlot("green", memory, clock) };
  const countsPath = join(home, "counts.json");
  const initialCounts = await readCounts(countsPath);
  const front = options.front === null ? null : createFront({ ...options.front, clock, ...(initialCounts === undefined ? {} : { initialCounts }) });
  const ending = new AbortController();
  const until = AbortSignal.any([stop, ending.signal]);
  const keeper: Keeper = { memory, slots, front, clock, end: (keepAgent) => ending.abort({ keepAgent }), commandedMs: clock.monotonicMs() };
  const token = randomBytes(32).toString("hex");
  const control = await serveControl(keeper, token);
  const minder = new DaemonMinder({ ...options.daemon, folder, clock, say });

  // Routing and holding are as the last keeper left them before the first request is taken.
  if (memory.state.holding) front?.hold();
  pointFront(keeper);
  await listenPatiently(front, clock, say, until);
  const self = await readProcessIdentity(process.pid);
  const door = JSON.stringify({ port: control.port, token, pid: process.pid, startedAt: self?.startedAt ?? "" });
  await withReserve(folder, () => writeFileDurably(join(home, "control.json"), door));
  say(front === null ? "keeping an agent without a port" : `front listens on ${options.front?.host}:${options.front?.port}`);

  try {
    await tendUntil(keeper, minder, countsPath, until, say);
  } finally {
    const keepAgent = (ending.signal.reason as { keepAgent?: boolean } | undefined)?.keepAgent ?? false;
    await minder.stop();
    await front?.close({ graceMs: 2_000 });
    if (front !== null && (await storeCounts(countsPath, front, say))) await memory.change({ hasEndedWell: true });
    if (!keepAgent) for (const name of SLOTS) await endWithoutForgetting(keeper, name);
    await control.close();
    lock.release();
  }
}

async function tendUntil(keeper: Keeper, minder: DaemonMinder, countsPath: string, until: AbortSignal, say: (line: string) => void): Promise<void> {
  let storeAtMs = 0;
  let trimAtMs = 0;
  while (!until.aborted) {
    for (const name of SLOTS) {
      const before = keeper.slots[name].state.port;
      await keeper.slots[name]
        .tend()
        .catch((error: unknown) => say(`slot ${name} could not be started: ${error instanceof Error ? error.message : String(error)}`));
      if (keeper.slots[name].state.port !== before) pointFront(keeper);
    }
    await pointAwayFromTheDead(keeper);
    await endForgottenHold(keeper, say);
    await minder.tend();
    const nowMs = keeper.clock.monotonicMs();
    if (keeper.front !== null && nowMs >= storeAtMs) {
      storeAtMs = nowMs + STORE_COUNTS_EVERY_MS;
      await storeCounts(countsPath, keeper.front, say);
    }
    if (nowMs >= trimAtMs) {
      trimAtMs = nowMs + TRIM_LOGS_EVERY_MS;
      for (const name of SLOTS) await trimLog(keeper.slots[name].state.spec?.logPath).catch(() => undefined);
    }
    await keeper.clock.sleep(LOOK_EVERY_MS, until).catch(() => undefined);
  }
}

/** Looks which agents live, and points the front at those. */
async function pointAwayFromTheDead(keeper: Keeper): Promise<void> {
  const looked = SLOTS.map((name) => ({ name, process: keeper.slots[name].state.process }));
  const dead = new Set<SlotName>();
  for (const { name } of looked) if (!(await keeper.slots[name].isAlive())) dead.add(name);
  // A command may have started one again while we looked: then what was seen is of the past.
  for (const { name, process } of looked) if (keeper.slots[name].state.process !== process) dead.delete(name);
  pointFront(keeper, dead);
}

/** A hold during which no daemon said anything for this long is forgotten: an exchange says something every few seconds. */
const FORGOTTEN_HOLD_MS = 90_000;

/**
 * Lets requests go again where the daemon that held them is gone for good and what served before still runs. The daemon that comes back
 * holds again before it does anything else.
 */
async function endForgottenHold({ memory, slots, front, clock, commandedMs }: Keeper, say: (line: string) => void): Promise<void> {
  const { holding, routed } = memory.state;
  if (!holding || routed === null || clock.monotonicMs() - commandedMs < FORGOTTEN_HOLD_MS) return;
  if (slots[routed].state.wanted !== "running" || !(await slots[routed].isAlive())) return;
  say("nobody ended the hold; requests go to the version that serves");
  await memory.change({ holding: false });
  front?.release();
}

/** A keeper that was killed took its last second's counts along: the release that served then is remembered as undercounted. */
async function noteLostCounts(memory: KeeperMemory): Promise<void> {
  const { hasEndedWell, routed, slots, undercounted } = memory.state;
  const served = routed === null ? undefined : slots[routed].spec?.release;
  const lost = hasEndedWell || served === undefined || undercounted.includes(served) ? undercounted : [...undercounted, served].slice(-RELEASES_COUNTED);
  await memory.change({ undercounted: lost, hasEndedWell: false });
}

/** A port that is taken keeps the front waiting, not the keeper from minding the agent: `status` says why. */
async function listenPatiently(front: Front | null, clock: Clock, say: (line: string) => void, until: AbortSignal): Promise<void> {
  if (front === null) return;
  const attempt = async (): Promise<boolean> =>
    front.listen().then(
      () => true,
      (error: unknown) => {
        if (!InstarError.is(error, "PORT_IN_USE")) throw error;
        say(`${error.message}; trying again`);
        return false;
      },
    );
  if (await attempt()) return;
  void (async () => {
    while (!until.aborted) {
      await clock.sleep(500, until).catch(() => undefined);
      if (until.aborted || (await attempt())) return;
    }
  })();
}

/** `down` ends the process and keeps the wish: the next `up` starts what ran. */
async function endWithoutForgetting(keeper: Keeper, name: SlotName): Promise<void> {
  const wanted = keeper.memory.state.slots[name].wanted;
  await keeper.slots[name].stop();
  await keeper.memory.changeSlot(name, { wanted, restarts: 0 });
}

/** Counts of releases long gone are let go, or the file would grow with every update. */
const RELEASES_COUNTED = 20;

/** Counts that cannot be read are begun anew: they are evidence about a version, not the state of anything. */
async function readCounts(path: string): Promise<FrontCounts | undefined> {
  const found = (await readJsonFile(path).catch(() => undefined)) as FrontCounts | undefined;
  return found === undefined ? undefined : { ...found, releases: Object.fromEntries(Object.entries(found.releases).slice(-RELEASES_COUNTED)) };
}

async function storeCounts(path: string, front: Front, say: (line: string) => void): Promise<boolean> {
  try {
    await writeFileDurably(path, JSON.stringify(front.counts()));
    return true;
  } catch (error) {
    say(explainFileError(error, "counts could not be stored").message);
    return false;
  }
}
