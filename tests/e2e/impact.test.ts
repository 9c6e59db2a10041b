import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ImpactView } from "@instar/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestInstance, until } from "./test-instance.ts";

const impactOf = (instance: TestInstance, ...args: string[]) => instance.json<ImpactView>("impact", ...args);
const factorsOf = ({ report }: ImpactView) => report.factors.map(({ name }) => name);

describe("what a change touches, as a person asks it", () => {
  let instance: TestInstance;
  let first: string;
  beforeAll(async () => {
    instance = await TestInstance.create({ settings: "updates: { automatic: never }" });
    first = instance.git(instance.work, "rev-parse", "HEAD").trim();
  });
  afterAll(() => instance.end());

  it("is told before anything ever ran: a first version reaches everything that it brings", () => {
    const view = impactOf(instance);
    expect(view).toMatchObject({ update: null, from: null, to: { version: "1.0.0", commit: first }, report: { bump: "first" } });
    expect(view.report.modules.total).toBeGreaterThan(1);
  });

  it("is small for a word in a document", () => {
    const commit = instance.publish("1.0.0", { "README.md": "Other words\n" });
    const { report } = impactOf(instance, "--from", first, "--to", commit);
    expect(report).toMatchObject({ risk: "minimal", impactLevel: "low", requiresReview: false, files: { changed: 1 } });
  });

  it("names what an edit reaches, and the tests to run first", () => {
    const commit = instance.publish("1.0.1", { "answer.js": (text) => `${text}\nexport const more = 1;\n` });
    const { report } = impactOf(instance, "--from", first, "--to", commit);
    expect(report.modules.directly.first).toEqual(expect.arrayContaining(["answer.js"]));
    expect([...report.modules.directly.first, ...report.modules.indirectly.first]).toContain("server.js");
    expect(report.entryPoints.first).toContain("server.js");
    expect(report.requiredTests.first).toEqual(["test/answer.test.js"]);
  });

  it("sees a test that is gone, in a commit that speaks of something else", () => {
    const before = instance.git(instance.work, "rev-parse", "HEAD").trim();
    const commit = instance.publish("1.0.2", { "test/answer.test.js": (text) => text.replace(/^test\("is well".*$/m, "") });
    const view = impactOf(instance, "--from", before, "--to", commit);
    expect(factorsOf(view)).toContain("tests weakened");
    expect(view.report).toMatchObject({ impactLevel: "high", requiresReview: true });
    expect(view.report.touches.first).toEqual(expect.arrayContaining([expect.objectContaining({ kind: "tests", weakens: true, by: "content" })]));
  });

  it("fits on half a page", () => {
    const { status, stdout } = instance.cli("impact", "--from", first);
    expect(status).toBe(0);
    expect(stdout.split("\n").length).toBeLessThan(35);
    expect(stdout).toMatch(/risk {7}\w+ \([\d.]+ of 100\)/);
  });

  it("draws the graph for people and for programs", () => {
    expect(instance.cli("graph").stdout).toMatch(/n1 \[label="answer\.js"\][\s\S]*n4 \[label="server\.js"\];\n {2}n4 -> n1;/);
    expect(instance.json<{ modules: number; edges: number }>("graph", "--format", "json").edges).toBeGreaterThan(0);
  });

  it("says what is wrong with what was asked", () => {
    expect(instance.cli("impact", "--from", "nowhere")).toMatchObject({ status: 2 });
    expect(instance.cli("impact", "abcdefgh", "--to", first)).toMatchObject({ status: 2 });
    expect(instance.cli("graph", "--format", "png")).toMatchObject({ status: 2 });
  });
});

describe("what a change touches, in an update", () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.create();
    await instance.start();
  });
  afterAll(() => instance.end());

  it("stands in the update for good, and the ledger names it", async () => {
    instance.publish("1.0.1", {
      "answer.js": (text) => text.replace('return "hello"', 'return "hi"'),
      "test/answer.test.js": (text) => text.replace("/^hello/", "/^hi/"),
    });
    const ended = await instance.ended("1.0.1");
    expect(ended).toMatchObject({ outcome: "committed" });
    const view = impactOf(instance, ended.id);
    expect(view).toMatchObject({ update: ended.id, from: { version: "1.0.0" }, to: { version: "1.0.1" } });
    expect(factorsOf(view)).toContain("tests");
    expect(impactOf(instance, "--from", "1.0.1", "--to", "1.0.0").report).toMatchObject({ bump: "downgrade", risk: "high" });
  });

  it("waits for a person where a test is weakened, and lets go on what a person starts", async () => {
    instance.publish("1.0.2", { "test/answer.test.js": (text) => text.replace(/^test\("is well".*$/m, "") });
    await until("it waits", async () => ((await instance.statusNow())?.waiting.includes("waits for approval") ? true : undefined));
    expect(instance.status().waiting).toContain("1 person must approve it");
    expect(instance.cli("update", "cancel").status).toBe(0);
    expect(instance.cli("update", "apply").status).toBe(0);
    expect(await instance.served()).toMatchObject({ version: "1.0.2" });
  });

  it("refuses what no longer parses before anything of it runs", async () => {
    instance.publish("1.0.3", { "answer.js": (text) => `${text}\nexport const = ;\n` });
    const ended = await instance.ended("1.0.3");
    expect(ended).toMatchObject({ outcome: "refused", code: "VALIDATION_FAILED" });
    expect(ended.because).toMatch(/syntax/);
    expect(ended.steps.find(({ id }) => id === "stage")?.state).toBe("skipped");
  });

  it("refuses what kills the parser; the daemon lives, and takes the next one", async () => {
    const { daemon } = instance.pids();
    instance.publish("1.0.4", { "answer.js": (text) => text.replace("\nexport const = ;\n", ""), "deep.jsx": "(/)/,".repeat(20_000) });
    expect(await instance.ended("1.0.4")).toMatchObject({ outcome: "refused", code: "ANALYSIS_FAILED" });
    expect(instance.pids().daemon).toBe(daemon);
    instance.publish("1.0.5", { "deep.jsx": null });
    expect(await instance.ended("1.0.5")).toMatchObject({ outcome: "committed" });
  });
});

