import { describe, expect, it } from "vitest";
import { settingsSchema } from "../../settings/settings.ts";
import { type HealthCommandAnswer, type RunHealthCommand, runHealthCommands } from "./run-health-commands.ts";

const { health } = settingsSchema.parse({
  version: 1,
  name: "demo",
  source: { git: "." },
  agent: { start: ["true"] },
  health: {
    before: [{ name: "no_job_runs", run: ["agent", "idle", "--state", "{state}"] }],
    after: [{ name: "answers_mail", run: "agent mail --check", within: "5s", gate: "advisory" }],
  },
});
const run = (when: "before" | "after", answer: HealthCommandAnswer) => runHealthCommands(when, health, async () => answer);

describe("the operator's own health checks", () => {
  for (const [name, answer, verdict, because] of [
    ["pass with 0", { kind: "exited", status: 0, output: "" }, "pass", "it exits 0"],
    ["fail otherwise, with its last words", { kind: "exited", status: 2, output: "one\n\u001b[31mtwo\u001b[0m\n" }, "fail", "it exits 2: one | two"],
    ["fail where they do not end in time", { kind: "timed-out" }, "fail", "it did not end within 30 s"],
    ["are an error where they cannot be run", { kind: "failed", because: "no such program" }, "error", "it could not be run: no such program"],
  ] as const)
    it(name, async () => expect(await run("before", answer)).toMatchObject([{ check: "no_job_runs", when: "before", gate: "required", verdict, because }]));

  it("are run as they stand in instar.yaml, each in its moment and with its gate", async () => {
    const asked: unknown[] = [];
    const recording: RunHealthCommand = async (...call) => {
      asked.push(call);
      return { kind: "exited", status: 0, output: "" };
    };
    expect(await runHealthCommands("after", health, recording)).toMatchObject([{ check: "answers_mail", when: "after", gate: "advisory" }]);
    expect(asked).toEqual([["agent mail --check", 5_000, "answers_mail"]]);
  });
  it("are an error where starting them throws", async () =>
    expect(await runHealthCommands("before", health, () => Promise.reject(new Error("boom")))).toMatchObject([{ verdict: "error" }]));
});
