// Where versions come from, end to end: git, npm, a watched folder, webhooks, an endpoint, by hand; and what people say of versions.
import { execFileSync } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { OutputOf, SourceView, UpdateEventView, UpdateView } from "@instar/protocol";
import { findFreePort } from "@instar/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRegistry, type TestRegistry } from "../registry/start-registry.ts";
import { TestInstance, until } from "./test-instance.ts";

const sourcesOf = async (instance: TestInstance) => (await instance.ask<{ sources: SourceView[] }>("GET", "/v1/source/list")).sources;
const sourceOf = async (instance: TestInstance, id: string) => (await sourcesOf(instance)).find((source) => source.id === id);
const eventsOf = async (instance: TestInstance) => (await instance.ask<{ events: UpdateEventView[] }>("GET", "/v1/source/events")).events;
const decided = (instance: TestInstance, id: string, version: string, decision: string) =>
  until(`${id} has ${version}, decided ${decision}`, async () => {
    const source = await sourceOf(instance, id);
    return source?.found?.version === version && source.decision === decision ? source : undefined;
  });

/** The agent's files with this version, as a package: `package/…` in a .tgz. */
function pack(instance: TestInstance, version: string, files: Readonly<Record<string, string>> = {}): Buffer {
  const folder = join(instance.folder, `pack-${version}`);
  cpSync(instance.work, join(folder, "package"), { recursive: true, filter: (path) => !path.endsWith(".git") });
  for (const file of ["package.json", "answer.js"]) {
    const path = join(folder, "package", file);
    writeFileSync(path, readFileSync(path, "utf8").replace(/version(": | = )"[^"]+"/, `version$1"${version}"`));
  }
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, "package", file), text);
  execFileSync("tar", ["-czf", join(folder, "agent.tgz"), "-C", folder, "package"]);
  const tarball = readFileSync(join(folder, "agent.tgz"));
  rmSync(folder, { recursive: true });
  return tarball;
}

