import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePort } from "@instar/testkit";
import { sleep } from "../bench-clock.ts";
import { BenchInstance } from "../instar/bench-instance.ts";
import type { Place } from "../place.ts";
import { breakAgent, copyAgent, setVersion, untilServes } from "../switches/bench-agent.ts";
import { askSteadily } from "./ask-steadily.ts";
import { judgeAnswers, type WayBack } from "./judge-answers.ts";

export interface RollbackPlan {
  readonly perSecond: number;
  readonly rounds: number;
}

/** A version that fails this share of its requests is brought into service under a steady load, again and again; Instar finds out by itself. */
export async function measureInstarRollback(
  place: Place,
  strategy: BenchInstance["strategy"],
  share: number,
  { perSecond, rounds }: RollbackPlan,
  say: (line: string) => void,
): Promise<WayBack[]> {
  const instance = await BenchInstance.start(place, join(place.folder, "writes.log"), { strategy, watched: { time: "1h", requests: 1_000 } });
  const ways: WayBack[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const stop = new AbortController();
    const asking = askSteadily(instance.port, perSecond, stop.signal);
    await sleep(2_000, place.signal);
    const outcome = await instance.updateBadly(`1.0.${round}`, share);
    await sleep(1_000, place.signal);
    stop.abort();
    const way = judgeAnswers(await asking, "1.0.0");
    if (outcome !== "rolled-back" || way === undefined) throw new Error(`the bad version ended ${outcome}`);
    ways.push(way);
    say(`instar (${strategy}), ${share * 100} % fail: back after ${Math.round(way.ms)} ms, ${way.failed} requests failed`);
  }
  return ways;
}

/**
 * haproxy watching the answers themselves (`observe layer7`), with the old version as its backup: what people build today. It counts errors in a row, so
 * that it knows nothing of a version that fails now and then; and the old version must run beside the new one.
 */
export async function measureHaproxyRollback(place: Place, haproxy: string, share: number, { perSecond, rounds }: RollbackPlan): Promise<WayBack[]> {
  const ways: WayBack[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const [port, old, bad] = [await findFreePort(), await findFreePort(), await findFreePort()];
    const start = (name: string, version: string, at: number, fails: number) => {
      const folder = join(place.folder, `${name}-${round}`);
      copyAgent(folder);
      setVersion(folder, version);
      if (fails > 0) breakAgent(folder, fails);
      return place.start(`${name}-${round}`, [process.execPath, join(folder, "server.js")], { PORT: String(at) });
    };
    const children = [start("old", "1.0.0", old, 0), start("bad", "1.0.1", bad, share)];
    await untilServes(old, "1.0.0", place.signal);
    const config = join(place.folder, `haproxy-${round}.cfg`);
    writeFileSync(config, renderConfig(port, bad, old));
    const stop = new AbortController();
    children.push(place.start(`haproxy-${round}`, [haproxy, "-db", "-f", config]));
    await sleep(1_000, place.signal);
    const asking = askSteadily(port, perSecond, stop.signal);
    await sleep(WATCHED_MS, place.signal);
    stop.abort();
    const way = judgeAnswers(await asking, "1.0.0");
    for (const child of children) child.kill("SIGTERM");
    if (way !== undefined) ways.push(way);
  }
  return ways;
}

/** After this haproxy has either marked it down or never will. */
const WATCHED_MS = 8_000;

function renderConfig(port: number, bad: number, old: number): string {
  return `defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend public
  bind 127.0.0.1:${port}
  default_backend agents
backend agents
  http-reuse safe
  server new 127.0.0.1:${bad} check inter 1h observe layer7 error-limit 10 on-error mark-down
  server old 127.0.0.1:${old} backup
`;
}
