import type { HealthCheckResult } from "@instar/protocol";
import { judgeAfter, judgeBefore } from "../../observation/checks/judge-health-checks.ts";
import { type RunHealthCommand, runHealthCommands } from "../../observation/checks/run-health-commands.ts";
import { slotOf } from "../exchange.ts";
import { runBesideAgent } from "../run-beside-agent.ts";
import type { StepRooms } from "../step-rooms.ts";
import { type HealthSubject, readFactsAfter, readFactsBefore } from "./read-health-facts.ts";

/** The specification's checks of one moment, and the operator's own, made now. What a check finds is a value. */
export async function checkHealth(rooms: StepRooms, when: "before" | "after", subject: HealthSubject, logPath: string): Promise<HealthCheckResult[]> {
  const own = when === "before" ? judgeBefore(await readFactsBefore(rooms, subject)) : judgeAfter(await readFactsAfter(rooms, subject));
  return [...own, ...(await runHealthCommands(when, rooms.settings.health, runnerFor(rooms, subject, logPath)))];
}

/** With what the agent itself gets and may reach. */
function runnerFor(rooms: StepRooms, { release, report }: HealthSubject, logPath: string): RunHealthCommand {
  const name = report === undefined ? undefined : slotOf(report, release);
  const slot = report === undefined || name === undefined ? undefined : report.slots[name];
  return async (command, withinMs, title) => {
    if (slot === undefined || release === null) return { kind: "failed", because: "no version runs that it could be asked about" };
    const result = await runBesideAgent(rooms, { release, slot, command, withinMs, title: `health check ${title}`, logPath });
    if (result.kind === "exited") return { kind: "exited", status: result.status, output: result.tail };
    if (result.kind === "timed-out") return { kind: "timed-out" };
    return { kind: "failed", because: result.kind === "not-started" ? result.because : result.kind };
  };
}
