import type { RehearsalFinding } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { makeFinding } from "../../rehearsal/compare-shown.ts";
import type { SandboxChoice } from "../../sandbox/sandbox.ts";
import { type Settings, settingsSchema } from "../../settings/settings.ts";
import { decidePreflight } from "./ask-preflight.ts";
import { foldRehearsedStages } from "./fold-rehearsed-stages.ts";
import { judgeMigration } from "./judge-migration.ts";
import { planRehearsal } from "./plan-rehearsal.ts";
import { planRehearsalPlace } from "./plan-rehearsal-place.ts";

const settingsOf = (parts: object = {}): Settings =>
  settingsSchema.parse({
    version: 1,
    name: "demo",
    source: { git: "." },
    agent: { start: ["node", "server.js"] },
    front: { port: 8080 },
    state: { kind: "exclusive", directory: "state", variable: "STATE_DIR" },
    ...parts,
  });
const MIB = 1_048_576;

describe("whether a candidate is rehearsed", () => {
  const question = { settings: settingsOf(), hasOld: true, agentBytes: 100 * MIB, availableBytes: 1_024 * MIB };

  it("with the old version beside it, where memory allows", () => {
    expect(planRehearsal(question)).toMatchObject({ kind: "rehearse", isBeside: true });
  });

  it("alone, and says so, where memory is short for two", () => {
    expect(planRehearsal({ ...question, availableBytes: 300 * MIB })).toMatchObject({
      kind: "rehearse",
      isBeside: false,
      isBesideBecause: "memory is short for two: 300 MiB are free",
    });
  });

  it("not now, where a second copy would take the agent's memory", () => {
    expect(planRehearsal({ ...question, availableBytes: 200 * MIB })).toMatchObject({ kind: "short" });
  });

  it("not at all where it is off, where nothing serves, and where its state is elsewhere and nothing stands for it", () => {
    expect(planRehearsal({ ...question, settings: settingsOf({ rehearsal: { gate: "off" } }) }).kind).toBe("skip");
    expect(planRehearsal({ ...question, hasOld: false }).kind).toBe("skip");
    expect(planRehearsal({ ...question, settings: settingsOf({ state: { kind: "external" } }) }).kind).toBe("skip");
    const told = settingsOf({ state: { kind: "external" }, rehearsal: { environment: { DATABASE_URL: "sqlite::memory:" } } });
    expect(planRehearsal({ ...question, settings: told }).kind).toBe("rehearse");
  });
});

describe("where a version is rehearsed", () => {
  const walled: SandboxChoice = { sandbox: "bubblewrap", missing: [], canPlace: true, enforces: ["files", "network"] };
  const open: SandboxChoice = { sandbox: "none", missing: ["files", "network"], canPlace: false, enforces: ["time"] };
  const place = (settings: Settings, choice: SandboxChoice) => planRehearsalPlace(settings, choice, "/srv/agent/state", [9_999, 9_998]);

  it("sees the copy at the state's own place, and listens at its own loopback, in a sandbox that can do both", () => {
    expect(place(settingsOf(), walled)).toMatchObject({
      kind: "place",
      place: { isPrivate: true, stateAt: "/srv/agent/state", port: 8_000, portBeside: 8_000 },
    });
    expect(place(settingsOf({ agent: { start: "x", port: 3_000 } }), walled)).toMatchObject({ kind: "place", place: { port: 3_000 } });
  });

  it("is told where the copy is, and listens at a port that nobody has, in one that cannot", () => {
    expect(place(settingsOf(), open)).toMatchObject({ kind: "place", place: { isPrivate: false, stateAt: null, port: 9_999, portBeside: 9_998 } });
  });

  it("never where old and new would share a port, so that one would be judged by the other's answers", () => {
    expect(planRehearsalPlace(settingsOf(), open, "/srv/agent/state", [9_999])).toEqual({ kind: "cannot", because: expect.stringContaining("two free ports") });
  });

  it("never where it would open the live state, or reach for the live port", () => {
    expect(place(settingsOf({ state: { kind: "exclusive", directory: "state" } }), open)).toMatchObject({ kind: "cannot" });
    expect(place(settingsOf({ state: { kind: "exclusive", directory: "state" }, agent: { start: ["agent", "--data", "{state}"] } }), open)).toMatchObject({
      kind: "place",
    });
    expect(place(settingsOf({ agent: { start: "x", port: 3_000 } }), open)).toMatchObject({ kind: "cannot" });
  });

  it("never takes the running version's heartbeat for the new one's", () => {
    const beat = (file: string) => {
      const planned = place(settingsOf({ health: { heartbeat: { file, within: "1m" } } }), walled);
      return planned.kind === "place" ? planned.place.settings.health.heartbeat?.file : planned;
    };
    expect(beat("/srv/agent/state/run/beat")).toBe("run/beat");
    expect(beat("beat")).toBe("beat");
    expect(beat("/run/agent/beat")).toBeUndefined();
    expect(beat("/srv/agent/state-of-another/beat")).toBeUndefined();
  });
});

