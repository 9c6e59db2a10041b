import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { stageInstar } from "../scripts/pack.ts";

/**
 * End-to-end tests start the program hundreds of times: bundled, as people install it, a start costs two thirds. Among the modules that it needs, where
 * nothing else looks, and in a folder of this run's own.
 */
export default async function bundleProgram(): Promise<() => Promise<void>> {
  const stage = fileURLToPath(new URL(`../packages/instar/node_modules/.bundled-${process.pid}/`, import.meta.url));
  process.env.INSTAR_TEST_PROGRAM = await stageInstar(stage);
  return () => rm(stage, { recursive: true, force: true });
}