describe("what the compiler and the linter of a candidate say", () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.create({ settings: "analysis: { checks: { style: required } }" });
    await instance.start();
  });
  afterAll(() => instance.end());

  it("is asked of both versions: what was there before is held against nobody", async () => {
    instance.publish("1.0.1", { "answer.js": (text) => `${text}\nexport function odd() {\n  debugger;\n}\n` });
    expect(await instance.ended("1.0.1")).toMatchObject({ outcome: "refused", code: "VALIDATION_FAILED" });
    instance.publish("1.0.2", { "answer.js": (text) => text.replace("  debugger;\n", "") });
    const ended = await instance.ended("1.0.2");
    expect(ended).toMatchObject({ outcome: "committed" });
    const { report } = impactOf(instance, ended.id);
    expect(report.checks.map(({ check, verdict }) => `${check} ${verdict}`)).toEqual(expect.arrayContaining(["style pass", "types nodata", "syntax pass"]));
  });
});

describe("files of the running release that were changed by hand", () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.create({ settings: "updates: { automatic: never }" });
    await instance.start();
  });
  afterAll(() => instance.end());

  const changeByHand = (file: string, change: (text: string) => string) => {
    const release = instance.status().agent.release ?? "";
    const path = join(instance.data, "releases", release, "tree", file);
    const text = readFileSync(path, "utf8");
    chmodSync(dirname(path), 0o755);
    chmodSync(path, 0o644);
    writeFileSync(path, change(text));
  };
  const runningText = (file: string) => readFileSync(join(instance.data, "releases", instance.status().agent.release ?? "", "tree", file), "utf8");

  it("stop an update that would lose them, until a person says who wins", async () => {
    changeByHand("journal.js", (text) => `// mended by hand\n${text}`);
    instance.publish("1.0.1", { "README.md": "new\n" });
    expect(instance.cli("update", "apply").status).toBe(4);
    const ended = await instance.ended("1.0.1");
    expect(ended).toMatchObject({ outcome: "refused", code: "CONFLICT" });
    expect(ended.because).toMatch(/journal\.js/);
  });

  it("are brought over by git's merge, and carried on by the next update", async () => {
    expect(instance.cli("update", "apply", "--conflicts", "merge").status).toBe(0);
    expect(runningText("journal.js")).toMatch(/^\/\/ mended by hand\n/);
    instance.publish("1.0.2", { "journal.js": (text) => `${text}\n// upstream's\n` });
    instance.cli("update", "apply", "--conflicts", "merge");
    expect(runningText("journal.js")).toMatch(/^\/\/ mended by hand\n[\s\S]*\/\/ upstream's\n$/);
    expect(await instance.served()).toMatchObject({ status: 200, version: "1.0.2" });
  });

  it("stop an update also when an earlier one carried them over", async () => {
    instance.publish("1.0.3", { "README.md": "newer\n" });
    const ran = instance.cli("update", "apply");
    expect(ran.status).toBe(4);
    expect(ran.stdout).toMatch(/journal\.js: it was changed by hand/);
  });

  it("stop a merge where both changed the same place", async () => {
    instance.publish("1.0.4", { "journal.js": (text) => `// upstream's word\n${text}` });
    const ran = instance.cli("update", "apply", "--conflicts", "merge");
    expect(ran.status).toBe(4);
    expect(ran.stdout).toMatch(/journal\.js/);
  });

  it("give way, or win, as the person says", async () => {
    expect(instance.cli("update", "apply", "--conflicts", "local-wins").status).toBe(0);
    expect(runningText("journal.js")).toMatch(/^\/\/ mended by hand\n/);
    instance.publish("1.0.5", { "README.md": "newest\n" });
    instance.cli("update", "apply", "--conflicts", "update-wins");
    expect(runningText("journal.js")).toMatch(/^\/\/ upstream's word\n/);
  });
});
