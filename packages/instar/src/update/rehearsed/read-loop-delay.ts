import { open, truncate } from "node:fs/promises";
import { z } from "zod";

const line = z.object({ pid: z.int(), p99Ms: z.number(), maxMs: z.number(), count: z.int() });
const READ_BYTES = 262_144;

/**
 * What the probe in a Node agent has measured since the last call, of its slowest process; undefined where nothing measured. The file lies where the
 * agent can write: what is no line of the probe's is passed over.
 */
export async function readLoopDelay(path: string): Promise<{ readonly p99Ms: number; readonly samples: number } | undefined> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return undefined;
  let text: string;
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - READ_BYTES);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    text = buffer.subarray(0, bytesRead).toString("utf8");
  } finally {
    await file.close();
  }
  await truncate(path).catch(() => undefined);
  const found = text.split("\n").flatMap((row) => {
    const parsed = line.safeParse(tryJson(row));
    return parsed.success && parsed.data.count > 0 ? [parsed.data] : [];
  });
  if (found.length === 0) return undefined;
  const processes = Map.groupBy(found, ({ pid }) => pid).values();
  // The p99 of each second, and of those the median: one slow second among many is not the rule.
  return [...processes]
    .map((rows) => ({ p99Ms: median(rows.map(({ p99Ms }) => p99Ms)), samples: rows.reduce((sum, { count }) => sum + count, 0) }))
    .reduce((worst, each) => (each.p99Ms > worst.p99Ms ? each : worst));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
