import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readLedgerFiles } from "../ledger/read-ledger-files.testing.ts";
import { readProcessIdentity } from "../platform/process-identity.ts";
import { DaemonBench, step } from "./daemon-bench.testing.ts";
import type { Instance } from "./instance.ts";
import { readDaemonDoor } from "./read-daemon-door.ts";
import { type DaemonProcess, runDaemonProcess } from "./run-daemon-process.ts";

let bench: DaemonBench;
let running: { readonly stop: AbortController; readonly done: Promise<void> }[];
beforeEach(() => {
  bench = new DaemonBench();
  running = [];
});
afterEach(async () => {
  for (const { stop } of running) stop.abort();
  // Whatever it still does ends before its folder goes.
  await Promise.allSettled(running.map(({ done }) => done));
  await bench.close();
});

let opened: Instance[];
beforeEach(() => {
  opened = [];
});
const start = (parts: Partial<DaemonProcess> = {}) => {
  const stop = new AbortController();
  const done = runDaemonProcess(
    {
      folder: bench.data,
      instanceId: `instar:${bench.data}`,
      open: () => {
        const instance = bench.open([step("stage")]);
        opened.push(instance);
        return instance;
      },
      serve: async () => ({ port: 4_711, close: async () => undefined }),
      keeper: null,
      startKeeper: null,
      say: (line) => bench.said.push(line),
      ...parts,
    },
    stop.signal,
  );
  done.catch(() => undefined);
  running.push({ stop, done });
  return { stop, done };
};
const isUp = () => expect.poll(() => bench.said.some((line) => line.startsWith("epoch")), { timeout: 40_000 }).toBe(true);

describe("a daemon's process", () => {
  it("is alone on its data folder: another one is refused and takes no epoch", async () => {
    const first = start();
    await isUp();
    await expect(start().done).rejects.toMatchObject({ code: "ALREADY_RUNNING" });
    expect(opened).toHaveLength(1);
    expect(opened[0]?.database.prepare("SELECT epoch FROM lease").get()).toEqual({ epoch: 1 });
    first.stop.abort();
    await first.done;
  });

  it("shows a door while it lives, with a token that only its user can read", async () => {
    start();
    await isUp();
    expect(await readDaemonDoor(bench.data)).toMatchObject({ pid: process.pid, port: 4_711, token: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it("leaves a door that nobody is taken in by", async () => {
    writeFileSync(join(bench.data, "daemon.json"), JSON.stringify({ pid: process.pid, startedAt: "another boot/1", port: 1, token: "t" }));
    expect(await readDaemonDoor(bench.data)).toBeUndefined();
  });

  it("tells the ledger that it took an epoch, and each takes the next", async () => {
    for (const epoch of [1, 2]) {
      bench.said.length = 0;
      const { stop, done } = start();
      await isUp();
      expect(opened.at(-1)?.journal.epoch).toBe(epoch);
      stop.abort();
      await done;
    }
    expect(readLedgerFiles(join(bench.data, "ledger")).filter(({ event }) => event === "EPOCH_TAKEN")).toHaveLength(2);
  });

  it("clears what attempts of an earlier daemon left", async () => {
    mkdirSync(join(bench.data, "scratch", "update-1"), { recursive: true });
    // Killed right after the end of an update, it had no time to tidy up behind it.
    mkdirSync(join(bench.data, "releases", "1.0.0-abcdefgh-1", "tree"), { recursive: true });
    start();
    await isUp();
    expect(existsSync(join(bench.data, "scratch"))).toBe(false);
    await expect.poll(() => existsSync(join(bench.data, "releases", "1.0.0-abcdefgh-1"))).toBe(false);
  });

  it("lets the folder go when opening it fails", async () => {
    await expect(start({ serve: () => Promise.reject(new Error("no port")) }).done).rejects.toThrow("no port");
    bench.said.length = 0;
    start();
    await isUp();
  });

  it("starts a keeper where the one that has the lock ended, though the one that it replaced lives on", async () => {
    const self = await readProcessIdentity(process.pid);
    mkdirSync(join(bench.data, "keeper"), { recursive: true });
    writeFileSync(join(bench.data, "keeper", "control.json"), JSON.stringify({ ...self, port: 1, token: "t" }));
    writeFileSync(join(bench.data, "keeper", "pid"), `${process.pid}\nanother boot/1\n`);
    let started = 0;
    const startKeeper = async () => {
      started += 1;
    };
    start({ keeper: self ?? null, startKeeper });
    await expect.poll(() => started, { timeout: 40_000 }).toBe(1);
  });

  it("starts the keeper again when it ended, and not while it lives", async () => {
    let started = 0;
    const startKeeper = async () => {
      started += 1;
      const self = await readProcessIdentity(process.pid);
      mkdirSync(join(bench.data, "keeper"), { recursive: true });
      writeFileSync(join(bench.data, "keeper", "pid"), `${self?.pid}\n${self?.startedAt}\n`);
    };
    start({ keeper: { pid: process.pid, startedAt: "another boot/1" }, startKeeper });
    await expect.poll(() => started, { timeout: 40_000 }).toBe(1);
    await expect.poll(() => opened[0]?.journal.unfinished().length === 0 && opened[0]?.journal.list().length === 1, { timeout: 40_000 }).toBe(true);
    expect(started).toBe(1);
  });
});
