import { InstarError, type SandboxAspect, type SandboxName, type SandboxReport, type SandboxUse } from "@instar/protocol";
import type { Settings } from "../settings/settings.ts";
import { chooseSandbox } from "./choose-sandbox.ts";
import { planLeast } from "./plan-least.ts";
import type { SandboxAdapter, SandboxChoice } from "./sandbox.ts";

export interface SandboxesHere {
  /** One of each name at most. */
  readonly adapters: readonly SandboxAdapter[];
  readonly settings: Settings["sandbox"];
  readonly platform?: NodeJS.Platform;
}

export interface FoundSandbox {
  readonly adapter: SandboxAdapter;
  readonly report: SandboxReport;
  readonly missing: readonly SandboxAspect[];
}

const ORDER: readonly SandboxName[] = ["bubblewrap", "sandbox-runtime", "none"];

/**
 * The sandbox in which a job of this use runs. Adapters are asked one after the other, so that what is not needed is not tried.
 *
 * @throws InstarError SANDBOX_WEAK where the least is not enforced here and instar.yaml does not allow less
 */
export async function findSandbox(use: SandboxUse, { adapters, settings, platform = process.platform }: SandboxesHere): Promise<FoundSandbox> {
  const question = { wanted: settings.use, platform, use, least: planLeast(use, settings), weaker: settings.weaker };
  const reports: SandboxReport[] = [];
  let decision = chooseSandbox({ ...question, reports });
  for (const name of settings.use === "auto" ? ORDER : [settings.use]) {
    const report = await adapters.find((known) => known.name === name)?.describe();
    if (report === undefined) continue;
    reports.push(report);
    decision = chooseSandbox({ ...question, reports });
    if (decision.kind === "use" && decision.missing.length === 0) break;
  }
  if (decision.kind === "refused")
    throw new InstarError("SANDBOX_WEAK", decision.because, { advice: decision.advice, facts: { use, wanted: settings.use, missing: decision.missing } });
  const { sandbox, missing } = decision;
  const [adapter, report] = [adapters.find(({ name }) => name === sandbox), reports.find(({ name }) => name === sandbox)];
  if (adapter === undefined || report === undefined) throw new InstarError("SANDBOX_FAILED", `there is no sandbox ${sandbox} in this Instar`);
  return { adapter, report, missing };
}

/** The same answer for those who only plan. */
export async function describeChoice(use: SandboxUse, here: SandboxesHere): Promise<SandboxChoice> {
  const { adapter, report, missing } = await findSandbox(use, here);
  const enforces = report.aspects.filter(({ enforced }) => enforced === "yes").map(({ aspect }) => aspect);
  return { sandbox: adapter.name, missing: [...missing], canPlace: adapter.canPlace, enforces };
}
