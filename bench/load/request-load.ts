import { Agent } from "node:http";
import { nowMs } from "../bench-clock.ts";
import { ask } from "./ask.ts";
import { judgeGet, judgePost } from "./judge-load.ts";
import type { LoadPlan, LoadRecord } from "./load-record.ts";

/** Idle connections are left before any server's own limit (5 s in Node): the race at that limit would be counted against the switch. */
const IDLE_MS = 2_000;
/** Two seconds of the schedule may be under way. Beyond it requests wait in the client, and their time runs: else a long stall would run out of descriptors here and blame the other side. */
const CONNECTIONS_MAX = 2_000;

/**
 * Requests by a schedule, whether or not the ones before were answered. Time counts from when a request was *due*: a client that
 * is made to wait with its next request must not hide that (coordinated omission).
 */
export function driveRequests(plan: LoadPlan, record: LoadRecord): { stop(): Promise<void> } {
  const agent = new Agent({ keepAlive: true, scheduling: "lifo", timeout: IDLE_MS, maxSockets: CONNECTIONS_MAX });
  const open = new Set<Promise<void>>();
  const everyMs = 1_000 / plan.requestsPerSecond;
  const beganMs = nowMs();
  let count = 0;

  const send = async (dueMs: number, text: string | undefined) => {
    const lateMs = nowMs() - dueMs;
    if (text !== undefined) record.sent.push(text);
    const asked = text === undefined ? { method: "GET" as const, path: "/" } : { method: "POST" as const, path: "/writes", body: text };
    const outcome = await ask(plan.port, agent, asked, plan.answerWithinMs);
    const endedMs = nowMs();
    record.answers.push([dueMs, endedMs - dueMs, lateMs]);
    const because = typeof outcome === "string" ? outcome : text === undefined ? judgeGet(outcome) : judgePost(outcome, text);
    if (because !== undefined) record.failures.push({ of: asked.method, because });
    else if (text !== undefined) record.acknowledged.push(text);
    if (typeof outcome !== "string") record.versions[outcome.version] = (record.versions[outcome.version] ?? 0) + 1;
  };
  const tick = () => {
    for (; beganMs + count * everyMs <= nowMs(); count += 1) {
      const sent = send(beganMs + count * everyMs, count % plan.postEvery === 0 ? `${process.pid}-${count}` : undefined);
      open.add(sent);
      void sent.finally(() => open.delete(sent));
    }
  };
  const timer = setInterval(tick, 1);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
      agent.destroy();
    },
  };
}
