import { Agent, get } from "node:http";
import { nowMs, sleep } from "../bench-clock.ts";

/** One answer as its caller met it. */
export interface Answered {
  readonly atMs: number;
  /** 0 where nothing answered. */
  readonly status: number;
  readonly version: string | undefined;
}

/** Asks at an even pace until told to stop, whatever the answers take. */
export async function askSteadily(port: number, perSecond: number, signal: AbortSignal): Promise<Answered[]> {
  const answers: Answered[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const under: Promise<void>[] = [];
  const beganMs = nowMs();
  for (let count = 0; !signal.aborted; count += 1) {
    const dueInMs = beganMs + (count * 1_000) / perSecond - nowMs();
    if (dueInMs > 0) await sleep(dueInMs);
    under.push(ask(port, agent).then((answered) => void answers.push(answered)));
  }
  await Promise.all(under);
  agent.destroy();
  return answers.sort((a, b) => a.atMs - b.atMs);
}

function ask(port: number, agent: Agent): Promise<Answered> {
  return new Promise((resolve) => {
    const asked = get({ host: "127.0.0.1", port, path: "/", agent, timeout: 30_000 }, (response) => {
      response.resume();
      response.on("error", () => resolve({ atMs: nowMs(), status: 0, version: undefined }));
      response.on("end", () => resolve({ atMs: nowMs(), status: response.statusCode ?? 0, version: response.headers["x-agent-version"]?.toString() }));
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve({ atMs: nowMs(), status: 0, version: undefined }));
  });
}
