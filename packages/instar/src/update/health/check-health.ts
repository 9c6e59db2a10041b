import { join } from "node:path";
import type { HealthCheckResult } from "@instar/protocol";
import { judgeAfter, judgeBefore } from "../../observation/checks/judge-health-checks.ts";
import { type RunHealthCommand, runHealthCommands } from "../../observation/checks/run-health-commands.ts";
import { planCommand } from "../../settings/plan-command.ts";
import { readSlotEnvironment, runAsAgent, slotOf } from "../exchange.ts";
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
    const tree = rooms.releases.treePath(release);
    const result = await runAsAgent(
      rooms,
      release,
    )({
      argv: planCommand(command, {
        release: tree,
        ...(slot.port === null ? {} : { port: slot.port }),
        ...(rooms.stateDirectory === null ? {} : { state: rooms.stateDirectory }),
      }),
      cwd: join(tree, rooms.settings.agent.directory),
      environment: await readSlotEnvironment(rooms, slot),
      timeoutMs: withinMs,
      logPath,
      title: `health check ${title}`,
    });
    if (result.kind === "exited") return { kind: "exited", status: result.status, output: result.tail };
    if (result.kind === "timed-out") return { kind: "timed-out" };
    return { kind: "failed", because: result.kind === "not-started" ? result.because : result.kind };
  };
}
