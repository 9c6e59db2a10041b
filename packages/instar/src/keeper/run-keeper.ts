import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import { makePrivateFolder, writeFileDurably } from "../platform/durable-files.ts";
import { readProcessIdentity } from "../platform/process-identity.ts";
import { sweepTemporary } from "../platform/sweep-temporary.ts";
import { withReserve } from "../platform/with-reserve.ts";
import type { CertificateFiles } from "../settings/read-server-certificate.ts";
import { AgentSlot } from "./agent-slot.ts";
import { noteLostCounts, readCounts, storeCounts } from "./counts-file.ts";
import { DaemonMinder } from "./daemon-minder.ts";
import { createFront, type Front, type FrontOptions } from "./front/front.ts";
import { LiveCertificate } from "./front/live-certificate.ts";
import type { RetireOptions } from "./front/tunnels.ts";
import { HandOver } from "./hand-over.ts";
import { type Keeper, pointFront } from "./keeper.ts";
import { serveControl } from "./keeper-control.ts";
import { KeeperLock } from "./keeper-lock.ts";
import { KeeperMemory, SLOTS, type SlotName } from "./keeper-state.ts";
import type { Predecessor, Turn } from "./predecessor.ts";
import type { SuccessorOptions } from "./successor.ts";
import { createErrorTeller } from "./tell-front-errors.ts";
import { Tending } from "./tend-instance.ts";

