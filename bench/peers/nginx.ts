import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePort } from "@instar/testkit";
import type { Place } from "../place.ts";
import type { Subject } from "../switches/subject.ts";
import { createAgentPair } from "./agent-pair.ts";
import { renderNginxConfig, renderNginxUpstream } from "./nginx-config.ts";

/** nginx: the upstream is swapped in an included file, then `nginx -s reload`. */
export function startNginx(place: Place, nginx: string, writesLog: string): Promise<Subject> {
  const config = join(place.folder, "nginx.conf");
  const upstream = join(place.folder, "upstream.conf");
  return createAgentPair(place, writesLog, async (agentPort) => {
    const port = await findFreePort();
    writeFileSync(upstream, renderNginxUpstream(agentPort));
    writeFileSync(config, renderNginxConfig(place.folder, port));
    place.start("nginx", [nginx, "-p", place.folder, "-c", config]);
    return {
      port,
      async pointAt(next) {
        writeFileSync(upstream, renderNginxUpstream(next));
        await place.run([nginx, "-p", place.folder, "-c", config, "-s", "reload"]);
      },
    };
  });
}
