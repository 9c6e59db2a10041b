import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildConsole } from "../scripts/build-console.ts";
import { stageInstar } from "../scripts/pack.ts";

/**
 * End-to-end and crash tests start the program hundreds of times: bundled, as people install it, a start costs two thirds. Among the modules that it needs, where
 * nothing else looks, and in a folder of this run's own.
 */
export default async function bundleProgram(): Promise<() => Promise<void>> {
  const modules = fileURLToPath(new URL("../packages/instar/node_modules/", import.meta.url));
  await removeLeft(modules);
  const stage = join(modules, `${PREFIX}${process.pid}`);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  // What tests nothing of the console is not kept from it by one that cannot be built; what does says so itself.
  await buildConsole(say).catch((error: unknown) => say(`the web console could not be built: ${error instanceof Error ? error.message : String(error)}`));
  process.env.INSTAR_TEST_PROGRAM = await stageInstar(stage, { "crash-main": CRASH_MAIN });
  process.env.INSTAR_CRASH_PROGRAM = join(stage, "dist", "crash-main.js");
  return () => rm(stage, { recursive: true, force: true });
}

const PREFIX = ".bundled-";
const CRASH_MAIN = fileURLToPath(new URL("crash/crash-main.ts", import.meta.url));

/** What a run left that was killed. */
async function removeLeft(modules: string): Promise<void> {
  for (const name of await readdir(modules))
    if (name.startsWith(PREFIX) && !isAlive(Number(name.slice(PREFIX.length)))) await rm(join(modules, name), { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