export interface KeeperOptions {
  /** The instance's data folder. */
  readonly folder: string;
  /** Null for an agent without a port. */
  readonly front: (Omit<FrontOptions, "clock" | "initialCounts" | "onError" | "certificate"> & { readonly tls?: CertificateFiles }) | null;
  /** How a daemon is started: program and arguments. */
  readonly daemon: { readonly argv: readonly string[]; readonly cwd: string; readonly environment: Readonly<Record<string, string>> };
  /** How a keeper is started that is to replace this one. */
  readonly successor: SuccessorOptions;
  /** The keeper that this one is to replace; null for one that just begins. */
  readonly predecessor: Predecessor | null;
  /** How long what is in flight may take when this keeper is replaced. */
  readonly drainMs: number;
  /** How WebSockets are told to come again then. */
  readonly sockets: RetireOptions;
  /** A service manager or a container starts keepers, and nobody else does. */
  readonly isManaged: boolean;
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

/**
 * The keeper: the instance's root process. Owns the front and the slots, holds agent and daemon to running, and does
 * what the newest daemon says. It decides nothing about updates, and everything it must remember is in `keeper/state.json`
 * before it acts, so any keeper can be killed and the next one goes on.
 *
 * @returns when it was told to end, by signal or by control, or when another keeper has replaced it and nothing of it is in flight
 */
export async function runKeeper(options: KeeperOptions, stop: AbortSignal): Promise<void> {
  const { folder, clock, say, predecessor } = options;
  const home = join(folder, "keeper");
  await makePrivateFolder(home);
  const tls = options.front?.tls;
  const certificate = tls === undefined ? undefined : new LiveCertificate({ files: tls, clock, say });
  // Who has nothing to show does not take over; who just begins minds the agent meanwhile.
  if (predecessor !== null) await certificate?.load();
  const turn = predecessor === null ? null : await predecessor.turn();
  const lock = new KeeperLock(home, say);
  await lock.take();

  await sweepTemporary(home);
  const memory = await KeeperMemory.open(home);
  // Until the other keeper has let go it may take everything back: one that takes over changes nothing before.
  if (turn === null) await noteBeginning(memory);
  const slots = { blue: new AgentSlot("blue", memory, clock), green: new AgentSlot("green", memory, clock) };
  const countsPath = join(home, "counts.json");
  const initialCounts = turn?.counts ?? (await readCounts(countsPath));
  const front =
    options.front === null
      ? null
      : createFront({
          ...options.front,
          clock,
          onError: createErrorTeller(clock, say),
          ...(certificate && { certificate }),
          ...(initialCounts && { initialCounts }),
        });
  const ending = new AbortController();
  const until = AbortSignal.any([stop, ending.signal]);
  const keepAgent = () => (ending.signal.reason as { keepAgent?: boolean } | undefined)?.keepAgent ?? false;
  const end = (keepAgent: boolean) => ending.abort({ keepAgent });
  const minder = new DaemonMinder({ ...options.daemon, folder, clock, say });
  const handOver: HandOver = new HandOver({ ...options, lock, until, keepAgent, tending: () => tending, keeper: () => keeper });
  const startedAt = new Date(clock.wallMs()).toISOString();
  const keeper: Keeper = { memory, slots, front, clock, startedAt, end, handOver, predecessor, commandedMs: clock.monotonicMs() };
  const tending: Tending = new Tending({ keeper, minder, countsPath, say });
  const token = randomBytes(32).toString("hex");
  const control = await serveControl(keeper, token);

  try {
    // Routing and holding are as the last keeper left them before the first request is taken.
    if (memory.state.holding) front?.hold();
    pointFront(keeper);
    const over = AbortSignal.any([until, handOver.isDone]);
    if (turn === null || predecessor === null) await listenPatiently(front, options, over);
    else await takeSocket(front, options, predecessor, turn, over);
    await predecessor?.took();
    const self = await readProcessIdentity(process.pid);
    const door = JSON.stringify({ port: control.port, token, pid: process.pid, startedAt: self?.startedAt ?? "" });
    await withReserve(folder, () => writeFileDurably(join(home, "control.json"), door));
  } catch (error) {
    await front?.close({ graceMs: 0 });
    await control.close();
    lock.letGo();
    throw error;
  }
  predecessor?.follow(options.drainMs, { counted: (counts) => front?.addCounts(counts), end });
  void predecessor?.gone.then(({ isWell }) => (isWell ? undefined : noteLostCounts(memory))).catch((error: unknown) => say(String(error)));
  if (front === null) say("keeping an agent without a port");
  else if (front.listener() !== undefined) sayListening(options);

  try {
    await tending.until(AbortSignal.any([until, handOver.isDone]));
  } finally {
    if (handOver.isDone.aborted) await handOver.retire();
    else {
      await minder.stop();
      await Promise.all([front?.close({ graceMs: 2_000 }), predecessor?.hurry()]);
      if (front !== null && (await storeCounts(countsPath, front, say))) await memory.change({ hasEndedWell: true });
      if (!keepAgent()) for (const name of SLOTS) await endWithoutForgetting(keeper, name);
      await lock.end();
    }
    await control.close();
  }
}

async function noteBeginning(memory: KeeperMemory): Promise<void> {
  if (!memory.state.hasEndedWell) await noteLostCounts(memory);
  await memory.change({ hasEndedWell: false });
}

/** A port that is taken, or a certificate that cannot be shown, keeps the front waiting, not the keeper from minding the agent: `status` says why. */
async function listenPatiently(front: Front | null, options: KeeperOptions, over: AbortSignal): Promise<void> {
  const { clock, say } = options;
  if (front === null) return;
  let said = "";
  const attempt = async (): Promise<boolean> =>
    front.listen().then(
      () => true,
      (error: unknown) => {
        if (over.aborted) return true;
        if (!InstarError.is(error, "PORT_IN_USE") && !InstarError.is(error, "SETTINGS_INVALID")) throw error;
        if (said !== error.message) say(`${error.message}; trying again`);
        said = error.message;
        return false;
      },
    );
  if (await attempt()) return;
  void (async () => {
    while (!over.aborted) {
      await clock.sleep(500, over).catch(() => undefined);
      if (over.aborted) return;
      if ((await attempt()) && !over.aborted) return sayListening(options);
    }
  })();
}

function sayListening({ front, say }: KeeperOptions): void {
  say(`front listens on ${front?.host}:${front?.port}${front?.tls === undefined ? "" : " and speaks TLS"}`);
}

/**
 * Listens on the very socket of the keeper before: what waits to be accepted there is lost by nobody. Where the settings name another address
 * now, this keeper must get that one, or the other goes on.
 */
async function takeSocket(front: Front | null, options: KeeperOptions, predecessor: Predecessor, { listening }: Turn, over: AbortSignal): Promise<void> {
  if (front === null || options.front === null) return;
  const isSame = listening !== null && listening.host === options.front.host && listening.port === options.front.port;
  if (isSame && (await predecessor.listenOn((socket) => front.listen(socket)))) return;
  if (isSame || listening === null) await listenPatiently(front, options, over);
  else await front.listen();
}

/** `down` ends the process and keeps the wish: the next `up` starts what ran. */
async function endWithoutForgetting(keeper: Keeper, name: SlotName): Promise<void> {
  const wanted = keeper.memory.state.slots[name].wanted;
  await keeper.slots[name].stop();
  await keeper.memory.changeSlot(name, { wanted, restarts: 0 });
}