describe("what starting it did to the databases", () => {
  const schema = (path: string, userVersion: number, digest = "a") => ({ path, userVersion, digest });

  it("passes where nothing changed, and where it went forward, and tells the versions", () => {
    expect(judgeMigration([], [])).toEqual([]);
    expect(judgeMigration([schema("a.db", 1)], [schema("a.db", 1)])).toMatchObject([{ verdict: "pass" }]);
    expect(judgeMigration([schema("a.db", 17)], [schema("a.db", 18, "b")])).toMatchObject([{ verdict: "pass", old: 17, new: 18 }]);
  });

  it("fails where a database is gone or went backward", () => {
    expect(judgeMigration([schema("a.db", 1)], [])).toMatchObject([{ verdict: "fail" }]);
    expect(judgeMigration([schema("a.db", 18)], [schema("a.db", 17)])).toMatchObject([{ verdict: "fail" }]);
  });
});

describe("what a preflight says", () => {
  const preflight = { run: "x", at: "/status", exact: ["exact"], migrates: ["migration-required"], incompatible: ["incompatible"], within: 1 };
  const word = (output: string) => decidePreflight(preflight, output, "it exited with 0").word;

  it.each([
    ['{"status":"exact"}', "exact"],
    ['a warning first\n{\n "status": "migration-required"\n}', "migrates"],
    ['{"not":"this"}\n{"status":"incompatible"}', "incompatible"],
    ['{"status":"who knows"}', "unknown"],
    ["", "unknown"],
    ["exact", "unknown"],
    ['{"status":', "unknown"],
  ])("%j is %s", (output, expected) => expect(word(output)).toBe(expected));
});

describe("the stages that a rehearsal fills", () => {
  const findings: RehearsalFinding[] = [
    makeFinding("readiness", "pass", "it answers"),
    makeFinding("latency", "inconclusive", "too noisy"),
    makeFinding("answers", "fail", "one differs"),
  ];

  it("are the worst of their findings; answers are told and judge nobody", () => {
    const { stages, refusedBecause } = foldRehearsedStages(findings, settingsOf().validation, new Set());
    expect(stages.map(({ stage, verdict }) => [stage, verdict])).toEqual([
      ["smoke_tests", "pass"],
      ["performance_tests", "inconclusive"],
    ]);
    expect(refusedBecause).toBeNull();
  });

  it("refuse what the operator wrote down as required and what did not pass", () => {
    const { validation } = settingsOf({ validation: { performance_tests: { gate: "required" } } });
    expect(foldRehearsedStages(findings, validation, new Set(["validation.performance_tests"])).refusedBecause).toMatch(/performance tests \(required\)/);
    expect(foldRehearsedStages([], settingsOf().validation, new Set(["validation.smoke_tests"])).refusedBecause).toMatch(/nothing was rehearsed/);
  });
});
