// An agent that changes its own code, on one real instance: the order matters, and each story leaves what the next begins with.
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ImpactView, OutputOf } from "@instar/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestInstance, until } from "./test-instance.ts";

/** Neither in a test nor in a rehearsal: what runs there has not passed yet. */
const TOLD_ONLY_WHERE_IT_SERVES = `if ((process.env.INSTAR_DOOR === undefined) !== (process.env.INSTAR_SLOT_RUN === undefined)) throw new Error("told");`;

describe("an agent that changes its own code:", () => {
  let instance: TestInstance;
  let admin: string;
  let agent: string;
  const own = (...path: string[]) => join(instance.agent, "agent-data", ...path);
  const code = (name: string) => readFileSync(own("code-repo", name), "utf8");
  const ask = async <T>(method: "GET" | "POST", path: string, input?: unknown, by = agent) => (await instance.askAs(by, method, path, input)).body as T;
  const post = <T>(name: string, input: unknown) => ask<T>("POST", `/v1/code/${name}`, input);
  const deploy = (message: string, more: object = {}) => post<OutputOf<"code.deploy">>("deploy", { message, ...more });
  const deployments = async () => (await ask<OutputOf<"code.deployments">>("GET", "/v1/code/deployments")).deployments;
  const ended = (update: string | null) =>
    until(`${update} has ended`, async () => (await deployments()).find((each) => each.update === update && each.outcome !== null), 120_000);
  const waits = (update: string | null) =>
    until(`${update} waits for a person`, async () => (await deployments()).find((each) => each.update === update && each.needsPerson), 120_000);

  beforeAll(async () => {
    instance = await TestInstance.create();
    const settings = readFileSync(join(instance.agent, "instar.yaml"), "utf8");
    writeFileSync(join(instance.agent, "instar.yaml"), `${settings}self: { gitName: Claw, gitEmail: claw@example.org, pushTo: claw }\n`);
    await instance.start();
    admin = instance.json<{ secret: string }>("token", "create", "root", "--role", "admin").secret;
    agent = instance.jsonAs<{ secret: string }>(admin, "token", "create", "claw", "--role", "agent", "--expires", "1d").secret;
    await until("code-repo was made", () => (existsSync(own("deployments", "status.json")) && existsSync(own("code-repo", "server.js")) ? true : undefined));
  });
  afterAll(() => instance.end());

  it("has folders of its own, and is told where they are", async () => {
    const status = await ask<OutputOf<"code.status">>("GET", "/v1/code/status");
    expect(status).toMatchObject({ codeRepo: own("code-repo"), base: { version: "1.0.0" }, isStale: false, changed: [], changedCount: 0 });
    const { agent: pid } = instance.pids();
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    expect(environment).toEqual(
      expect.arrayContaining([
        `AGENT_CODE_REPO_PATH=${own("code-repo")}`,
        `INSTAR_DOOR=${own("deployments", "door.json")}`,
        "AGENT_GIT_USER_NAME=Claw",
        "AGENT_REQUIRE_HUMAN_APPROVAL_FOR_TEST_CHANGES=true",
      ]),
    );
  });

  it("finds the daemon and a token of its own, which opens nothing that an agent may not do, and which a restart keeps", async () => {
    const door = () => JSON.parse(readFileSync(own("deployments", "door.json"), "utf8")) as { url: string; token: string };
    const { url, token } = door();
    const asOwn = { headers: { authorization: `Bearer ${token}` } };
    expect(await (await fetch(`${url}/v1/whoami`, asOwn)).json()).toMatchObject({ role: "agent", name: "self" });
    for (const path of ["token/create", "update/approve", "rollback", "source/forget"])
      expect((await fetch(`${url}/v1/${path}`, { ...asOwn, method: "POST", body: "{}" })).status).toBeGreaterThanOrEqual(400);
    const { daemon } = instance.pids();
    process.kill(daemon, "SIGKILL");
    await until("another daemon lets it in", async () => {
      if (instance.pids().daemon === daemon) return undefined;
      const answer = await fetch(`${door().url}/v1/whoami`, asOwn).catch(() => undefined);
      return answer?.status === 200 ? true : undefined;
    });
    expect(door().token).toBe(token);
  });

  it("deploys a change by what lies in its folder, which goes through every gate and is committed under its own name", async () => {
    const { text, digest } = await ask<OutputOf<"code.read">>("GET", "/v1/code/read?path=answer.js");
    await post("write", { path: "answer.js", text: `${text}\n${TOLD_ONLY_WHERE_IT_SERVES}\n`, expects: digest });
    const begun = await deploy("Note what the answer is", { asker: "chat 7", push: true });
    expect(begun).toMatchObject({ decision: "start", isRebased: false, changed: ["answer.js"], update: expect.any(String) });
    expect(await ended(begun.update)).toMatchObject({
      outcome: "committed",
      message: "Note what the answer is",
      asker: "chat 7",
      by: "claw",
      isAcknowledged: false,
    });
    expect(instance.updates()[0]).toMatchObject({ origin: { kind: "self", by: "claw" } });
    expect(instance.git(instance.folder, "--git-dir", join(instance.data, "git"), "show", "-s", "--format=%an <%ae>%n%s", begun.commit)).toBe(
      "Claw <claw@example.org>\nNote what the answer is\n",
    );
    await until("it was pushed", async () => ((await deployments())[0]?.pushed === "pushed to claw" ? true : undefined));
    expect(instance.git(instance.remote, "rev-parse", "refs/heads/claw").trim()).toBe(begun.commit);
    await until("code-repo follows", async () => ((await ask<OutputOf<"code.status">>("GET", "/v1/code/status")).isStale ? undefined : true));
    expect(JSON.parse(readFileSync(own("deployments", "status.json"), "utf8")).deployments[0]).toMatchObject({ update: begun.update, outcome: "committed" });
    expect(await deploy("again")).toMatchObject({ code: "CONFLICT" });
  });

  it("tells whoever asks later, until it is acknowledged", async () => {
    const unseen = () => ask<OutputOf<"code.deployments">>("GET", "/v1/code/deployments?unseen=true");
    const [first] = (await unseen()).deployments;
    expect(first).toMatchObject({ asker: "chat 7", outcome: "committed" });
    await post("acknowledge", { update: first?.update });
    expect((await unseen()).deployments).toEqual([]);
  });

  it("is not let through by its own tests where it changed them: a person rejects with a comment, and the revision answers", async () => {
    const test = code("test/answer.test.js");
    await post("write", { path: "test/answer.test.js", text: `${test}\n// weaker\n` });
    const begun = await deploy("Change what judges me");
    expect(await waits(begun.update)).toMatchObject({ needsPerson: true });
    await until("the flag is up", () => existsSync(own("deployments", "human_approval_required.flag")) || undefined);
    expect(await instance.askAs(agent, "POST", "/v1/update/approve", {})).toMatchObject({ status: 403 });
    expect((await instance.askAs(admin, "POST", "/v1/update/reject", { because: "leave the tests alone" })).status).toBe(200);
    expect(await ended(begun.update)).toMatchObject({ outcome: "refused", comment: "leave the tests alone" });
    await until("the flag is down", () => (existsSync(own("deployments", "human_approval_required.flag")) ? undefined : true));
    await post("write", { path: "test/answer.test.js", text: test });
    await post("write", { path: "note.js", text: "export const note = 1;\n" });
    const revised = await deploy("Leave the tests alone", { revises: begun.update });
    expect(await ended(revised.update)).toMatchObject({ outcome: "committed", revises: begun.update });
  });

  it("sees before it deploys what a change would touch, and what the checks say of it", async () => {
    const answer = code("answer.js");
    await post("write", { path: "answer.js", text: `${answer}export const broken = ;\n` });
    const { text, commit } = await ask<OutputOf<"code.diff">>("GET", "/v1/code/diff");
    expect(text).toContain("+export const broken = ;");
    const impact = await ask<ImpactView>("GET", `/v1/impact?to=${commit}`);
    expect(impact.report.checks).toContainEqual(expect.objectContaining({ check: "syntax", verdict: "fail" }));
    await post("write", { path: "answer.js", text: answer });
  });

  it("cannot break what serves: its tests fail, it is refused, and the old one goes on", async () => {
    const answer = code("answer.js");
    await post("write", { path: "answer.js", text: answer.replaceAll("hello", "goodbye") });
    const begun = await deploy("Be rude");
    expect(await ended(begun.update)).toMatchObject({ outcome: "refused" });
    expect((await instance.served())?.status).toBe(200);
    await post("write", { path: "answer.js", text: answer });
  });

  it("is brought over where upstream moved on meanwhile, and keeps what it had not deployed", async () => {
    await post("write", { path: "mine.js", text: "export const mine = 1;\n" });
    instance.git(instance.work, "fetch", "--quiet", join(instance.data, "git"), `refs/instar/keep/${instance.updates()[0]?.commit ?? ""}`);
    const deployed = (await deployments()).find(({ outcome }) => outcome === "committed")?.commit ?? "";
    instance.git(instance.work, "fetch", "--quiet", join(instance.data, "git"), `refs/instar/keep/${deployed}`);
    instance.git(instance.work, "reset", "--quiet", "--hard", deployed);
    instance.publish("1.0.1", { "theirs.js": "export const theirs = 1;\n" });
    expect(await instance.ended("1.0.1")).toMatchObject({ outcome: "committed" });
    await until("code-repo has both", () => (existsSync(own("code-repo", "theirs.js")) ? true : undefined));
    expect(code("mine.js")).toBe("export const mine = 1;\n");
    const begun = await deploy("Mine, on top of theirs");
    expect(begun).toMatchObject({ decision: "start", changed: ["mine.js"] });
    expect(await ended(begun.update)).toMatchObject({ outcome: "committed" });
  });

  it("T33: reaches nothing outside of its folders: path, link, git's own files, another instance's token", async () => {
    writeFileSync(join(instance.agent, "secret"), "secret");
    symlinkSync(instance.agent, own("code-repo", "out"));
    mkdirSync(own("code-repo", ".git"), { recursive: true });
    for (const path of ["../../secret", "/etc/passwd", "out/secret", ".git/config", ".GIT/hooks/post-commit"]) {
      expect(await instance.askAs(agent, "GET", `/v1/code/read?${new URLSearchParams({ path })}`)).toMatchObject({
        body: { code: expect.stringMatching(/FORBIDDEN|INPUT_INVALID|NOT_FOUND/) },
      });
      expect((await instance.askAs(agent, "POST", "/v1/code/write", { path, text: "evil" })).status).toBeGreaterThanOrEqual(400);
    }
    expect(readFileSync(join(instance.agent, "secret"), "utf8")).toBe("secret");
    expect((await instance.askAs("instar_another_x", "POST", "/v1/code/deploy", { message: "x" })).status).toBe(401);
    // A link that leads out is no release.
    expect(await deploy("a link out")).toMatchObject({ code: "PACKAGE_REFUSED" });
    await post("delete", { path: "out" });
  });

  it("cannot be worn out: of deploys in a row the newest goes on, the others are cancelled, and what serves serves", async () => {
    const begun: OutputOf<"code.deploy">[] = [];
    for (const round of [1, 2, 3]) {
      await post("write", { path: "round.js", text: `export const round = ${round};\n` });
      begun.push(await deploy(`Round ${round}`));
      expect((await instance.served())?.status).toBe(200);
    }
    const outcomes = await Promise.all(begun.map(async ({ update }) => (await ended(update)).outcome));
    expect(outcomes).toEqual(["cancelled", "cancelled", "committed"]);
    expect((await instance.served())?.status).toBe(200);
  });

  it("asks a person where it wrote a key into its code, and the key is on no ledger", async () => {
    const secret = "AKIAQ7Z5TBN3WJX2RK4M";
    await post("write", { path: "key.js", text: `export const key = "${secret}";\n` });
    writeFileSync(own("code-repo", "image.bin"), Buffer.from([0, 255, 0, 254, 10, 13]));
    const { text } = await ask<OutputOf<"code.diff">>("GET", "/v1/code/diff");
    expect(text).toContain("Binary files");
    const begun = await deploy("Hold a key");
    expect(await waits(begun.update)).toMatchObject({ needsPerson: true });
    expect((await instance.askAs(admin, "POST", "/v1/update/reject", { because: "a key is not code" })).status).toBe(200);
    expect(await ended(begun.update)).toMatchObject({ outcome: "refused" });
    expect(JSON.stringify(instance.ledger())).not.toContain(secret);
    await post("reset", {});
  });

  it("is made anew from what runs, whatever was done to it", async () => {
    await post("write", { path: "mine.js", text: "ruined" });
    await post("delete", { path: "server.js" });
    mkdirSync(own("code-repo", "vendor", ".git"), { recursive: true });
    await post("reset", {});
    expect(existsSync(own("code-repo", "vendor"))).toBe(false);
    expect(code("mine.js")).toBe("export const mine = 1;\n");
    expect(existsSync(own("code-repo", "server.js"))).toBe(true);
    expect(await ask<OutputOf<"code.status">>("GET", "/v1/code/status")).toMatchObject({ changedCount: 0, isStale: false });
  });
});
