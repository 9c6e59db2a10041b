import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type StageResult, stageResult } from "@instar/protocol";
import { z } from "zod";
import { makePrivateFolder, writeFileDurably } from "../../platform/durable-files.ts";
import { parseJson } from "../reports/parse-json.ts";
import { readBoundedFile } from "../reports/read-bounded-file.ts";
import type { PlannedStage } from "./planned-stage.ts";
import type { StageCache } from "./run-stages.ts";

const kept = z.object({ format: z.literal(1), key: z.string(), result: stageResult });
const MOST_BYTES = 1_048_576;
/** Results are small; the oldest go first. */
const MOST_KEPT = 500;

/**
 * Passes of stages, one file each, by the name of everything that they hang on (`planCacheKey`). What is damaged, or no pass, is as if it
 * were not there; a cache that cannot be written costs time and no update.
 *
 * @param folder of the cache alone; made where it is not there
 * @param keyOf the key of a stage; undefined for one that must not be kept
 */
export function openStageCache(folder: string, keyOf: (stage: PlannedStage) => string | undefined): StageCache {
  return {
    find: async (stage) => {
      const key = keyOf(stage);
      return key === undefined ? undefined : readKept(folder, key);
    },
    keep: async (stage, result) => {
      const key = keyOf(stage);
      if (key === undefined || result.verdict !== "pass") return;
      try {
        await makePrivateFolder(folder);
        await writeFileDurably(join(folder, `${key}.json`), JSON.stringify({ format: 1, key, result }));
        await prune(folder);
      } catch {
        // The stage passed; that this is forgotten is no reason to stop.
      }
    },
  };
}

async function readKept(folder: string, key: string): Promise<StageResult | undefined> {
  const read = await readBoundedFile(join(folder, `${key}.json`), { root: folder, mostBytes: MOST_BYTES });
  const parsed = read.kind === "text" ? kept.safeParse(parseJson(read.text)).data : undefined;
  return parsed !== undefined && parsed.key === key && parsed.result.verdict === "pass" ? parsed.result : undefined;
}

async function prune(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  if (names.length <= MOST_KEPT) return;
  const aged = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })));
  const oldest = aged.sort((one, other) => one.at - other.at).slice(0, names.length - MOST_KEPT);
  for (const { name } of oldest) await rm(join(folder, name), { force: true });
}
