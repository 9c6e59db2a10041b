import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatedClock } from "@instar/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { endProcessTree } from "../platform/end-process-tree.ts";
import { isSameProcess, type ProcessIdentity } from "../platform/process-identity.ts";
import { DaemonMinder, type DaemonMinderOptions } from "./daemon-minder.ts";

let folder: string;
let clock: SimulatedClock;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-minder-"));
  for (const name of ["keeper", "logs"]) mkdirSync(join(folder, name));
  clock = new SimulatedClock();
  said = [];
});
afterEach(async () => {
  await endProcessTree({ marker: { name: "INSTAR_MINDER_TEST", value: folder }, graceMs: 0, signal: "SIGKILL", clock: systemClock });
  rmSync(folder, { recursive: true, force: true });
});

const minder = (script: string, parts: Partial<DaemonMinderOptions> = {}) =>
  new DaemonMinder({
    folder,
    argv: ["/bin/sh", "-c", `echo "$INSTAR_KEEPER" >>starts; ${script}`],
    cwd: folder,
    environment: { PATH: "/usr/bin:/bin", INSTAR_MINDER_TEST: folder },
    clock,
    say: (line) => said.push(line),
    ...parts,
  });
const recorded = () => JSON.parse(readFileSync(join(folder, "keeper", "daemon.json"), "utf8")) as ProcessIdentity;
const starts = () => {
  try {
    return readFileSync(join(folder, "starts"), "utf8").trim().split("\n");
  } catch {
    return [];
  }
};
const hasEnded = () => expect.poll(() => isSameProcess(recorded()), { timeout: 40_000 }).toBe(false);

describe("minding the daemon", () => {
  it("starts one, tells it who keeps it, and leaves it alone", async () => {
    const minding = minder("exec sleep 1000");
    for (let look = 0; look < 4; look += 1) await minding.tend();
    await expect.poll(starts, { timeout: 40_000 }).toHaveLength(1);
    expect(JSON.parse(starts()[0] ?? "")).toMatchObject({ pid: process.pid });
  });

  it("adopts one that another keeper started", async () => {
    await minder("exec sleep 1000").tend();
    await expect.poll(starts, { timeout: 40_000 }).toHaveLength(1);
    const before = recorded();
    await minder("exec sleep 1000").tend();
    expect(recorded()).toEqual(before);
    expect(starts()).toHaveLength(1);
  });

  it("starts one anew after longer and longer pauses", async () => {
    const minding = minder("exit 1");
    await minding.tend();
    let count = 1;
    for (const pauseMs of [100, 500, 2_000, 10_000, 10_000]) {
      await expect.poll(starts, { timeout: 40_000 }).toHaveLength(count);
      await hasEnded();
      await minding.tend();
      clock.advance(pauseMs - 1);
      await minding.tend();
      expect(starts()).toHaveLength(count);
      clock.advance(1);
      await minding.tend();
      count += 1;
    }
    await expect.poll(starts, { timeout: 40_000 }).toHaveLength(count);
    expect(new Set(said)).toEqual(new Set(["the daemon ended; starting it again"]));
  });

  it("begins at the first pause again after a long life", async () => {
    const minding = minder("exit 1");
    for (const pauseMs of [0, 100, 500]) {
      clock.advance(pauseMs);
      await minding.tend();
      await hasEnded();
      await minding.tend();
    }
    clock.advance(2_000);
    await minding.tend();
    await hasEnded();
    clock.advance(60_001);
    await minding.tend();
    const { pid } = recorded();
    clock.advance(100);
    await minding.tend();
    expect(recorded().pid).not.toBe(pid);
  });

  it("says what keeps it from starting, and goes on trying", async () => {
    const minding = minder("exec sleep 1000", { cwd: join(folder, "nowhere") });
    await minding.tend();
    await minding.tend();
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^the daemon could not be started: /);
    clock.advance(1_000);
    await minding.tend();
    expect(said).toHaveLength(2);
  });

  it("starts another where the record of the last one is damaged", async () => {
    writeFileSync(join(folder, "keeper", "daemon.json"), "{");
    await minder("exec sleep 1000").tend();
    await expect.poll(starts, { timeout: 40_000 }).toHaveLength(1);
  });

  it("stops it when told to", async () => {
    const minding = minder("exec sleep 1000", { clock: systemClock });
    await minding.tend();
    await minding.stop();
    expect(await isSameProcess(recorded())).toBe(false);
  });

  it("kills one that does not listen", async () => {
    const deaf = minder("trap '' TERM; while :; do sleep 0.1; done", { clock: new SimulatedClock({ whenAsleep: "skip" }) });
    await deaf.tend();
    await expect.poll(starts, { timeout: 40_000 }).toHaveLength(1);
    await deaf.stop();
    await hasEnded();
  });
});
