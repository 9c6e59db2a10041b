import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { findBinFile } from "./warden-program.ts";

const run = promisify(execFile);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-loop-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const environment = (file: string) => ({
  PATH: process.env.PATH ?? "",
  NODE_OPTIONS: `--import=${pathToFileURL(findBinFile("event-loop-probe.mjs")).href}`,
  INSTAR_EVENT_LOOP_FILE: file,
});

interface Line {
  readonly pid: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly count: number;
}

/** The lines of a program once there are two; the program is ended then. */
async function measure(code: string): Promise<{ lines: Line[]; pid: number | undefined }> {
  const file = join(folder, "loop.jsonl");
  const child = spawn(process.execPath, ["-e", code], { env: environment(file), stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const read = () => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []);
  while (read().length < 2) await systemClock.sleep(50);
  child.kill("SIGKILL");
  await ended;
  return { lines: read().map((line) => JSON.parse(line) as Line), pid: child.pid };
}

describe("the probe of an event loop", () => {
  it("tells how late a loop was that is blocked again and again", async () => {
    const { lines, pid } = await measure("setInterval(() => { const until = performance.now() + 300; while (performance.now() < until); }, 400)");
    for (const line of lines) expect(line).toMatchObject({ pid, p99Ms: expect.any(Number) });
    expect(Math.max(...lines.map(({ maxMs }) => maxMs))).toBeGreaterThan(250);
    expect(Math.max(...lines.map(({ p99Ms }) => p99Ms))).toBeGreaterThan(250);
    expect(lines.every(({ count }) => count > 0)).toBe(true);
  });

  it("begins anew with each line: one long block is told once", async () => {
    const { lines } = await measure(
      "setTimeout(() => { const until = performance.now() + 600; while (performance.now() < until); }, 100); setInterval(() => {}, 1000)",
    );
    expect(lines.filter(({ maxMs }) => maxMs > 500)).toHaveLength(1);
  });

  it("keeps no program alive, says nothing, and changes no exit status where it cannot write", async () => {
    const { stdout, stderr } = await run(process.execPath, ["-e", "setTimeout(() => console.log('done'), 1200)"], {
      env: environment(join(folder, "absent/file")),
    });
    expect({ stdout, stderr }).toEqual({ stdout: "done\n", stderr: "" });
    const without = await run(process.execPath, ["-e", "console.log('done')"], { env: { ...environment(""), INSTAR_EVENT_LOOP_FILE: "" } });
    expect(without).toEqual({ stdout: "done\n", stderr: "" });
  });
});
