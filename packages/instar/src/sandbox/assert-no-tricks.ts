import { realpath } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import { isWithin } from "./plan-program-folders.ts";
import type { Confinement } from "./sandbox.ts";

/**
 * A path that lies in another one of the job's may have been made a symbolic link by code that is not trusted (`dist -> /root/.ssh`), and a sandbox follows
 * links. So within the job's own folders a path must be what it says.
 *
 * @throws InstarError SANDBOX_FAILED
 */
export async function assertNoTricks({ readable, writable, placed = [], scratch }: Confinement): Promise<void> {
  const all = [...readable, ...writable, ...placed.map(({ from }) => from), scratch];
  if ([...all, ...placed.map(({ at }) => at)].some((path) => path === "/" || !path.startsWith("/")))
    throw new InstarError("SANDBOX_FAILED", "a job may not be given the whole file system, or a relative path", {
      advice: "Look at sandbox.readable in instar.yaml.",
    });
  for (const path of all)
    for (const around of all) {
      if (path === around || !isWithin(path, around)) continue;
      const [real, realAround] = await Promise.all([realpath(path).catch(() => undefined), realpath(around).catch(() => undefined)]);
      if (real === undefined || realAround === undefined || real === `${realAround}${path.slice(around.length)}`) continue;
      throw new InstarError("SANDBOX_FAILED", "a folder of the job is a symbolic link to somewhere else", { facts: { path, real } });
    }
}
