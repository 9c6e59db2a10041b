import type { HealthFacts } from "./health-facts.ts";
import { isUnknown } from "./health-facts.ts";
import type { Judged } from "./judged.ts";

/** As for the watch: this many ends by itself are a crash loop. */
const RESTART_LIMIT = 3;

/**
 * The keeper, the process in the slot, its health. Before an exchange an agent that is not well is `inconclusive`: the update may be what mends it. After
 * one it fails.
 */
export function judgeServiceStatus({ service }: Pick<HealthFacts, "service">, when: "before" | "after"): Judged {
  if (isUnknown(service)) return { verdict: "error", because: service.unknown, evidence: {} };
  const { keeperAnswers, alive, health, restarts } = service;
  const evidence = { keeperAnswers, alive, health: health.verdict, restarts };
  const say = (verdict: Judged["verdict"], because: string): Judged => ({ verdict, because, evidence });
  const unwell = when === "before" ? "inconclusive" : "fail";
  const may = when === "before" ? "; an update may mend it" : "";
  if (!keeperAnswers) return say("fail", "the keeper does not answer: nothing can be exchanged");
  if (!alive) return say(unwell, `no process of the agent runs${may}`);
  if (restarts >= RESTART_LIMIT) return say(unwell, `it ended by itself ${restarts} times${may}`);
  if (health.verdict === "pass") return say("pass", `it runs, and ${health.because}`);
  if (health.verdict === "fail") return say(unwell, `it runs, and is not well: ${health.because}${may}`);
  return say(when === "before" ? "inconclusive" : health.verdict, `it runs; how it is was not found out: ${health.because}`);
}

/** Upstream answered within three looks, or a quarter of an hour. */
const LOOKS = 3;
const LATELY_MS = 900_000;

/** Whether this machine reaches anybody: upstream answered lately, or people reach the front. */
export function judgeNetwork({ network }: Pick<HealthFacts, "network">): Judged {
  const { sourceAnsweredAgoMs: agoMs, sourceBecause, checkEveryMs, frontListens } = network;
  const evidence = { sourceAnsweredAgoSeconds: agoMs === null ? null : Math.round(agoMs / 1_000), frontListens };
  const say = (verdict: Judged["verdict"], because: string): Judged => ({ verdict, because, evidence });
  if (frontListens === false) return say("fail", "nothing listens on the front's port");
  if (agoMs !== null && agoMs <= Math.max(LOOKS * checkEveryMs, LATELY_MS)) return say("pass", `upstream answered ${Math.round(agoMs / 1_000)} s ago`);
  const source =
    agoMs === null ? `upstream has not answered yet (${sourceBecause})` : `upstream last answered ${Math.round(agoMs / 60_000)} min ago (${sourceBecause})`;
  if (frontListens === true) return say("pass", `the front listens; ${source}`);
  return say(agoMs === null ? "nodata" : "inconclusive", source);
}

/** The health checks, and each of exchange.smoke, asked of the version that serves now. */
export function judgeEndpoints({ endpoints }: Pick<HealthFacts, "endpoints">): Judged {
  if (endpoints === null) return { verdict: "nodata", because: "the agent has no port", evidence: {} };
  const evidence = { asked: endpoints.length, passed: endpoints.filter(({ report }) => report.verdict === "pass").length };
  if (endpoints.length === 0) return { verdict: "nodata", because: "instar.yaml names nothing to ask: neither health.http nor exchange.smoke", evidence };
  const failed = endpoints.find(({ report }) => report.verdict === "fail") ?? endpoints.find(({ report }) => report.verdict !== "pass");
  if (failed === undefined)
    return {
      verdict: "pass",
      because: `all ${endpoints.length} answer as they should: ${endpoints
        .map(({ asked }) => asked)
        .join(", ")
        .slice(0, 300)}`,
      evidence,
    };
  // Silence of what serves is no lack of data: people meet it too.
  const verdict = failed.report.verdict === "nodata" ? "fail" : failed.report.verdict;
  return { verdict, because: `${failed.asked}: ${failed.report.because}`, evidence };
}

export function judgeConfiguration({ configuration }: Pick<HealthFacts, "configuration">): Judged {
  if (isUnknown(configuration)) return { verdict: "error", because: configuration.unknown, evidence: {} };
  const { checked, mistakes } = configuration;
  const evidence = { checked: checked.length, mistakes: mistakes.length };
  if (mistakes.length > 0) return { verdict: "fail", because: mistakes.slice(0, 3).join("; ").slice(0, 500), evidence };
  if (checked.length === 0) return { verdict: "nodata", because: "there is nothing that it is configured by", evidence };
  return { verdict: "pass", because: `${checked.join(", ")}: no mistakes`, evidence };
}
