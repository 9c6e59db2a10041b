import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { isSameProcess, readProcessIdentity } from "./process-identity.ts";
import { parseLinuxStat, parsePsTable, parseWindowsTable } from "./process-table.ts";

const started: ReturnType<typeof spawn>[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

test("a living process has an identity that stays the same", async () => {
  const first = await readProcessIdentity(process.pid);
  expect(first?.pid).toBe(process.pid);
  expect(await readProcessIdentity(process.pid)).toEqual(first);
  expect(first !== undefined && (await isSameProcess(first))).toBe(true);
});

test("a process that ended is not the same any more", async () => {
  const child = spawn("sleep", ["100"]);
  started.push(child);
  const identity = await readProcessIdentity(child.pid ?? 0);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(identity).toBeDefined();
  expect(identity !== undefined && (await isSameProcess(identity))).toBe(false);
});

test("the same number with another start is another process", async () => {
  expect(await isSameProcess({ pid: process.pid, startedAt: "another boot/1" })).toBe(false);
});

test.skipIf(process.platform !== "linux")("a zombie counts as gone although its pid is still taken", async () => {
  // The child ends only once the shell has become a program that never waits for children, and so stays a zombie.
  const child = 'until [ "$(cat /proc/$PPID/comm)" = sleep ]; do :; done';
  const parent = spawn("sh", ["-c", 'sh -c "$0" & echo $!; exec sleep 100', child], { stdio: ["ignore", "pipe", "ignore"] });
  started.push(parent);
  const pid = Number((await once(parent.stdout, "data")).toString().trim());
  await expect.poll(() => readProcessIdentity(pid), { timeout: 5_000 }).toBeUndefined();
  expect(() => process.kill(pid, 0)).not.toThrow();
});

test("the name of a program cannot shift the fields of its stat line", () => {
  const rest = "1 77 77 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 4242 0 0";
  expect(parseLinuxStat(9, `9 (a) S 1 1) S ${rest}`, "boot")).toEqual({ pid: 9, parent: 1, group: 77, startedAt: "boot/4242" });
  expect(parseLinuxStat(9, `9 (sh) Z ${rest}`, "boot")).toBeUndefined();
  expect(parseLinuxStat(9, `9 (sh) X ${rest}`, "boot")).toBeUndefined();
});

test("a program whose main thread ended while others run is alive", () => {
  expect(parseLinuxStat(9, "9 (x) Z 1 77 77 0 -1 0 1 0 0 0 0 0 0 0 20 0 3 0 4242 0 0", "boot")).toBeDefined();
});

test("the tables of other platforms are read without their zombies", () => {
  const ps = "  501     1   501 Ss   Fri Nov 20 14:32:01 2026\n  502   501   501 Z+   Fri Nov 20 14:32:02 2026\n";
  expect(parsePsTable(ps)).toEqual([{ pid: 501, parent: 1, group: 501, startedAt: "Fri Nov 20 14:32:01 2026" }]);
  expect(parseWindowsTable("4 0 0\r\n812 4 638000000000\r\n")[1]).toEqual({ pid: 812, parent: 4, group: 812, startedAt: "638000000000" });
});
