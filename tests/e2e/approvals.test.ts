// People's word on updates that wait for it, on one real instance: the order matters, and each story leaves what the next begins with.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ApprovalView, ExplainView, OutputOf, PolicyCheckView, SimulationView, UpdateView } from "@instar/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestInstance, until } from "./test-instance.ts";

/** What is touched by its name alone is of high impact: a person is asked. */
const high = (text: string) => ({ "auth.js": `export const ${text} = 1;\n` });

describe("an update that people are asked about:", () => {
  let instance: TestInstance;
  let admin: string;
  let ada: string;
  let bob: string;
  let author: string;
  let operator: string;
  let agent: string;
  const policy = (name: string) => join(instance.agent, "policy", name);
  const tokenOf = (name: string, role: string, by?: string) =>
    instance.jsonAs<{ secret: string }>(by, "token", "create", name, "--role", role, "--expires", "1d").secret;
  const waiting = (version: string) =>
    // Over HTTP: a CLI that starts again and again would take the processor from what it waits for.
    until(`${version} waits for approval`, async () => {
      const { approvals } = await instance.ask<OutputOf<"approval.list">>("GET", "/v1/approval/list");
      return approvals.find((each) => each.versionTo === version && each.state === "waiting");
    });
  const approvalOf = (version: string) => instance.json<OutputOf<"approval.list">>("approval", "list").approvals.find((each) => each.versionTo === version);
  const explain = (update: string) => instance.json<ExplainView>("update", "explain", update).decisions;

  beforeAll(async () => {
    instance = await TestInstance.create();
    await instance.start();
    admin = tokenOf("root", "admin");
    ada = tokenOf("ada", "approver", admin);
    bob = tokenOf("bob", "approver", admin);
    // Commits of these tests are by Test <test@example.invalid>.
    author = tokenOf("test", "approver", admin);
    operator = tokenOf("olga", "operator", admin);
    agent = tokenOf("claw", "agent", admin);
  });
  afterAll(() => instance.end());

  it("waits, says for what, and serves on; only who may answers for it", async () => {
    instance.publish("1.0.1", high("one"));
    const view = await waiting("1.0.1");
    expect(view).toMatchObject({ quorum: 1, answers: [], because: expect.stringContaining("1 person must approve it") });
    expect(view.decision).toMatch(/^1\.0\.0 to 1\.0\.1: a patch step, found upstream, of high impact .*So it waits for approval\.$/);
    expect(instance.status()).toMatchObject({ state: "approving", waiting: expect.stringContaining("waits for approval") });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.0" });
    // The door of an agent that runs open could be opened by the agent itself.
    expect(instance.cli("update", "approve")).toMatchObject({ status: 4, stderr: expect.stringContaining("FORBIDDEN") });
    for (const token of [operator, agent])
      expect(await instance.askAs(token, "POST", "/v1/update/approve", {})).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
    expect(await instance.askAs(author, "POST", "/v1/update/approve", {})).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining("nobody approves a change of his own") },
    });
    expect(await instance.askAs("instar_nobody_x", "POST", "/v1/update/approve", {})).toMatchObject({ status: 401 });
    expect(approvalOf("1.0.1")).toMatchObject({ state: "waiting", answers: [] });
  });

  it("T34: is approved by its digest and no other, and then exchanged; the word is on record and used up", async () => {
    const { update, digest } = await waiting("1.0.1");
    for (const other of ["sha256:0000000000000000000000000000000000000000000000000000000000000000", "sha256:", (digest ?? "").slice(0, 12)])
      expect(instance.cliAs(ada, "update", "approve", update, "--digest", other)).toMatchObject({
        status: 7,
        stderr: expect.stringContaining("is not what waits for approval"),
      });
    const approved = instance.jsonAs<ApprovalView>(ada, "update", "approve", update, "--digest", digest ?? "", "--because", "read the whole diff");
    expect(approved.answers).toMatchObject([{ by: "ada", role: "approver", because: "read the whole diff", digest, counts: true }]);
    expect(await instance.ended("1.0.1")).toMatchObject({ outcome: "committed" });
    expect(approvalOf("1.0.1")).toMatchObject({ state: "approved", because: "ada approved it (read the whole diff)" });
    expect(explain(update).map(({ step, comesTo, recomputed }) => [step, comesTo, recomputed.verdict])).toEqual([
      ["decide", "approval", "yes"],
      ["approve", "passed", "yes"],
    ]);
    const ledger = instance.ledger();
    expect(ledger.filter(({ event }) => event === "UPDATE_APPROVED")).toMatchObject([
      { actor: { type: "user", id: "ada" }, update, details: { digest, because: "read the whole diff" } },
    ]);
    expect(ledger.find(({ event, update: of }) => event === "DECISION_MADE" && of === update)).toBeDefined();
    expect(instance.cliAs(bob, "update", "approve", update)).toMatchObject({ status: 7, stderr: expect.stringContaining("ended committed") });
  });

  it("needs two people where a policy says so: one twice is one, two at once are two", async () => {
    mkdirSync(join(instance.agent, "policy"));
    writeFileSync(
      policy("two.cedar"),
      `@id("two-for-sign-in") @because("sign-in takes two") @approvals("2")\npermit (principal, action == Instar::Action::"proceedWithApproval", resource) when { resource.touches.contains("sign-in") };\n`,
    );
    instance.publish("1.0.2", high("two"));
    const { update } = await waiting("1.0.2");
    expect(instance.cliAs(ada, "update", "approve", update).status).toBe(0);
    expect(instance.cliAs(ada, "update", "approve", update)).toMatchObject({ status: 7, stderr: expect.stringContaining("ada has approved it already") });
    expect(approvalOf("1.0.2")).toMatchObject({ state: "waiting", quorum: 2, answers: [{ by: "ada", counts: true }] });
    const both = await Promise.all([ada, bob].map((token) => instance.askAs(token, "POST", "/v1/update/approve", { update })));
    expect(both.map(({ status }) => status)).toEqual([409, 200]);
    expect(await instance.ended("1.0.2")).toMatchObject({ outcome: "committed" });
  });

  it("must be approved anew when the policies change meanwhile, or a token is taken away", async () => {
    instance.publish("1.0.3", high("three"));
    const { update } = await waiting("1.0.3");
    const carol = tokenOf("carol", "approver", admin);
    expect(instance.cliAs(carol, "update", "approve", update).status).toBe(0);
    expect(instance.cliAs(admin, "token", "revoke", "carol").status).toBe(0);
    expect(approvalOf("1.0.3")?.answers).toMatchObject([{ by: "carol", counts: false, voidBecause: "the token that it was given with was taken away since" }]);
    expect(instance.cliAs(ada, "update", "approve", update).status).toBe(0);
    writeFileSync(policy("two.cedar"), `${readFileSync(policy("two.cedar"), "utf8")}\n// another word\n`);
    expect(instance.cliAs(bob, "update", "approve", update).status).toBe(0);
    expect(approvalOf("1.0.3")?.answers.filter(({ counts }) => counts)).toHaveLength(1);
    expect(approvalOf("1.0.3")).toMatchObject({
      state: "waiting",
      answers: [
        { by: "carol", counts: false },
        { by: "ada", counts: false, voidBecause: "the policies have changed since" },
        { by: "bob", counts: true },
      ],
    });
    expect(instance.cliAs(ada, "update", "approve", update).status).toBe(0);
    expect(await instance.ended("1.0.3")).toMatchObject({ outcome: "committed" });
  });

  it("ends when a person rejects it, and a word that comes later is none", async () => {
    instance.publish("1.0.4", high("four"));
    const { update } = await waiting("1.0.4");
    expect(instance.cliAs(bob, "update", "reject", update, "--because", "not before Monday").status).toBe(0);
    expect(await instance.ended("1.0.4")).toMatchObject({ outcome: "refused", code: "REJECTED", because: "bob rejected it: not before Monday" });
    expect(approvalOf("1.0.4")).toMatchObject({ state: "rejected", because: "bob rejected it: not before Monday" });
    expect(instance.cliAs(ada, "update", "approve", update)).toMatchObject({ status: 7, stderr: expect.stringContaining("ended refused") });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.3" });
  });

  it("gives way to something newer, and to whoever cancels it; neither can be approved then", async () => {
    instance.publish("1.0.5", high("five"));
    const { update } = await waiting("1.0.5");
    instance.publish("1.0.6", high("six"));
    const sixth = await waiting("1.0.6");
    expect(await instance.ended("1.0.5")).toMatchObject({ outcome: "cancelled", because: expect.stringContaining("takes the place of 1.0.5") });
    expect(instance.cli("update", "cancel", sixth.update).status).toBe(0);
    for (const gone of [update, sixth.update])
      expect(instance.cliAs(ada, "update", "approve", gone)).toMatchObject({ status: 7, stderr: expect.stringContaining("ended cancelled") });
  });

  it("waits also where a person started it, if it is critical: who started it does not approve it", async () => {
    instance.publish("1.0.7", { "auth.js": (text) => `${text}export const isAuthorized = () => true;\n` });
    await until("it is seen", async () => ((await instance.updatesNow()).some(({ versionTo }) => versionTo === "1.0.7") ? true : undefined));
    const view = await waiting("1.0.7");
    expect(view.decision).toContain("a critical change never goes on by itself, whatever its type [critical-needs-a-person]");
    expect(instance.cli("update", "cancel").status).toBe(0);
    const begun = instance.jsonAs<UpdateView>(operator, "update", "apply", "--no-wait");
    expect(await waiting("1.0.7")).toMatchObject({ update: begun.id, decision: expect.stringContaining("started by olga") });
    expect(instance.jsonAs<UpdateView>(operator, "update", "cancel")).toMatchObject({ outcome: "cancelled" });
  });

  it("does not lower a gate for an agent, which may propose it all the same", async () => {
    // On a branch that nobody follows.
    instance.git(instance.work, "checkout", "--quiet", "-b", "proposal");
    const { remote } = instance;
    instance.publish("1.0.8", { ...high("three"), "test/answer.test.js": (text) => `${text}\n// one word more\n` });
    instance.git(instance.work, "push", "--quiet", remote, "proposal");
    instance.git(instance.work, "checkout", "--quiet", "main");
    instance.git(instance.work, "merge", "--quiet", "proposal");
    for (const lowered of [{ untested: true }, { quarantined: true }])
      expect(await instance.askAs(agent, "POST", "/v1/update/apply", { target: "proposal", ...lowered })).toMatchObject({ status: 403 });
    const proposed = await instance.askAs(agent, "POST", "/v1/update/apply", { target: "proposal" });
    expect(proposed).toMatchObject({ status: 200 });
    expect(await waiting("1.0.8")).toMatchObject({ decision: expect.stringContaining("proposed by the agent claw") });
    expect(await instance.askAs(agent, "POST", "/v1/update/reject", { because: "me" })).toMatchObject({ status: 403 });
    expect(instance.cliAs(ada, "update", "approve").status).toBe(0);
    expect(await instance.ended("1.0.8")).toMatchObject({ outcome: "committed" });
  });

  it("nothing proceeds while a policy has a mistake; it goes on when that is mended", async () => {
    const whole = readFileSync(policy("two.cedar"), "utf8");
    writeFileSync(policy("two.cedar"), whole.replace("resource.touches", "resource.touchess"));
    const checked = instance.cli("policy", "check", "--json");
    expect([checked.status, (JSON.parse(checked.stdout) as PolicyCheckView).problems[0]?.message]).toEqual([
      2,
      expect.stringContaining("did you mean `touches`?"),
    ]);
    instance.publish("1.0.9", {});
    await until("it says why it waits", async () => ((await instance.statusNow())?.waiting.includes("until the policies are mended") ? true : undefined));
    expect(instance.cliAs(ada, "update", "approve")).toMatchObject({ status: 4, stderr: expect.stringContaining("the policies have a mistake") });
    expect(instance.cli("update", "apply", "main")).toMatchObject({ status: 4, stderr: expect.stringContaining("the policies have a mistake") });
    writeFileSync(policy("two.cedar"), whole);
    expect(await instance.ended("1.0.9")).toMatchObject({ outcome: "committed" });
  });

  it("policies can be tried on what was, tested, and asked", async () => {
    const changed = join(instance.folder, "changed.cedar");
    writeFileSync(changed, `@id("never") forbid (principal, action == Instar::Action::"proceed", resource) when { resource.trigger != "first" };\n`);
    const simulated = instance.json<SimulationView>("policy", "simulate", changed);
    expect(simulated.updates.find(({ versionTo }) => versionTo === "1.0.9")).toMatchObject({
      recorded: { outcome: "proceed", policies: ["small-steps"] },
      would: { outcome: "approval", policies: expect.arrayContaining(["never"]) },
      differs: true,
    });
    expect(simulated.updates.find(({ versionTo }) => versionTo === "1.0.0")?.differs).toBe(false);
    expect(instance.cli("policy", "simulate")).toMatchObject({ status: 0, stdout: expect.stringMatching(/of \d+ updates would have been decided otherwise/) });
    writeFileSync(
      policy("own.test.yaml"),
      `tests:
  - { name: sign-in takes two, update: { touches: [sign-in], impactLevel: high }, expect: approval, quorum: 2 }
  - { name: a patch goes by itself, update: {}, expect: proceed, by: [small-steps] }
  - { name: viewers start nothing, role: viewer, operation: update.apply, expect: denied }
  - { name: this one is wrong, update: { impactLevel: critical }, expect: proceed }
`,
    );
    const tested = instance.cli("policy", "test");
    expect([tested.status, tested.stdout]).toEqual([
      4,
      expect.stringMatching(/✘ own\.test\.yaml: this one is wrong: expected proceed[\s\S]*3 passed, 1 failed/),
    ]);
    rmSync(policy("own.test.yaml"));
    expect(instance.cli("policy", "explain").stdout).toMatch(/now {3}proceed/);
    expect(instance.cli("policy", "explain", "--operation", "update.approve", "--role", "agent").stdout).toContain("may not update.approve");
  });

  it("all of it comes out again from what was recorded", () => {
    const decisions = instance.updates().flatMap(({ id }) => explain(id));
    expect(decisions.length).toBeGreaterThan(10);
    expect(decisions.filter(({ recomputed }) => recomputed.verdict !== "yes")).toEqual([]);
    expect(instance.cli("audit", "verify").status).toBe(0);
  });
});

describe("an update that nobody answers for", () => {
  it("is refused when its time is over, and a word a moment late is told so", async () => {
    const instance = await TestInstance.create({ settings: "approvals: { waitFor: 2s }" });
    try {
      await instance.start();
      const { secret } = instance.json<{ secret: string }>("token", "create", "ada", "--role", "approver");
      instance.publish("1.0.1", high("one"));
      const update = await instance.ended("1.0.1");
      expect(update).toMatchObject({ outcome: "refused", code: "NOT_APPROVED", because: expect.stringContaining("nobody's word came in time") });
      expect(instance.cliAs(secret, "update", "approve", update.id)).toMatchObject({ status: 7, stderr: expect.stringContaining("ended refused") });
      expect(await instance.served()).toEqual({ status: 200, version: "1.0.0" });
    } finally {
      instance.end();
    }
  });
});
