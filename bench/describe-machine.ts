import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, cpus, loadavg, release, totalmem, type } from "node:os";
import { today } from "./bench-clock.ts";
import { findProgram } from "./place.ts";

/** What the figures were measured on: without it they mean nothing. */
export function describeMachine(peers: Readonly<Record<string, string>> = describePeersOfSwitch()): Record<string, string | number> {
  const cores = cpus();
  const load = loadavg()[0] ?? 0;
  return {
    at: today(),
    system: `${type()} ${release()} ${arch()}`,
    processor: cores[0]?.model ?? "unknown",
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    loadAverageBefore: Number(load.toFixed(2)),
    quiet: load < cores.length / 2 ? "yes" : "NO: something else was running, so latencies and throughput are the machine's as much as anybody's",
    node: process.versions.node,
    ...peers,
  };
}

/** Versions by name, as a folder's package.json pins them. */
export function readPinned(folder: URL): Record<string, string> {
  return (JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as { dependencies: Record<string, string> }).dependencies;
}

const describePeersOfSwitch = (): Record<string, string> => ({
  nginx: versionOf("nginx", /nginx\/([\d.]+)/),
  haproxy: versionOf("haproxy", /version ([\d.]+)/),
  ...readPinned(new URL("peers/", import.meta.url)),
});

function versionOf(name: string, pattern: RegExp): string {
  const program = findProgram(name);
  if (program === undefined) return "not installed";
  const { stdout, stderr } = spawnSync(program, ["-v"], { encoding: "utf8" });
  return pattern.exec(`${stdout}${stderr}`)?.[1] ?? "unknown";
}
