import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePort } from "@instar/testkit";
import { nowMs } from "../bench-clock.ts";
import { endPid, type Place } from "../place.ts";
import { copyAgent, setVersion, untilServes } from "../switches/bench-agent.ts";
import type { Subject } from "../switches/subject.ts";
import { PM2 } from "./install-peers.ts";

/** Which reload it is makes no difference to the agent: it leaves at SIGTERM as it does everywhere else. */
const ENVIRONMENT = { PM2_KILL_SIGNAL: "SIGTERM", PM2_DISABLE_VERSION_CHECK: "true", NO_COLOR: "1" };

/** PM2 in cluster mode: two instances of the agent, `pm2 reload`. Nothing stands before the agent but Node's own cluster. */
export async function startPm2(place: Place, writesLog: string): Promise<Subject> {
  const home = join(place.folder, "pm2");
  const folder = join(place.folder, "agent");
  const pm2 = (...args: string[]) => place.run([process.execPath, PM2, ...args], { environment: { ...ENVIRONMENT, PM2_HOME: home, HOME: place.folder } });
  place.onEnd(() => endDaemon(place, home));
  copyAgent(folder);
  const port = await findFreePort();
  const ecosystem = join(place.folder, "ecosystem.json");
  const app = {
    name: "agent",
    script: join(folder, "server.js"),
    cwd: folder,
    exec_mode: "cluster",
    instances: 2,
    kill_timeout: 10_000,
    env: { PORT: String(port), WRITES_LOG: writesLog },
  };
  writeFileSync(ecosystem, JSON.stringify({ apps: [app] }));
  await pm2("start", ecosystem);
  await untilServes(port, "1.0.0", place.signal);
  return {
    port,
    async switchTo(version) {
      setVersion(folder, version);
      const beganMs = nowMs();
      // Returns when both instances were exchanged and the old ones have ended.
      await pm2("reload", "agent");
      await untilServes(port, version, place.signal);
      const endedMs = nowMs();
      return { beganMs, endedMs, tookMs: endedMs - beganMs };
    },
    endOld: async () => undefined,
  };
}

/** PM2's daemon leaves the process tree of whoever started it: it is asked to end, then ended by its id. */
async function endDaemon(place: Place, home: string): Promise<void> {
  const path = join(home, "pm2.pid");
  if (!existsSync(path)) return;
  const daemon = Number(readFileSync(path, "utf8"));
  await place.runAtEnd([process.execPath, PM2, "kill"], { ...ENVIRONMENT, PM2_HOME: home, HOME: place.folder });
  if (daemon > 0) await endPid(daemon);
}
