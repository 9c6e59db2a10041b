import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { findFreePort } from "@instar/testkit";
import { nowMs } from "../bench-clock.ts";
import { endProcess, type Place } from "../place.ts";
import { copyAgent, setVersion, untilServes } from "../switches/bench-agent.ts";
import type { Span, Subject } from "../switches/subject.ts";

/** What a proxy must be able to do so that an operator's script can exchange the agent behind it. */
export interface Proxy {
  readonly port: number;
  /** Sends new requests to the agent on this port; `old` is the port of the one before. */
  pointAt(port: number, old: number): Promise<void>;
}

/**
 * The agent before and the agent after, behind a proxy that knows nothing of them: starts the new one beside the old one, points the
 * proxy, and ends the old one, as a careful operator's script would.
 */
export async function createAgentPair(place: Place, writesLog: string, startProxy: (agentPort: number) => Promise<Proxy>): Promise<Subject> {
  let count = 0;
  const startAgent = async (version: string) => {
    count += 1;
    const folder = join(place.folder, count % 2 === 0 ? "green" : "blue");
    copyAgent(folder);
    setVersion(folder, version);
    const port = await findFreePort();
    const child = place.start("agent", [process.execPath, join(folder, "server.js")], { PORT: String(port), WRITES_LOG: writesLog });
    await untilServes(port, version, place.signal);
    return { child, port };
  };
  let serving = await startAgent("1.0.0");
  const leaving: ChildProcess[] = [];
  const proxy = await startProxy(serving.port);
  await untilServes(proxy.port, "1.0.0", place.signal);
  return {
    port: proxy.port,
    async switchTo(version): Promise<Span> {
      const beganMs = nowMs();
      const next = await startAgent(version);
      await proxy.pointAt(next.port, serving.port);
      await untilServes(proxy.port, version, place.signal);
      const endedMs = nowMs();
      leaving.push(serving.child);
      serving = next;
      return { beganMs, endedMs, tookMs: endedMs - beganMs };
    },
    async endOld() {
      for (const child of leaving.splice(0)) await endProcess(child);
    },
  };
}