describe("an agent that is followed in git, and told of by webhooks:", () => {
  const SECRET = "a secret that both sides know";
  let instance: TestInstance;
  let hookPort: number;

  const hook = (kind: string, body: string, headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${hookPort}/webhooks/${kind}`, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
  const push = (commit: string, repository = "ada/agent") =>
    JSON.stringify({ ref: "refs/heads/main", after: commit, head_commit: { id: commit }, repository: { full_name: repository } });
  const signed = (body: string) => ({
    "x-github-event": "push",
    "x-github-delivery": crypto.randomUUID(),
    "x-hub-signature-256": `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`,
  });

  beforeAll(async () => {
    instance = await TestInstance.create();
    hookPort = await findFreePort();
    writeFileSync(join(instance.agent, "hook-secret"), SECRET, { mode: 0o600 });
    settings();
    await instance.start();
  });
  afterAll(() => instance.end());

  /** Upstream is asked once an hour: what is found sooner, somebody told. */
  function settings(more = ""): void {
    instance.writeSettings(
      `source: { git: ${instance.remote}, branch: main, checkEvery: 1h, webhooks: { port: ${hookPort}, github: { secretFile: ./hook-secret, repositories: [ada/agent] } } }\n${more}`,
    );
  }
  const restart = () => {
    for (const command of ["down", "up"]) expect(instance.cli(command).status).toBe(0);
  };

  it("a signed webhook begins the update at once", async () => {
    const commit = instance.publish("1.0.1");
    const body = push(commit);
    const answer = await until("webhooks are heard", () => hook("github", body, signed(body)).catch(() => undefined));
    expect(answer.status).toBe(202);
    expect(await instance.ended("1.0.1")).toMatchObject({ outcome: "committed", commit });
    expect((await eventsOf(instance))[0]).toMatchObject({
      targetVersion: "1.0.1",
      currentVersion: "1.0.0",
      source: "webhook",
      noticedBy: "webhook",
      seenBy: ["git"],
      trigger: "new_commit",
      gitBranch: "main",
      gitCommitHash: commit,
      decision: "start",
      changedFileCount: 2,
    });
  });

  it("webhooks that are unsigned, altered, replayed, huge, or of another repository are refused, and the agent is untouched", async () => {
    const before = instance.pids();
    const commit = instance.publish("1.0.2");
    const body = push(commit);
    const statuses = async (...asked: Promise<Response>[]) => (await Promise.all(asked)).map(({ status }) => status);
    expect(
      await statuses(
        hook("github", body, { "x-github-event": "push" }),
        hook("github", body.replace("main", "evil"), signed(body)),
        hook("github", push("1".repeat(40), "eve/agent"), signed(push("1".repeat(40), "eve/agent"))),
        hook("github", "x".repeat(2 * 1_048_576), signed("x")),
        hook("gitlab", body, { "x-gitlab-token": SECRET }),
      ),
    ).toEqual([401, 401, 403, 413, 404]);
    expect((await sourceOf(instance, "git"))?.found?.version).toBe("1.0.1");
    expect(await statuses(hook("github", body, signed(body)))).toEqual([202]);
    expect(await instance.ended("1.0.2")).toMatchObject({ outcome: "committed" });
    expect(await statuses(hook("github", body, signed(body)))).toEqual([409]);
    expect(instance.pids().daemon).toBe(before.daemon);
  });

  it("a pin keeps everything else waiting, by hand too, and survives a restart", async () => {
    expect(instance.cli("update", "pin", "--because", "the demo is on Friday").stdout).toContain("pinned at 1.0.2");
    instance.publish("1.0.3");
    restart();
    const source = await decided(instance, "git", "1.0.3", "hold");
    expect(source.because).toContain("pinned 1.0.2 (the demo is on Friday)");
    expect(instance.cli("update", "apply")).toMatchObject({ status: 7, stderr: expect.stringContaining("pinned 1.0.2") });
    expect(instance.cli("update", "unpin").status).toBe(0);
    expect(await instance.ended("1.0.3")).toMatchObject({ outcome: "committed" });
  });

  it("a skipped version is dismissed with the reason, and taken once it is skipped no more", async () => {
    expect(instance.cli("update", "skip", "1.0.4", "--because", "it leaks").status).toBe(0);
    instance.publish("1.0.4");
    expect(instance.json<OutputOf<"update.check">>("update", "check")).toMatchObject({ decision: "dismiss", because: expect.stringContaining("it leaks") });
    expect(instance.json<{ events: UpdateEventView[] }>("source", "events", "--decision", "dismiss").events[0]).toMatchObject({ targetVersion: "1.0.4" });
    expect(instance.cli("update", "unskip", "1.0.4").status).toBe(0);
    instance.cli("update", "check");
    const update = await instance.ended("1.0.4");
    expect(update).toMatchObject({ outcome: "committed" });
    // Who only asks whether there is something has not looked at it.
    const decision = instance.json<UpdateView>("update", "show", update.id).steps.find(({ id }) => id === "decide")?.because;
    expect(decision).toContain("found upstream");
  });

  it("a held update waits until the hold is taken back", async () => {
    expect(instance.cli("update", "hold", "--until", "1d").status).toBe(0);
    instance.publish("1.0.5");
    expect(instance.json<OutputOf<"update.propose">>("update", "propose")).toMatchObject({ decision: "hold", update: null });
    expect(instance.cli("update", "hold", "--until", "yesterday")).toMatchObject({ status: 2 });
    expect(instance.cli("update", "unhold").status).toBe(0);
    expect(await instance.ended("1.0.5")).toMatchObject({ outcome: "committed" });
  });

  it("by hand: a git tag, a folder, a tarball; the same files are what runs, and no second update", async () => {
    // Whoever starts one by hand is not held up; nothing begins beside it.
    expect(instance.cli("update", "hold").status).toBe(0);
    instance.publish("1.0.6");
    instance.git(instance.work, "tag", "v1.0.6");
    instance.git(instance.work, "push", "--quiet", instance.remote, "v1.0.6");
    expect(instance.cli("update", "apply", "v1.0.6")).toMatchObject({ status: 0 });
    const tarball = join(instance.folder, "agent-1.0.7.tgz");
    writeFileSync(tarball, pack(instance, "1.0.7"));
    expect(instance.cli("update", "apply", tarball)).toMatchObject({ status: 0 });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.7" });
    const folder = join(instance.folder, "by-hand");
    mkdirSync(folder);
    execFileSync("tar", ["-xzf", tarball, "-C", folder, "--strip-components", "1"]);
    expect(instance.cli("update", "propose", folder)).toMatchObject({ status: 0, stdout: expect.stringContaining("nothing newer than 1.0.7") });
    writeFileSync(join(folder, "answer.js"), readFileSync(join(folder, "answer.js"), "utf8").replace("1.0.7", "1.0.8"));
    writeFileSync(join(folder, "package.json"), readFileSync(join(folder, "package.json"), "utf8").replace("1.0.7", "1.0.8"));
    expect(instance.cli("update", "apply", folder)).toMatchObject({ status: 0 });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.8" });
    expect(instance.cli("update", "apply", join(instance.folder, "nowhere"))).toMatchObject({ status: 2, stderr: expect.stringContaining("there is no") });
    const bomb = join(instance.folder, "no.tgz");
    writeFileSync(bomb, "<html>not a tarball</html>");
    expect(instance.cli("update", "apply", bomb)).toMatchObject({ status: 4, stderr: expect.stringContaining("PACKAGE_REFUSED") });
    expect(instance.cli("update", "unhold").status).toBe(0);
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.8" });
  });

  it("an agent's token proposes what the source has, and no other folder", () => {
    const token = instance.jsonAs<{ secret: string }>(undefined, "token", "create", "itself", "--role", "agent").secret;
    expect(instance.cliAs(token, "update", "propose", join(instance.folder, "by-hand"))).toMatchObject({
      status: 4,
      stderr: expect.stringContaining("FORBIDDEN"),
    });
    expect(instance.cliAs(token, "update", "propose")).toMatchObject({ status: 0 });
    expect(instance.cliAs(token, "update", "unpin")).toMatchObject({ status: 4 });
  });

  it("at most so many updates a day begin by themselves", async () => {
    settings("updates: { automatic: patch, perDay: 1 }");
    restart();
    instance.publish("1.0.9");
    const source = await until("it is decided", async () => {
      const now = instance.json<OutputOf<"update.check">>("update", "check");
      return now.version === "1.0.9" ? now : undefined;
    });
    expect(source).toMatchObject({ decision: "hold", because: expect.stringContaining("updates.perDay is 1") });
    settings();
    restart();
    expect(await instance.ended("1.0.9")).toMatchObject({ outcome: "committed" });
  });

  it("a force push waits for a person, who may take it", () => {
    for (const command of [
      ["checkout", "--quiet", "--orphan", "rewritten"],
      ["branch", "--quiet", "-D", "main"],
      ["branch", "--quiet", "-m", "main"],
    ])
      instance.git(instance.work, ...command);
    instance.publish("1.0.10");
    expect(instance.json<OutputOf<"update.check">>("update", "check")).toMatchObject({
      version: "1.0.10",
      decision: "hold",
      because: expect.stringContaining("its history was rewritten (a force push)"),
    });
    expect(instance.cli("update", "apply")).toMatchObject({ status: 0 });
  });

  it("a task of the agent's own is kept, run, counted, and not another's to touch", async () => {
    const token = instance.jsonAs<{ secret: string }>(undefined, "token", "create", "worker", "--role", "agent").secret;
    expect(instance.cliAs(token, "task", "add", "look", "check-for-updates", "--every", "1h")).toMatchObject({ status: 0 });
    expect(instance.cli("task", "add", "nightly", "health-check", "--cron", "0 3 * * *", "--time-zone", "Europe/Berlin")).toMatchObject({ status: 0 });
    expect(instance.cliAs(token, "task", "remove", "nightly")).toMatchObject({ status: 4, stderr: expect.stringContaining("FORBIDDEN") });
    expect(instance.cliAs(token, "task", "add", "never", "health-check", "--cron", "0 0 31 2 *")).toMatchObject({ status: 2 });
    expect(instance.cliAs(token, "task", "run", "look").stdout).toContain("done");
    expect(instance.json<OutputOf<"task.list">>("task", "list").tasks.map(({ name }) => name)).toEqual(["look", "nightly"]);
    restart();
    expect(instance.json<OutputOf<"task.show">>("task", "show", "look").runs).toHaveLength(1);
    expect(instance.cliAs(token, "task", "remove", "look")).toMatchObject({ status: 0 });
  });
});

describe("an agent that comes from npm, from a folder and from an endpoint:", () => {
  let instance: TestInstance;
  let registry: TestRegistry;
  let folder: string;
  let endpoint: Server;
  let offered: { status: number; body: string; archive: Buffer };

  beforeAll(async () => {
    registry = await startRegistry();
    instance = await TestInstance.create();
    offered = { status: 503, body: "away", archive: Buffer.alloc(0) };
    endpoint = createServer((request, response) => {
      if (request.url === "/agent.tgz") response.end(offered.archive);
      else response.writeHead(offered.status, { "content-type": "application/json" }).end(offered.body);
    });
    await new Promise<void>((resolve) => endpoint.listen(0, "127.0.0.1", resolve));
    folder = join(instance.folder, "workspace");
    mkdirSync(folder);
    instance.writeSettings(
      `source: { checkEvery: 1h, npm: { package: http-agent, registry: "${registry.url}", checkEvery: 500ms }, files: { folder: ${folder}, quiet: 200ms }, endpoint: { url: "${address()}/latest.json", checkEvery: 500ms } }`,
    );
    await registry.publish({ name: "http-agent", version: "1.0.0", tarball: pack(instance, "1.0.0") });
    await instance.start();
  });
  afterAll(async () => {
    await instance.end();
    await registry.stop();
    await new Promise((resolve) => endpoint.close(resolve));
  });
  const address = () => `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`;

  it("a new version in the registry becomes an update; what it does not vouch for is dismissed with the reason", async () => {
    await registry.publish({ name: "http-agent", version: "1.0.1", tarball: pack(instance, "1.0.1"), manifest: { engines: { node: ">=99" } } });
    expect((await decided(instance, "npm", "1.0.1", "dismiss")).because).toMatch(/Node|node/);
    await registry.publish({ name: "http-agent", version: "1.0.2", tarball: pack(instance, "1.0.2") });
    expect(await instance.ended("1.0.2")).toMatchObject({ outcome: "committed" });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.2" });
    expect((await eventsOf(instance))[0]).toMatchObject({
      source: "remote_registry",
      seenBy: ["npm"],
      trigger: "new_version",
      digest: expect.stringMatching(/^sha512-/),
    });
  });

  it("a source that fails is shown, and stops no other", async () => {
    expect(await sourceOf(instance, "endpoint")).toMatchObject({ failing: expect.stringContaining("503"), found: null });
    expect(await sourceOf(instance, "npm")).toMatchObject({ failing: null });
    expect(instance.status().sources.map(({ id }) => id)).toEqual(["npm", "files", "endpoint"]);
  });

  it("an archive of an endpoint becomes an update once its digest is right", async () => {
    offered = {
      status: 200,
      archive: pack(instance, "1.0.3"),
      body: JSON.stringify({ version: "1.0.3", archive: `${address()}/agent.tgz`, sha256: "0".repeat(64) }),
    };
    // Not by the command line, which would keep this process, and the endpoint in it, waiting.
    const check = () => instance.ask("POST", "/v1/update/check", { source: "endpoint" });
    await expect(check()).rejects.toThrow("its SHA-256 is not the one that was announced");
    expect((await sourceOf(instance, "endpoint"))?.failing).toContain("SHA-256");
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.2" });
    const sha256 = createHash("sha256").update(offered.archive).digest("hex");
    offered = { ...offered, body: JSON.stringify({ version: "1.0.3", archive: `${address()}/agent.tgz`, sha256 }) };
    await check();
    expect(await instance.ended("1.0.3")).toMatchObject({ outcome: "committed" });
  });

  it("the same release from two sources makes one update", async () => {
    await registry.publish({ name: "http-agent", version: "1.0.3", tarball: pack(instance, "1.0.3") });
    const source = await decided(instance, "npm", "1.0.3", "nothing");
    expect(source.because).toMatch(/1\.0\.3/);
    expect((await instance.updatesNow()).filter(({ versionTo }) => versionTo === "1.0.3")).toHaveLength(1);
  });

  it("a burst of changes in the folder becomes one update, and what does not count none", async () => {
    const files = execFileSync("tar", ["-xzf", "-", "-C", folder, "--strip-components", "1"], { input: pack(instance, "1.0.4") });
    expect(files.length).toBe(0);
    expect(await instance.ended("1.0.4")).toMatchObject({ outcome: "committed" });
    expect((await eventsOf(instance))[0]).toMatchObject({ source: "local_fs", noticedBy: "change", trigger: "files_changed", seenBy: ["files"] });
    const before = (await instance.updatesNow()).length;
    for (const name of ["server.js.swp", "x.log", "4913"]) writeFileSync(join(folder, name), "nothing");
    const text = readFileSync(join(folder, "server.js"), "utf8");
    for (const file of ["package.json", "answer.js"]) {
      const path = join(folder, file);
      writeFileSync(`${path}.new`, readFileSync(path, "utf8").replace("1.0.4", "1.0.5"));
      execFileSync("mv", [`${path}.new`, path]);
    }
    writeFileSync(join(folder, "server.js"), text);
    expect(await instance.ended("1.0.5")).toMatchObject({ outcome: "committed" });
    expect((await instance.updatesNow()).length).toBe(before + 1);
    expect(existsSync(join(instance.data, "releases"))).toBe(true);
  });

  it("by hand: a package by its version, and one that there is not", () => {
    expect(instance.cli("update", "apply", "http-agent@1.0.2")).toMatchObject({ status: 0 });
    expect(instance.cli("update", "apply", "http-agent@7.7.7")).toMatchObject({ status: 2, stderr: expect.stringContaining("NOT_FOUND") });
  });
});
