import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { acquireExclusiveLock, readLockHolder } from "./exclusive-lock.ts";
import { readProcessIdentity } from "./process-identity.ts";

let folder: string;
const started: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "instar-lock-"));
});
afterEach(async () => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  await rm(folder, { recursive: true });
});

/** Another process that takes the lock, lets the handle go out of sight, tries to be rid of it, and says what it got. */
async function startHolder(path: string): Promise<{ child: ChildProcess; got: string }> {
  const script = join(folder, "holder.ts");
  await writeFile(
    script,
    `import { acquireExclusiveLock } from ${JSON.stringify(join(import.meta.dirname, "exclusive-lock.ts"))};
     const got = (await acquireExclusiveLock(${JSON.stringify(path)})) === undefined ? "nothing" : "lock";
     for (let round = 0; round < 5; round++) { await new Promise(setImmediate); globalThis.gc(); }
     console.log(got);
     setInterval(() => {}, 1000);`,
  );
  const child = spawn(process.execPath, ["--expose-gc", script], { stdio: ["ignore", "pipe", "inherit"] });
  started.push(child);
  return { child, got: (await once(child.stdout, "data")).toString().trim() };
}

test("one process holds it, the next gets nothing and can name the first, and SIGKILL gives it back", async () => {
  const path = join(folder, "lock");
  const { child, got } = await startHolder(path);
  expect(got).toBe("lock");
  expect(await acquireExclusiveLock(path)).toBeUndefined();
  expect(await readLockHolder(path)).toEqual(await readProcessIdentity(child.pid ?? 0));
  child.kill("SIGKILL");
  await once(child, "exit");
  const lock = await acquireExclusiveLock(path);
  expect(lock).toBeDefined();
  expect(await readLockHolder(path)).toEqual(await readProcessIdentity(process.pid));
  expect((await startHolder(path)).got).toBe("nothing");
  lock?.release();
  expect((await startHolder(path)).got).toBe("lock");
});

test("the same process cannot take it twice, and releasing twice is fine", async () => {
  const path = join(folder, "lock");
  const lock = await acquireExclusiveLock(path);
  expect(await acquireExclusiveLock(path)).toBeUndefined();
  lock?.release();
  lock?.release();
  const again = await acquireExclusiveLock(path);
  expect(again).toBeDefined();
  again?.release();
});

test("a place where no lock can be is an error, not a lock held by another", async () => {
  await expect(acquireExclusiveLock(join(folder, "none", "lock"))).rejects.toMatchObject({ code: "PLATFORM_FAILED" });
});
