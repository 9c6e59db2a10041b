import type { RehearsalFinding } from "@instar/protocol";
import { judgeVersion } from "../platform/judge-answer.ts";
import type { Settings } from "../settings/settings.ts";
import { ANSWER_WITHIN_MS, askBoth, type RehearsedPair } from "./ask-both.ts";
import type { RehearsalTime } from "./guard-agent.ts";

/** Which version the running process says that it is. A file on disk proves nothing: an older process may hold the port. */
export async function askVersion(pair: RehearsedPair, identity: Settings["health"]["version"], time: RehearsalTime): Promise<RehearsalFinding[]> {
  if (identity === undefined) return [];
  const { path, at } = identity;
  const finding = await askBoth("version", pair, time, async (agent) => {
    const answer = await agent.ask({ path, method: "GET", headers: {}, timeoutMs: ANSWER_WITHIN_MS });
    const { verdict, because, named } = judgeVersion(answer, { asked: `GET ${path}`, at, version: agent.version });
    return { verdict, because, value: named };
  });
  return [finding];
}
