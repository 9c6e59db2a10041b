import { z } from "zod";
import { explainFileError, readJsonFile, writeFileDurably } from "../platform/durable-files.ts";
import type { Front } from "./front/front.ts";
import type { FrontCounts } from "./front/front-counts.ts";
import type { KeeperMemory } from "./keeper-state.ts";

/** Counts of releases long gone are let go, or the file would grow with every update. */
const RELEASES_COUNTED = 20;

const count = z.number();
/** An older keeper may not have known every count: it counted none. */
const known = count.default(0);
const releaseSchema = z.object({
  requests: known,
  failed: known,
  serverErrors: known,
  transportErrors: known,
  writes: known,
  latency: z.object({ count, buckets: z.record(z.string(), count) }),
});
const countsSchema: z.ZodType<FrontCounts> = z.object({
  releases: z.record(z.string(), releaseSchema),
  held: known,
  heldMaxMs: known,
  refusedByHold: known,
  clientAborts: known,
  noBackend: known,
});

/** Counts that cannot be read are begun anew: they are evidence about a version, not the state of anything. */
export async function readCounts(path: string): Promise<FrontCounts | undefined> {
  const found = countsSchema.safeParse(await readJsonFile(path).catch(() => undefined)).data;
  return found === undefined ? undefined : { ...found, releases: Object.fromEntries(Object.entries(found.releases).slice(-RELEASES_COUNTED)) };
}

export async function storeCounts(path: string, front: Front, say: (line: string) => void): Promise<boolean> {
  try {
    await writeFileDurably(path, JSON.stringify(front.counts()));
    return true;
  } catch (error) {
    say(explainFileError(error, "counts could not be stored").message);
    return false;
  }
}

/** A keeper that was killed took its last second's counts along: the release that served then is remembered as undercounted. */
export async function noteLostCounts(memory: KeeperMemory): Promise<void> {
  const { routed, slots, undercounted } = memory.state;
  const served = routed === null ? undefined : slots[routed].spec?.release;
  if (served === undefined || undercounted.includes(served)) return;
  await memory.change({ undercounted: [...undercounted, served].slice(-RELEASES_COUNTED) });
}
