import { fileURLToPath } from "node:url";
import { stageInstar } from "../scripts/pack.ts";

/**
 * End-to-end tests start the program hundreds of times: bundled, as people install it, a start costs two thirds. Among the modules that it needs, and where
 * nothing else looks.
 */
export default async function bundleProgram(): Promise<void> {
  process.env.INSTAR_TEST_PROGRAM = await stageInstar(fileURLToPath(new URL("../packages/instar/node_modules/.bundled/", import.meta.url)));
}
