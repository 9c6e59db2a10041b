import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Place } from "../place.ts";
import type { LoadPlan, LoadRecord } from "./load-record.ts";

const DRIVER = fileURLToPath(new URL("drive-load.ts", import.meta.url));

/** A thousand requests a second, every tenth a POST; eight streams; twenty WebSockets with ten messages a second each. */
const LOAD = { requestsPerSecond: 1_000, postEvery: 10, streams: 8, sockets: 20, messageEveryMs: 100, answerWithinMs: 10_000 } as const satisfies Omit<
  LoadPlan,
  "port"
>;

/** Starts the clients; `stop` waits for the answers that are still to come and gives what the clients saw. */
export async function startLoad(place: Place, port: number): Promise<{ stop(): Promise<LoadRecord> }> {
  const path = join(place.folder, `load-${port}-${process.hrtime.bigint()}.json`);
  const { child } = await place.startModule("load", DRIVER, [JSON.stringify({ port, ...LOAD } satisfies LoadPlan), path]);
  return {
    async stop() {
      const gone = once(child, "exit");
      child.send("stop");
      await gone;
      if (child.exitCode !== 0) throw new Error(`the load driver ended with ${child.exitCode ?? child.signalCode}: ${place.lastWords("load")}`);
      return JSON.parse(readFileSync(path, "utf8")) as LoadRecord;
    },
  };
}
