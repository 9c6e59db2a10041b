import { readFile, statfs } from "node:fs/promises";
import { availableParallelism, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { readAvailableBytes } from "./memory.ts";

/** How a machine is. What the platform does not tell is null. */
export interface MachineFacts {
  readonly processors: number;
  /** Of the last minute; null on Windows, which counts none. */
  readonly load: number | null;
  /** Percent of the last minute in which nothing at all could run for want of it (PSI, `full avg60`; `some` for the processor). */
  readonly pressure: { readonly cpu: number | null; readonly memory: number | null; readonly io: number | null };
  readonly availableBytes: number;
  readonly totalBytes: number;
  /** Of the file system of `path`; null where it counts none. */
  readonly files: { readonly free: number; readonly total: number } | null;
}

/**
 * @param path whose file system is asked for its inodes
 * @param root where /proc is found
 */
export async function readMachine(path: string, root = "/"): Promise<MachineFacts> {
  const [cpu, memory, io] = await Promise.all([readPressure(root, "cpu", "some"), readPressure(root, "memory", "full"), readPressure(root, "io", "full")]);
  return {
    processors: availableParallelism(),
    load: process.platform === "win32" ? null : (loadavg()[0] ?? null),
    pressure: { cpu, memory, io },
    availableBytes: await readAvailableBytes(root),
    totalBytes: totalmem(),
    files: await readFiles(path),
  };
}

/** Null where the kernel was built or started without it. */
async function readPressure(root: string, resource: "cpu" | "memory" | "io", line: "some" | "full"): Promise<number | null> {
  const text = await readFile(join(root, "proc/pressure", resource), "utf8").catch(() => "");
  return parsePressure(text, line);
}

export function parsePressure(text: string, line: "some" | "full"): number | null {
  const found = new RegExp(`^${line} .*\\bavg60=(\\d+(?:\\.\\d+)?)`, "m").exec(text)?.[1];
  return found === undefined ? null : Number(found);
}

/** Btrfs makes inodes as it goes and says 0. */
async function readFiles(path: string): Promise<MachineFacts["files"]> {
  const found = await statfs(path).catch(() => undefined);
  return found === undefined || found.files === 0 ? null : { free: found.ffree, total: found.files };
}
