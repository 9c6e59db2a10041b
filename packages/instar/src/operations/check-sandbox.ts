import { InstarError, SANDBOX_USES, type SandboxReport, type SandboxUse } from "@instar/protocol";
import type { Instance } from "../daemon/instance.ts";
import type { Check } from "../doctor/check-data.ts";

/** What each sandbox enforces here, tried anew: a tool may have come or gone since the daemon began. */
export async function describeSandboxes({ rooms }: Instance): Promise<SandboxReport[]> {
  const reports: SandboxReport[] = [];
  // One after the other: each trial starts programs and measures what becomes of them.
  for (const adapter of rooms.sandboxes) reports.push(await adapter.describe({ afresh: true }));
  return reports;
}

/** For each kind of job: in which sandbox it would run, and whether that is enough; and what the running agent may reach. */
export async function checkSandbox(instance: Instance): Promise<Check[]> {
  const checks: Check[] = [];
  for (const use of SANDBOX_USES) checks.push(await checkUse(instance, use));
  return [...checks, await checkAgent(instance)];
}

async function checkUse({ rooms }: Instance, use: SandboxUse): Promise<Check> {
  const what = `jobs that ${use}`;
  try {
    const { sandbox, missing, enforces } = await rooms.chooseSandbox(use);
    if (missing.length > 0)
      return {
        area: "sandbox",
        what,
        verdict: "inconclusive",
        because: `${sandbox}, without ${missing.join(", ")}: sandbox.weaker allows it, and each update says so`,
        advice: "The table below says how to get more.",
      };
    return { area: "sandbox", what, verdict: "pass", because: `${sandbox} enforces ${enforces.join(", ")}`, advice: "" };
  } catch (error) {
    if (!InstarError.is(error)) throw error;
    return { area: "sandbox", what, verdict: "fail", because: error.message, advice: error.advice ?? "" };
  }
}

async function checkAgent({ rooms, settings }: Instance): Promise<Check> {
  if (settings.agent.sandbox.level === "open")
    return {
      area: "sandbox",
      what: "the agent",
      verdict: "pass",
      because: "open: the agent runs as the same user as Instar, and reaches what that user reaches",
      advice: "agent.sandbox: { level: sandboxed } keeps it to its release, its state and its home.",
    };
  try {
    await rooms.slotPrefix("any");
    return { area: "sandbox", what: "the agent", verdict: "pass", because: "sandboxed at its next start, as agent.sandbox says", advice: "" };
  } catch (error) {
    if (!InstarError.is(error)) throw error;
    return { area: "sandbox", what: "the agent", verdict: "fail", because: error.message, advice: error.advice ?? "" };
  }
}
