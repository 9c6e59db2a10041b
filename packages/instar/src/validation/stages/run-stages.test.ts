import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StageResult } from "@instar/protocol";
import { afterAll, describe, expect, it } from "vitest";
import { systemClock } from "../../platform/clock.ts";
import type { JobResult } from "../../platform/run-job.ts";
import { parseSettings } from "../../settings/parse-settings.ts";
import { decideValidation } from "../decide-validation.ts";
import { planStages } from "./plan-stages.ts";
import type { PlannedStage } from "./planned-stage.ts";
import type { StagePorts } from "./run-stage.ts";
import { runStages, type StageCache } from "./run-stages.ts";

const folder = mkdtempSync(join(tmpdir(), "instar-stages-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BASE = "version: 1\nname: ana\nsource: { git: . }\nagent: { start: node x.js }\nfront: { port: 8080 }\nstate: { kind: none }\n";
const plan = (yaml: string, options: { written?: readonly string[]; builtIn?: readonly string[] } = {}): PlannedStage[] => {
  const settings = parseSettings(`${BASE}${yaml}`, "instar.yaml");
  return planStages({ validation: settings.validation, tests: settings.tests, written: new Set(options.written), builtIn: new Set(options.builtIn) });
};

/** A machine on which each stage's command ends with the status that is written down, 0 where none is. */
function openMachine(ends: Readonly<Record<string, number>> = {}, more: Partial<StagePorts> = {}) {
  const log: string[] = [];
  const seen = { running: 0 };
  const ports: StagePorts = {
    clock: systemClock,
    say: () => undefined,
    first: [],
    builtIn: {},
    enter: async (stage) => {
      log.push(`enter ${stage}`);
      return { tree: folder, scratch: join(folder, stage), environment: {}, values: {}, leave: async () => void log.push(`leave ${stage}`) };
    },
    run: async ({ title }) => {
      seen.running += 1;
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      seen.running -= 1;
      return { kind: "exited", status: ends[title] ?? 0, tail: "", leftBehind: 0, durationMs: 10 } satisfies JobResult;
    },
    ...more,
  };
  return { ports, log, seen };
}

const four = `tests: { command: a.sh, runner: exit-status }
validation:
  integration_tests: { command: b.sh, runner: exit-status }
  performance_tests: { command: c.sh, runner: exit-status }
  security_scan: { command: d.sh, runner: exit-status }
`;
const verdicts = (results: readonly StageResult[]) => Object.fromEntries(results.map(({ stage, verdict }) => [stage, verdict]));
const alone = { parallel: 1, cache: undefined };

describe("the stages of a validation", () => {
  it("are seven, in their order, and what has nothing to run says so and blocks nothing", async () => {
    const stages = plan("");
    const results = await runStages(openMachine().ports, stages, alone);
    expect(results.map(({ stage }) => stage)).toEqual([
      "syntax",
      "static_analysis",
      "unit_tests",
      "integration_tests",
      "smoke_tests",
      "performance_tests",
      "security_scan",
    ]);
    expect(new Set(results.map(({ verdict }) => verdict))).toEqual(new Set(["nodata"]));
    expect(decideValidation(stages, results)).toEqual({ kind: "passed", because: "nothing was measured: no stage has anything to run", advisories: [] });
  });

  it("block where the operator wrote one down that has nothing to run", async () => {
    const stages = plan("", { written: ["integration_tests"] });
    const results = await runStages(openMachine().ports, stages, alone);
    expect(decideValidation(stages, results)).toMatchObject({ kind: "refused", because: "integration tests: instar.yaml names no command for it" });
  });

  it("run beside each other, as many as may, each in a place of its own that is left", async () => {
    const { ports, log } = openMachine();
    const stages = plan(four);
    const together = Promise.withResolvers<void>();
    let [running, most] = [0, 0];
    const run: StagePorts["run"] = async (job) => {
      running += 1;
      most = Math.max(most, running);
      if (running === 3) together.resolve();
      await together.promise;
      const result = await ports.run(job);
      running -= 1;
      return result;
    };
    expect(verdicts(await runStages({ ...ports, run }, stages, { parallel: 3, cache: undefined }))).toMatchObject({
      unit_tests: "pass",
      integration_tests: "pass",
      performance_tests: "pass",
      security_scan: "pass",
    });
    expect(most).toBe(3);
    expect(log.filter((line) => line.startsWith("leave"))).toHaveLength(4);
  });

  it("do not begin once a required one has failed; those that run come to their end", async () => {
    const { ports, log } = openMachine({ unit_tests: 1 });
    const stages = plan(four);
    const failed = Promise.withResolvers<void>();
    // The second stage runs until the first one has failed, however long either takes.
    const run: StagePorts["run"] = async (job) => {
      if (job.title === "integration_tests") await failed.promise;
      return ports.run(job);
    };
    const enter: StagePorts["enter"] = async (stage) => {
      const place = await ports.enter(stage);
      if (stage !== "unit_tests") return place;
      return { ...place, leave: async () => void setImmediate(() => failed.resolve()) };
    };
    const results = await runStages({ ...ports, run, enter }, stages, { parallel: 2, cache: undefined });
    expect(log.filter((line) => line.startsWith("enter"))).toEqual(["enter unit_tests", "enter integration_tests"]);
    expect(results.find(({ stage }) => stage === "integration_tests")?.verdict).toBe("pass");
    expect(results.find(({ stage }) => stage === "security_scan")).toMatchObject({ verdict: "nodata", because: "not run because unit_tests did not pass" });
    expect(decideValidation(stages, results)).toMatchObject({ kind: "refused", because: expect.stringMatching(/^unit tests: it exited with 1/) });
  });

  it("go on where an advisory one failed, and say so", async () => {
    const stages = plan(four);
    const results = await runStages(openMachine({ performance_tests: 1 }).ports, stages, alone);
    const { kind, because, advisories } = decideValidation(stages, results);
    expect(kind).toBe("passed");
    expect(because).toContain("; advisory, performance tests: it exited with 1");
    expect(advisories).toHaveLength(1);
  });

  it("do not run where they are off", async () => {
    const { ports, log } = openMachine();
    const stages = plan("validation: { integration_tests: { command: b.sh, gate: off } }");
    const results = await runStages(ports, stages, alone);
    expect(results.find(({ stage }) => stage === "integration_tests")).toMatchObject({ verdict: "nodata", gate: "off", because: "it is off (instar.yaml)" });
    expect(log).toEqual([]);
    expect(decideValidation(stages, results).kind).toBe("passed");
  });

  it("pass only where Instar's own part and the command pass", async () => {
    const yaml = "validation: { smoke_tests: { command: s.sh, runner: exit-status } }";
    const judge = async (own: "pass" | "fail", status: number) => {
      const machine = openMachine({ smoke_tests: status }, { builtIn: { smoke_tests: async () => ({ verdict: own, because: "it started" }) } });
      const results = await runStages(machine.ports, plan(yaml, { builtIn: ["smoke_tests"] }), alone);
      return [results.find(({ stage }) => stage === "smoke_tests"), machine.log.length] as const;
    };
    expect((await judge("pass", 0))[0]).toMatchObject({ verdict: "pass", because: expect.stringMatching(/^it started; it ended with status 0/) });
    expect((await judge("pass", 1))[0]?.verdict).toBe("fail");
    expect(await judge("fail", 0)).toEqual([
      expect.objectContaining({ verdict: "fail", runner: "built-in", because: "it started; its command was not run" }),
      0,
    ]);
  });

  it("do not pass where what passed was tampered with", async () => {
    const machine = openMachine();
    const enter: StagePorts["enter"] = async (stage) => ({ ...(await machine.ports.enter(stage)), inspect: async () => "a test was changed" });
    const results = await runStages({ ...machine.ports, enter }, plan(four), alone);
    expect(results.find(({ stage }) => stage === "unit_tests")).toMatchObject({ verdict: "fail", because: expect.stringMatching(/, but a test was changed$/) });
  });

  it("that have only a part of Instar's own say nothing where it said nothing", async () => {
    const stages = plan("", { builtIn: ["syntax"] });
    const results = await runStages(openMachine().ports, stages, alone);
    expect(results[0]).toMatchObject({ stage: "syntax", verdict: "nodata" });
    expect(decideValidation(stages, results).kind).toBe("refused");
  });

  it("end before an error of the machine is told", async () => {
    const machine = openMachine();
    const enter: StagePorts["enter"] = async (stage) => {
      if (stage === "unit_tests") throw new Error("no space");
      return machine.ports.enter(stage);
    };
    await expect(runStages({ ...machine.ports, enter }, plan(four), { parallel: 2, cache: undefined })).rejects.toThrow("no space");
    expect(machine.seen.running).toBe(0);
    expect(machine.log).toEqual(["enter integration_tests", "leave integration_tests"]);
  });
});

describe("a stage that is known to pass", () => {
  const openCache = () => {
    const kept = new Map<string, StageResult>();
    const cache: StageCache = { find: async ({ stage }) => kept.get(stage), keep: async ({ stage }, result) => void kept.set(stage, result) };
    return { kept, cache };
  };

  it("is not run again, and says so", async () => {
    const { cache } = openCache();
    const [first, second] = [openMachine(), openMachine()];
    await runStages(first.ports, plan(four), { parallel: 1, cache });
    const results = await runStages(second.ports, plan(four), { parallel: 1, cache });
    expect(second.log).toEqual([]);
    expect(results.filter(({ cached }) => cached).map(({ stage }) => stage)).toEqual(["unit_tests", "integration_tests", "performance_tests", "security_scan"]);
    expect(decideValidation(plan(four), results).because).toContain("(known from before)");
  });

  it("is kept only where it passed by its command alone", async () => {
    const { kept, cache } = openCache();
    const machine = openMachine({ security_scan: 1 }, { builtIn: { performance_tests: async () => ({ verdict: "pass", because: "as fast as before" }) } });
    await runStages(machine.ports, plan(four, { builtIn: ["performance_tests"] }), { parallel: 1, cache });
    expect([...kept.keys()]).toEqual(["unit_tests", "integration_tests"]);
  });
});
