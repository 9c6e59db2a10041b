import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { findFreePort } from "@instar/testkit";
import { until } from "../bench-clock.ts";
import type { Place } from "../place.ts";
import type { Subject } from "../switches/subject.ts";
import { createAgentPair } from "./agent-pair.ts";

/** haproxy, reloaded: a new process with the new configuration takes the listening socket over and tells the old one to finish (`-x`, `-sf`). */
export function startHaproxyReload(place: Place, haproxy: string, writesLog: string): Promise<Subject> {
  const config = join(place.folder, "haproxy.cfg");
  const admin = join(place.folder, "admin.sock");
  return createAgentPair(place, writesLog, async (agentPort) => {
    const port = await findFreePort();
    writeFileSync(config, renderConfig(port, admin, [agentPort]));
    let running: ChildProcess = place.start("haproxy", [haproxy, "-db", "-f", config]);
    return {
      port,
      async pointAt(next) {
        writeFileSync(config, renderConfig(port, admin, [next]));
        running = place.start("haproxy", [haproxy, "-db", "-f", config, "-x", admin, "-sf", String(running.pid)]);
      },
    };
  });
}

/** haproxy, told at run time: two servers, of which one takes requests; the other is readdressed, opened, and the first drained. */
export function startHaproxyRuntime(place: Place, haproxy: string, writesLog: string): Promise<Subject> {
  const config = join(place.folder, "haproxy.cfg");
  const admin = join(place.folder, "admin.sock");
  return createAgentPair(place, writesLog, async (agentPort) => {
    const port = await findFreePort();
    writeFileSync(config, renderConfig(port, admin, [agentPort, 9]));
    place.start("haproxy", [haproxy, "-db", "-f", config]);
    let [serving, idle] = ["agents/blue", "agents/green"];
    await until(
      "haproxy's admin socket",
      () =>
        tell(admin, `disable server ${idle}`).then(
          () => true,
          () => undefined,
        ),
      place.signal,
    );
    return {
      port,
      async pointAt(next) {
        await tell(admin, `set server ${idle} addr 127.0.0.1 port ${next}`);
        await tell(admin, `set server ${idle} state ready`);
        await tell(admin, `set server ${serving} state drain`);
        [serving, idle] = [idle, serving];
      },
    };
  });
}

/** A command on the admin socket. What haproxy says to a command that worked is a line about it, or nothing. */
function tell(socketPath: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const socket = connect(socketPath, () => socket.write(`${command}\n`));
    socket.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    socket.once("error", reject);
    socket.once("close", () =>
      /unknown|no such|can't|invalid|require/i.test(said) ? reject(new Error(`haproxy answered ${command}: ${said.trim()}`)) : resolve(said),
    );
  });
}

function renderConfig(port: number, admin: string, agents: readonly number[]): string {
  const names = ["blue", "green"];
  return `global
  stats socket ${admin} mode 600 level admin expose-fd listeners
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
  option forwardfor
frontend public
  bind 127.0.0.1:${port}
  default_backend agents
backend agents
  http-reuse safe
${agents.map((agent, index) => `  server ${names[index]} 127.0.0.1:${agent}`).join("\n")}
`;
}
