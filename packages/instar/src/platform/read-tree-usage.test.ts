import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { parseUsage, readProportionalBytes, readTreeUsage } from "./read-tree-usage.ts";

let started: { kill(signal: "SIGKILL"): boolean }[] = [];
afterEach(() => {
  for (const child of started) child.kill("SIGKILL");
  started = [];
});

async function start(script: string) {
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
  started.push(child);
  await once(child.stdout, "data");
  return child.pid ?? 0;
}

test("a tree is a process and all below it, with the memory that they hold", async () => {
  const pid = await start(
    "const held = Buffer.alloc(104857600, 1); require('node:child_process').spawn('sleep', ['600'], { stdio: 'ignore' }).once('spawn', () => console.log('ready')); process.on('exit', () => held.length); setInterval(() => {}, 1000)",
  );
  const tree = await readTreeUsage(pid);
  const sleeping = tree.pids.filter((member) => member !== pid);
  for (const member of sleeping) started.push({ kill: (signal) => process.kill(member, signal) });
  expect(tree.pids).toHaveLength(2);
  expect(tree.residentBytes).toBeGreaterThan(104_857_600);
  expect(tree.residentBytes).toBeLessThan(1_073_741_824);
  if (process.platform !== "linux") return;
  expect(readProportionalBytes(tree.pids)).toBeGreaterThan(104_857_600);
  expect(readProportionalBytes(tree.pids)).toBeLessThanOrEqual(tree.residentBytes);
});

test("a process that has ended has no tree and no memory", async () => {
  const pid = await start("console.log('ready')");
  while ((await readTreeUsage(pid)).pids.length > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(await readTreeUsage(pid)).toEqual({ pids: [], residentBytes: 0 });
  expect(readProportionalBytes([pid])).toBe(0);
});

test("a name with spaces and parentheses does not move the fields, and a zombie holds nothing", () => {
  const rest = "5 6 6 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 12345 1000000 250 18446744073709551615";
  expect(parseUsage(7, `7 (a) b (c) S ${rest}`, 4_096)).toEqual({ pid: 7, parent: 5, residentBytes: 250 * 4_096 });
  expect(parseUsage(7, `7 (a) Z ${rest}`, 4_096)).toBeUndefined();
  expect(parseUsage(7, "", 4_096)).toBeUndefined();
});
