import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { systemClock as clock } from "../platform/clock.ts";
import { findCgroups, makeCgroup } from "./cgroup.ts";
import { createLimits } from "./hold-limits.ts";

const prefix = `instar-test-${randomUUID()}`;
const found = await findCgroups(`${prefix}-found`, clock);
const limits = { memoryBytes: 67_108_864, processes: 32, descriptors: 64, diskBytes: 1_048_576, cpus: 0.5 };

test("looking for a place leaves nothing", () => {
  if (found.kind === "found") expect(existsSync(join(found.place.folders.memory, `${prefix}-found`))).toBe(false);
  else expect(found.because).not.toBe("");
});

describe.skipIf(found.kind === "none")("where this machine lets us make cgroups", () => {
  if (found.kind === "none") return;
  const { place } = found;

  test("one has the limits that it was given", async () => {
    const cgroup = await makeCgroup(place, `${prefix}-limits`, limits, clock);
    const read = (parent: string | undefined, name: string) => readFileSync(join(parent ?? "", `${prefix}-limits`, name), "utf8").trim();
    expect(read(place.folders.memory, place.version === 1 ? "memory.limit_in_bytes" : "memory.max")).toBe("67108864");
    if (place.folders.cpu !== undefined) expect(read(place.folders.cpu, place.version === 1 ? "cpu.cfs_quota_us" : "cpu.max")).toMatch(/^50000/);
    expect(await cgroup.look()).toEqual({ processes: 0, memoryKills: 0, refusedForks: 0 });
    await cgroup.remove();
    await cgroup.remove();
    expect(cgroup.enters.some((path) => existsSync(dirname(path)))).toBe(false);
  });

  test("removing one ends what is still in it", async () => {
    const cgroup = await makeCgroup(place, `${prefix}-full`, limits, clock);
    const child = spawn("sleep", ["600"], { stdio: "ignore" });
    const ended = once(child, "exit");
    for (const path of cgroup.enters) writeFileSync(path, String(child.pid));
    expect((await cgroup.look()).processes).toBe(1);
    await cgroup.remove();
    expect((await ended)[1]).toBe("SIGKILL");
    expect(cgroup.enters.some((path) => existsSync(dirname(path)))).toBe(false);
  });

  test("what a killed daemon left is gone after the next one has looked, and nobody else's", async () => {
    const instanceId = randomUUID();
    const [left, other] = [join(place.folders.memory, `instar-${instanceId}-0123`), join(place.folders.memory, `instar-${randomUUID()}-0123`)];
    for (const folder of [left, other]) mkdirSync(folder);
    await createLimits({ clock, instanceId })();
    expect([existsSync(left), existsSync(other)]).toEqual([false, true]);
    rmdirSync(other);
  });
});
