import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import type { DoctorView, OutputOf, StatusView } from "@instar/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestInstance, until } from "./test-instance.ts";

type Created = OutputOf<"token.create">;

describe("who is at the door of a real instance:", () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.create({ settings: `notify: { ways: [{ run: "echo \\"$INSTAR_OCCASION $INSTAR_SUMMARY\\" >> ${"$HOME"}/told" }] }` });
    await instance.start();
  });
  afterAll(() => instance.end());

  /** The CLI with a token in its environment, and what comes on standard input. */
  const as = (token: string, args: string[], input = "") => instance.cliWith({ INSTAR_TOKEN: token }, input, ...args);
  const http = (token: string, path: string) =>
    new Promise<number>((resolve, reject) => {
      const { port } = JSON.parse(readFileSync(join(instance.data, "daemon.json"), "utf8")) as { port: number };
      get({ host: "127.0.0.1", port, path, agent: false, headers: { authorization: `Bearer ${token}` } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      }).on("error", reject);
    });
  const readTold = () => (existsSync(join(instance.folder, "told")) ? readFileSync(join(instance.folder, "told"), "utf8") : "");
  let root: Created;

  it("the agent can read the door's token, so it is no more than an operator's, and everybody is told why", () => {
    const { access } = instance.status();
    expect(access).toMatchObject({ door: "operator", because: expect.stringContaining("same user") });
    expect(instance.json("whoami")).toMatchObject({ name: "tester", role: "operator", token: null, because: expect.stringContaining(access.because) });
    expect(instance.json<DoctorView>("doctor").checks).toContainEqual(
      expect.objectContaining({ area: "access", what: "door", because: expect.stringContaining("operator") }),
    );
    expect(instance.cli("token", "list")).toMatchObject({ status: 4, stderr: expect.stringContaining("FORBIDDEN") });
  });

  it("whoever owns the data folder makes the first token, beside the daemon that runs; people are told", async () => {
    root = instance.json<Created>("token", "create", "root", "--role", "admin");
    expect(root.secret).toMatch(/^instar_/);
    expect(await http(root.secret, "/v1/token/list")).toBe(200);
    await until("somebody was told", () => (readTold().includes("token-created tester made the token root") ? true : undefined));
    expect(instance.cli("audit", "verify").status).toBe(0);
    expect(instance.cli("token", "create", "mallory", "--role", "admin")).toMatchObject({ status: 4, stderr: expect.stringContaining("FORBIDDEN") });
  });

  it("an admin makes one, it works by INSTAR_TOKEN, by --token-stdin and over HTTP, and is gone the moment it is revoked", async () => {
    const made = as(root.secret, ["token", "create", "grace", "--role", "approver", "--expires", "30d", "--json"]);
    expect(made).toMatchObject({ status: 0 });
    const grace = JSON.parse(made.stdout) as Created;
    expect(JSON.parse(as(grace.secret, ["whoami", "--json"]).stdout)).toMatchObject({ name: "grace", role: "approver", token: grace.id });
    expect(JSON.parse(instance.cliWith({}, `${grace.secret}\n`, "whoami", "--token-stdin", "--json").stdout)).toMatchObject({ name: "grace" });
    expect(await http(grace.secret, "/v1/status")).toBe(200);
    expect(as(grace.secret, ["token", "list"])).toMatchObject({ status: 4 });
    expect(as(root.secret, ["token", "revoke", "grace"])).toMatchObject({ status: 0 });
    expect(await http(grace.secret, "/v1/status")).toBe(401);
    expect(as(grace.secret, ["status"])).toMatchObject({ status: 2, stderr: expect.stringContaining("UNAUTHORIZED") });
    expect(instance.cli("audit", "verify").status).toBe(0);
  });

  it("a token that lies where the agent reads is found, and so is what came of it", () => {
    writeFileSync(join(instance.agent, ".npmrc"), `token=${root.secret}\n`);
    const { verdict, checks } = instance.json<DoctorView>("doctor");
    expect(verdict).toBe("fail");
    expect(checks.filter((check) => check.verdict === "fail")).toMatchObject([
      { area: "access", advice: expect.stringContaining(`instar token revoke ${root.id}`) },
    ]);
    rmSync(join(instance.agent, ".npmrc"));
  });

  it("an agent's token proposes and does nothing else", () => {
    const agent = (
      JSON.parse(as(root.secret, ["token", "create", "claw", "--role", "agent", "--scope", "update.check,update.apply,whoami", "--json"]).stdout) as Created
    ).secret;
    expect(as(agent, ["update", "check"])).toMatchObject({ status: 0 });
    for (const words of [["update", "cancel"], ["status"], ["token", "list"], ["update", "apply", "--untested"]])
      expect(as(agent, words), words.join(" ")).toMatchObject({ status: 4 });
    expect(instance.cli("history").stdout).toContain("1.0.0");
  });

  it("no process of Instar's keeps a token that somebody showed when he started it", async () => {
    expect(instance.cli("down").status).toBe(0);
    expect(as(root.secret, ["up"])).toMatchObject({ status: 0 });
    const { keeper, daemon } = instance.pids();
    for (const pid of [keeper, daemon]) expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toContain("INSTAR_TOKEN");
    await until("it serves", async () => ((await instance.served())?.status === 200 ? true : undefined));
    expect(as(root.secret, ["token", "list"])).toMatchObject({ status: 0, stdout: expect.stringContaining("grace") });
  });

  it("where none runs, the same are let in to look at the disk, and the last admin's end opens the first way again", () => {
    expect(as(root.secret, ["token", "revoke", "root"]).status).toBe(0);
    expect(instance.cli("down").status).toBe(0);
    expect(as(root.secret, ["token", "list"])).toMatchObject({ status: 2, stderr: expect.stringContaining("UNAUTHORIZED") });
    const next = instance.json<Created>("token", "create", "root", "--role", "admin");
    expect(as(next.secret, ["token", "list"])).toMatchObject({ status: 0, stdout: expect.stringContaining("revoked") });
    expect(instance.json<StatusView>("status").access.door).toBe("operator");
    expect(instance.cli("up").status).toBe(0);
    expect(instance.cli("audit", "verify").status).toBe(0);
  });
});

describe.skipIf(!existsSync("/usr/bin/bwrap"))("where neither the agent nor its jobs can read the data folder", () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.create({ settings: "sandbox: { weaker: refused }" });
    const settings = join(instance.agent, "instar.yaml");
    writeFileSync(settings, readFileSync(settings, "utf8").replace("agent: { ", "agent: { sandbox: { level: sandboxed }, "));
    await instance.start();
  });
  afterAll(() => instance.end());

  it("the door is an admin's, until its keeper no longer says so", () => {
    expect(instance.status().access).toMatchObject({ door: "admin" });
    expect(instance.json<Created>("token", "create", "grace", "--role", "approver")).toMatchObject({ createdBy: "tester", role: "approver" });
    expect(instance.cli("token", "list")).toMatchObject({ status: 0, stdout: expect.stringContaining("grace") });
    expect(instance.cli("down").status).toBe(0);
    expect(instance.status().access).toMatchObject({ door: "operator", because: expect.stringContaining("keeper does not say") });
    expect(instance.cli("token", "list")).toMatchObject({ status: 4 });
  });
});
