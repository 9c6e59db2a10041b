import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { freemem, tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readAvailableBytes } from "./memory.ts";

const MiB = 1_048_576;
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "instar-memory-"));
});
afterEach(async () => rm(root, { recursive: true }));

async function given(files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries({ "proc/meminfo": `MemTotal: 9 kB\nMemAvailable:   ${1_000 * 1_024} kB\n`, ...files })) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

test("without a control group the machine's own number counts", async () => {
  await given({ "proc/self/cgroup": "0::/\n" });
  expect(await readAvailableBytes(root)).toBe(1_000 * MiB);
});

test("the tightest of all version 2 groups above this process caps it, less what can be reclaimed", async () => {
  await given({
    "proc/self/cgroup": "0::/a/b\n",
    "sys/fs/cgroup/a/b/memory.max": "max\n",
    "sys/fs/cgroup/a/b/memory.current": `${50 * MiB}\n`,
    "sys/fs/cgroup/a/memory.max": `${300 * MiB}\n`,
    "sys/fs/cgroup/a/memory.current": `${250 * MiB}\n`,
    "sys/fs/cgroup/a/memory.stat": `anon 1\ninactive_file ${20 * MiB}\n`,
  });
  expect(await readAvailableBytes(root)).toBe(70 * MiB);
});

test("a version 1 group caps too, seen from inside a container where its path does not exist", async () => {
  await given({
    "proc/self/cgroup": "7:cpu,cpuacct:/x\n4:memory:/docker/abc\n0::/\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": `${100 * MiB}\n`,
    "sys/fs/cgroup/memory/memory.usage_in_bytes": `${99 * MiB}\n`,
  });
  expect(await readAvailableBytes(root)).toBe(1 * MiB);
});

test("elsewhere the platform's free memory is told, and here a number that can be", async () => {
  const elsewhere = await readAvailableBytes(join(root, "none"));
  expect(elsewhere).toBeGreaterThan(0);
  expect(elsewhere).toBeLessThanOrEqual(Math.max(totalmem(), freemem()));
  const here = await readAvailableBytes();
  expect(here).toBeGreaterThan(0);
  expect(here).toBeLessThanOrEqual(totalmem());
});
