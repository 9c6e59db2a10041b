import { Agent } from "node:http";
import { sleep } from "../bench-clock.ts";
import { ask } from "./ask.ts";
import { judgeStream } from "./judge-load.ts";
import type { LoadPlan, LoadRecord } from "./load-record.ts";

const PATHS = ["/streams/events", "/streams/chunks"];
const PAUSE_AFTER_FAILURE_MS = 200;

/** So many streams at any time, each followed by the next: half of them server-sent events, half plain chunks. */
export function driveStreams(plan: LoadPlan, record: LoadRecord): { stop(): Promise<void> } {
  let isEnding = false;
  const follow = async (index: number) => {
    const agent = new Agent({ keepAlive: true });
    while (!isEnding) {
      const outcome = await ask(plan.port, agent, { method: "GET", path: PATHS[index % PATHS.length] ?? "" }, plan.answerWithinMs);
      record.counted.streams += 1;
      const because = typeof outcome === "string" ? outcome : judgeStream(outcome);
      if (because === undefined) continue;
      record.failures.push({ of: "stream", because });
      await sleep(PAUSE_AFTER_FAILURE_MS);
    }
    agent.destroy();
  };
  const followers = Promise.all(Array.from({ length: plan.streams }, (_, index) => follow(index)));
  return {
    async stop() {
      isEnding = true;
      await followers;
    },
  };
}
