import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { transact } from "../database/open-database.ts";
import { hasLivingKeeper } from "../keeper/keeper-client.ts";
import { makePrivateFolder, removeTree, writeFileDurably } from "../platform/durable-files.ts";
import { acquireExclusiveLock, readLockHolder } from "../platform/exclusive-lock.ts";
import { type ProcessIdentity, readProcessIdentity } from "../platform/process-identity.ts";
import { endLeftoverJobs } from "../platform/run-job.ts";
import { sweepTemporary } from "../platform/sweep-temporary.ts";
import { withReserve } from "../platform/with-reserve.ts";
import { yieldProcessor } from "../platform/yield-processor.ts";
import type { Instance } from "./instance.ts";
import { Daemon } from "./run-daemon.ts";

export interface DaemonProcess {
  readonly folder: string;
  readonly instanceId: string;
  /** Opens the instance for acting: from then on every daemon before this one is fenced. */
  readonly open: () => Instance;
  /** Serves the faces; gives the port. */
  readonly serve: (daemon: Daemon, token: string) => Promise<{ port: number; close(): Promise<void> }>;
  /** The keeper that started this daemon, and how to start another should it die. Null where a service manager does that. */
  readonly keeper: ProcessIdentity | null;
  readonly startKeeper: (() => Promise<void>) | null;
  readonly say: (line: string) => void;
}

/** A look costs a read of /proc; a keeper that was killed must be back within two seconds, its own start included. */
const KEEPER_LOOK_MS = 100;

/** The daemon's whole life: lock, epoch, leftovers of the one before, faces, loops. */
export async function runDaemonProcess(options: DaemonProcess, stop: AbortSignal): Promise<void> {
  const { folder, say } = options;
  await yieldProcessor();
  await makePrivateFolder(folder);
  const lock = await acquireExclusiveLock(join(folder, "daemon.lock"));
  if (lock === undefined)
    throw new InstarError(
      "ALREADY_RUNNING",
      `another daemon runs on this data folder (pid ${(await readLockHolder(join(folder, "daemon.lock")))?.pid ?? "unknown"})`,
      { facts: { folder } },
    );
  const instance = await withReserve(folder, options.open);
  const { clock, keeper } = instance.rooms;
  const token = randomBytes(32).toString("hex");
  try {
    const ended = await endLeftoverJobs({ clock, instanceId: options.instanceId });
    if (ended > 0) say(`ended ${ended} processes that jobs of an earlier daemon had left`);
    await removeTree(join(folder, "scratch"));
    await removeTree(join(folder, "asked"));
    await removeTree(join(folder, "staging"));
    for (const part of [folder, join(folder, "sources")]) await sweepTemporary(part);
    const begun = {
      event: "EPOCH_TAKEN",
      actor: { type: "system", id: "daemon" },
      description: `a daemon began epoch ${instance.journal.epoch}`,
      success: true,
      details: { epoch: instance.journal.epoch },
    } as const;
    await withReserve(folder, () => transact(instance.database, () => instance.ledger.append(begun)));
    const daemon = new Daemon(instance, say);
    const face = await options.serve(daemon, token);
    try {
      const self = await readProcessIdentity(process.pid);
      const door = JSON.stringify({ pid: process.pid, startedAt: self?.startedAt ?? "", port: face.port, token });
      await withReserve(folder, () => writeFileDurably(join(folder, "daemon.json"), door));
      await keeper.command({ do: "take-over", epoch: instance.journal.epoch }).catch((error: unknown) => {
        if (InstarError.is(error, "FENCED")) throw error;
        say("the keeper does not answer yet");
      });
      say(`epoch ${instance.journal.epoch}, listening on 127.0.0.1:${face.port}`);
      // Neither outlives the other: a daemon that failed and only went on minding its keeper would look alive, and never be started again.
      const over = new AbortController();
      const until = AbortSignal.any([stop, over.signal]);
      await Promise.all([daemon.run(until), mindKeeper(options, instance, until)].map((life) => life.finally(() => over.abort())));
    } finally {
      await face.close();
    }
  } finally {
    instance.close();
    lock.release();
  }
}

/** Keeper and daemon mind each other: a keeper that was killed is back before people notice, and the agent never stopped. */
async function mindKeeper({ keeper, startKeeper, folder, say }: DaemonProcess, { rooms: { clock } }: Instance, stop: AbortSignal): Promise<void> {
  // Where a service manager minds the keeper there is nothing to do here, and that is no reason for the daemon to end.
  if (startKeeper === null || keeper === null) return sleepUntil(stop, clock);
  while (!stop.aborted) {
    await clock.sleep(KEEPER_LOOK_MS, stop).catch(() => undefined);
    if (stop.aborted || (await hasLivingKeeper(folder))) continue;
    say("the keeper ended; starting it again");
    await startKeeper().catch((error: unknown) => say(`the keeper could not be started: ${error instanceof Error ? error.message : String(error)}`));
    for (let look = 0; look < 50 && !stop.aborted && !(await hasLivingKeeper(folder)); look += 1)
      await clock.sleep(KEEPER_LOOK_MS, stop).catch(() => undefined);
  }
}

async function sleepUntil(stop: AbortSignal, clock: Instance["rooms"]["clock"]): Promise<void> {
  while (!stop.aborted) await clock.sleep(60_000, stop).catch(() => undefined);
}
