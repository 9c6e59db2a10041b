import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { InstarError } from "@instar/protocol";
import { ANSWER_WITHIN_MS } from "../../observation/ask-http.ts";
import { findListener } from "../../platform/find-listener.ts";
import { judgeVersion } from "../../platform/judge-answer.ts";
import type { Answer } from "../../rehearsal/rehearsed-agent.ts";
import { describeDamage } from "../../releases/describe-damage.ts";
import { Exchange, slotOf } from "../exchange.ts";
import { askRehearsed } from "../rehearsed/ask-rehearsed.ts";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { endOthers } from "./blue-green.ts";

/**
 * Confirms that the *running* process is the new release: the process that the keeper let go, started from the sealed folder,
 * whose files are still what was sealed, is the one that listens where requests go, and answers well. A health page
 * alone proves none of that.
 */
export function confirmStep(rooms: StepRooms): Step {
  return defineStep({
    id: "confirm",
    version: 1,
    title: "Confirm that the running process is the new release",
    endsLease: true,
    interruptible: false,
    probe: async () => ({ found: "absent" }),
    apply: async (context) => {
      const { given } = context;
      const release = String(given.release);
      const exchange = new Exchange(rooms, context);
      const report = await exchange.report();
      const name = slotOf(report, release);
      const slot = name === undefined ? undefined : report.slots[name];
      if (slot === undefined || !slot.alive || slot.pid === null) throw new InstarError("VERIFY_FAILED", "no process of the new release runs");
      if (report.routed !== name || report.holding)
        throw new InstarError("VERIFY_FAILED", "the front does not serve the new release", { facts: { routed: String(report.routed) } });
      const evidence = [`process ${slot.pid} was started from release ${release}`];
      if (slot.port !== null) {
        const listener = await findListener(slot.port, slot.pid);
        if (listener.kind === "another")
          throw new InstarError("VERIFY_FAILED", `port ${slot.port} is answered by process ${listener.pid}, which is not the agent's`, {
            facts: { pid: listener.pid },
          });
        if (listener.kind === "ours") evidence.push(`it is what listens on port ${slot.port}`);
      }
      const intact = await rooms.releases.verify(release);
      if (intact.kind === "damaged") throw new InstarError("RELEASE_DAMAGED", `the release's files are not what was sealed: ${describeDamage(intact)}`);
      evidence.push("its files are what was sealed");
      const health = await exchange.probe(slot);
      if (health.verdict !== "pass") throw new InstarError("UNHEALTHY", `it was exchanged and does not pass its health check: ${health.because}`);
      const { version } = rooms.settings.health;
      if (version !== undefined && slot.port !== null) {
        const named = judgeVersion(await askSlot(rooms, slot.port, version.path), {
          asked: `GET ${version.path}`,
          at: version.at,
          version: context.start.versionTo,
        });
        if (named.verdict !== "pass")
          throw new InstarError("VERIFY_FAILED", `the running process does not name the version that was put there: ${named.because}`);
        evidence.push(named.because);
      }
      // Only now nobody needs the old one to serve; a warm one stays for the way back.
      if (context.start.strategy === "blue-green" && !rooms.settings.exchange.warm) await endOthers(exchange, release);
      return { kind: "done", gives: { pid: slot.pid, evidence: [...evidence, health.because] } };
    },
    undo: { needless: "it only asks" },
    describe: (gives) => (gives.evidence as readonly string[]).join("; "),
  });
}

async function askSlot({ clock }: StepRooms, port: number, path: string): Promise<Answer> {
  const asked = askRehearsed({ port, connect: connectLocally, clock });
  try {
    return await asked.ask({ path, method: "GET", headers: {}, timeoutMs: ANSWER_WITHIN_MS });
  } finally {
    asked.close();
  }
}

async function connectLocally(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  await once(socket, "connect");
  return socket;
}
