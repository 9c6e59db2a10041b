import { spawn } from "node:child_process";
import { nowMs } from "../bench-clock.ts";
import type { Started } from "./sandbox-samples.ts";

/** Runs a program as a plain child process. @throws Error where it fails */
export function runBare(argv: readonly string[], options: { cwd: string; environment: Record<string, string>; signal: AbortSignal }): Promise<Started> {
  const begunMs = nowMs();
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { cwd: options.cwd, env: options.environment, signal: options.signal, stdio: ["ignore", "pipe", "pipe"] });
  return new Promise((resolve, reject) => {
    let firstOutputMs: number | undefined;
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        firstOutputMs ??= nowMs() - begunMs;
        said = (said + text).slice(-2_000);
      });
    child.once("error", reject);
    child.once("close", (status) => {
      const endMs = nowMs() - begunMs;
      if (status === 0) resolve({ firstOutputMs: firstOutputMs ?? endMs, endMs });
      else reject(new Error(`${argv.join(" ").slice(0, 200)} ended with ${status}: ${said}`));
    });
  });
}
