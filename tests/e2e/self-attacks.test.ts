// What an agent tries from inside, and what it finds out before it deploys: one real instance, in order.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CodeCheckView, OutputOf } from "@instar/protocol";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { TestInstance, until } from "./test-instance.ts";

describe("an agent that may change its own code", () => {
  let instance: TestInstance;
  let admin: string;
  let operator: string;
  let agent: string;
  const own = (...path: string[]) => join(instance.agent, "agent-data", ...path);
  const code = (name: string) => readFileSync(own("code-repo", name), "utf8");
  const ask = async <T>(method: "GET" | "POST", path: string, input?: unknown, by = agent) => (await instance.askAs(by, method, path, input)).body as T;
  const post = <T>(name: string, input: unknown = {}) => ask<T>("POST", `/v1/code/${name}`, input);
  const write = (path: string, text: string) => post("write", { path, text });
  const deploy = async (message: string) => {
    const begun = await post<OutputOf<"code.deploy">>("deploy", { message });
    expect(begun).toMatchObject({ decision: "start", update: expect.any(String) });
    return begun;
  };
  const deployments = async () => (await ask<OutputOf<"code.deployments">>("GET", "/v1/code/deployments")).deployments;
  const ended = (update: string | null) =>
    until(`${update} has ended`, async () => (await deployments()).find((each) => each.update === update && each.outcome !== null), 120_000);
  const waits = (update: string | null) =>
    until(
      `${update} waits for a person`,
      async () => {
        const found = (await deployments()).find((each) => each.update === update && (each.needsPerson || each.outcome !== null));
        if (found?.outcome != null) throw new Error(`it ended: ${found.outcome}: ${found.because}`);
        return found;
      },
      120_000,
    );
  const reject = async (update: string | null) => {
    expect((await instance.askAs(admin, "POST", "/v1/update/reject", { because: "no" })).status).toBe(200);
    return ended(update);
  };
  const check = async (): Promise<CodeCheckView> => {
    const begun = await post<CodeCheckView>("check");
    expect(begun).toMatchObject({ state: "running" });
    return until(
      "the check has ended",
      async () => {
        const view = await ask<CodeCheckView>("GET", `/v1/code/progress?check=${begun.id}&waitSeconds=20`);
        return view.state === "running" ? undefined : view;
      },
      120_000,
    );
  };

  beforeAll(async () => {
    instance = await TestInstance.create();
    const settings = readFileSync(join(instance.agent, "instar.yaml"), "utf8");
    writeFileSync(join(instance.agent, "instar.yaml"), `${settings}self: { gitName: Claw, gitEmail: claw@example.org }\n`);
    await instance.start();
    admin = instance.json<{ secret: string }>("token", "create", "root", "--role", "admin").secret;
    operator = instance.jsonAs<{ secret: string }>(admin, "token", "create", "olga", "--role", "operator", "--expires", "1d").secret;
    agent = instance.jsonAs<{ secret: string }>(admin, "token", "create", "claw", "--role", "agent", "--expires", "1d").secret;
    await until("code-repo was made", () => (existsSync(own("deployments", "status.json")) && existsSync(own("code-repo", "server.js")) ? true : undefined));
  });
  afterAll(() => instance.end());
  beforeEach(() => post("reset"));

  it("has its tests run in the sandbox, and nothing comes of it: no update, no release, nothing exchanged", async () => {
    expect(await instance.askAs(agent, "POST", "/v1/code/check", {})).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining("nothing to check") },
    });
    await write("note.js", "export const note = 1;\n");
    const before = { updates: instance.updates(), releases: readdirSync(join(instance.data, "releases")), ledger: instance.ledger().length };
    const passed = await check();
    expect(passed).toMatchObject({ state: "passed", code: null, changed: ["note.js"], policy: { outcome: "proceed" } });
    expect(passed.steps.map(({ id, state }) => [id, state])).toEqual(
      ["check-package", "analyse", "stage", "build", "check-code", "validate"].map((id) => [id, "done"]),
    );
    const tests = passed.steps.flatMap(({ evidence }) => evidence?.stages ?? []).find(({ stage }) => stage === "unit_tests");
    expect(tests).toMatchObject({ verdict: "pass", runner: "node", counts: { failed: 0, passed: expect.any(Number) } });
    expect(tests?.counts?.passed).toBeGreaterThan(0);
    expect({ updates: instance.updates(), releases: readdirSync(join(instance.data, "releases")), ledger: instance.ledger().length }).toEqual(before);
    expect(existsSync(join(instance.data, "asked", "check"))).toBe(false);
    expect(code("note.js")).toBe("export const note = 1;\n");
  });

  it("reads which tests fail, and what they wrote, from the command line too; a second check waits its turn", async () => {
    const answer = code("answer.js");
    await write("answer.js", answer.replaceAll("hello", "goodbye"));
    const both = await Promise.all([instance.askAs(agent, "POST", "/v1/code/check", {}), instance.askAs(agent, "POST", "/v1/code/check", {})]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const failed = await until("the check has ended", async () => {
      const view = await ask<CodeCheckView>("GET", "/v1/code/progress?waitSeconds=20");
      return view.state === "running" ? undefined : view;
    });
    expect(failed).toMatchObject({ state: "failed", code: "VALIDATION_FAILED", output: expect.stringMatching(/✖ greets|not ok/) });
    expect(failed.steps.at(-1)).toMatchObject({ id: "validate", state: "failed", evidence: { stages: expect.anything() } });
    const ran = instance.cli("code", "check");
    expect(ran.status).toBe(4);
    expect(ran.stdout).toMatch(/^check \S+ of code-repo \(1 file changed\): failed/);
    expect(ran.stderr).toContain("✘ Run the tests");
  });

  it("is told before it deploys that a person will be asked: a test that is renamed and weakened at once", async () => {
    const test = code("test/answer.test.js");
    await post("move", { from: "test/answer.test.js", to: "test/other.test.js" });
    await write("test/other.test.js", test.replace("/^hello/", "/./"));
    const checked = await check();
    expect(checked).toMatchObject({ state: "passed", policy: { outcome: "approval" } });
    const begun = await deploy("Tidy up");
    expect(await waits(begun.update)).toMatchObject({ needsPerson: true });
    expect(await instance.askAs(agent, "POST", "/v1/update/approve", {})).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
    expect(await reject(begun.update)).toMatchObject({ outcome: "refused", comment: "no" });
  });

  it("weakens a check: the threshold of its coverage, or the script that runs its tests", async () => {
    const about = JSON.parse(code("package.json")) as object;
    await write("package.json", `${JSON.stringify({ ...about, scripts: { test: "exit 0" }, c8: { lines: 0, "check-coverage": false } }, null, 2)}\n`);
    const begun = await deploy("Faster tests");
    expect(await waits(begun.update)).toMatchObject({ needsPerson: true });
    expect(await reject(begun.update)).toMatchObject({ outcome: "refused" });
  });

  it("a huge diff is bounded wherever it is shown, and is judged all the same", async () => {
    const line = `export const filler = "${"x".repeat(90)}";\n`;
    await write("huge.js", Array.from({ length: 20_000 }, (_, index) => line.replace("filler", `filler${index}`)).join(""));
    const { text, ...rest } = await ask<OutputOf<"code.diff">>("GET", "/v1/code/diff");
    expect(rest).toMatchObject({ isAll: false, changed: ["huge.js"] });
    expect(text?.length).toBeLessThanOrEqual(524_288);
    const { body } = await instance.askAs(agent, "POST", "/v1/code/check", { waitSeconds: 50 });
    expect(JSON.stringify(body).length).toBeLessThan(200_000);
    // What was not looked at is no pass.
    expect(body).toMatchObject({ state: "failed", because: expect.stringContaining("huge.js") });
  });

  it("force_deploy is an admin person's: no agent's, no operator's, no tool; policies decide, and the ledger has it", async () => {
    await write("test/more.test.js", 'import { test } from "node:test";\ntest("more", () => {});\n');
    const forced = { message: "One more test", because: "the outage of this morning" };
    for (const token of [agent, operator]) expect((await instance.askAs(token, "POST", "/v1/code/force-deploy", forced)).status).toBe(403);
    const tools = await instance.askAs(agent, "POST", "/mcp", { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });
    expect(JSON.stringify(tools.body)).not.toContain("force");
    const begun = (await instance.askAs(admin, "POST", "/v1/code/force-deploy", forced)).body as OutputOf<"code.deploy">;
    expect(begun).toMatchObject({ decision: "start", because: "root forces it: the outage of this morning", update: expect.any(String) });
    // The same change deployed by the agent would wait: it touches a test.
    expect(await ended(begun.update)).toMatchObject({ outcome: "committed", by: "root" });
    const [proposed] = instance.ledger().filter(({ event, description }) => event === "UPDATE_PROPOSED" && description.includes("forces"));
    expect(proposed).toMatchObject({ actor: { type: "user", id: "root" }, details: { forced: true } });
    expect(proposed?.description).toContain("the outage of this morning");
  });

  it("notes what happened in its own name: bounded, without secrets, and deciding nothing", async () => {
    const note = (input: object, by = agent) => instance.askAs(by, "POST", "/v1/agent/note", input);
    const secret = "AKIAQ7Z5TBN3WJX2RK4M";
    const { body } = await note({ what: "model.changed", text: `it is another one ${secret}`, facts: '{"from":"a","size":3}' });
    const entry = instance.ledger().find(({ index }) => index === (body as OutputOf<"agent.note">).index);
    expect(entry).toMatchObject({
      event: "AGENT_NOTED",
      actor: { type: "agent", id: "claw" },
      details: { what: "model.changed", facts: { from: "a", size: 3 } },
    });
    expect(JSON.stringify(entry)).not.toContain(secret);
    for (const bad of [
      { what: "UPDATE_APPROVED", text: "x" },
      { what: "a", text: "x".repeat(1_001) },
      { what: "a", text: "x", facts: "[1]" },
      { what: "a", text: "x", facts: '{"a":{}}' },
    ])
      expect((await note(bad)).status).toBe(400);
    const answers: number[] = [];
    for (let times = 0; times < 125; times += 1) answers.push((await note({ what: "a", text: `${times}` })).status);
    expect(answers.filter((status) => status === 200)).toHaveLength(119);
    expect(answers.at(-1)).toBe(429);
  });

  it("kills the daemon and then the keeper in the middle of its deploy: it is carried to its end, and what serves serves", async () => {
    await write("after.js", "export const after = 1;\n");
    const begun = await deploy("After");
    const { daemon } = instance.pids();
    process.kill(daemon, "SIGKILL");
    await until("another daemon serves", () => (instance.pids().daemon !== daemon ? true : undefined));
    const { keeper } = instance.pids();
    process.kill(keeper, "SIGKILL");
    await until("another keeper keeps", () => (instance.pids().keeper !== keeper ? true : undefined));
    const end = await until(
      "it has ended",
      async () => {
        try {
          return (await deployments()).find(({ update, outcome }) => update === begun.update && outcome !== null);
        } catch {
          return undefined;
        }
      },
      120_000,
    );
    expect(["committed", "rolled-back", "refused"]).toContain(end.outcome);
    expect((await instance.served())?.status).toBe(200);
  });
});
