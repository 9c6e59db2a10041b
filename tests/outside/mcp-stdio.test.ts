// `instar mcp` as clients start it: before a daemon that comes and goes, and at a whole instance.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { StatusView } from "@instar/protocol";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type HttpFace, serveHttp } from "../../packages/instar/src/faces/http/serve-http.ts";
import { readProcessIdentity } from "../../packages/instar/src/platform/process-identity.ts";
import { TestInstance, until } from "../e2e/test-instance.ts";
import { TOKEN } from "./ask-face.ts";
import { asTools, closeClients, connect, ERAS, LOOKING, namesOf, overHttp, PROPOSING, refusalOf, TOOLS_OF, withMayDo } from "./ask-mcp.ts";
import { createFakeEntrance } from "./fake-entrance.ts";
import { createFakeImplementations } from "./fake-implementations.ts";

const MAIN = fileURLToPath(new URL("../../packages/instar/src/main.ts", import.meta.url));
afterEach(closeClients);

describe("over stdio, before a daemon that the test is:", () => {
  const folder = mkdtempSync(join(tmpdir(), "instar-mcp-"));
  const data = join(folder, "data", "demo");
  const { implementations, calls } = createFakeImplementations();
  let face: HttpFace;
  let shown: (string | null)[] = [];
  beforeAll(async () => {
    mkdirSync(data, { recursive: true });
    writeFileSync(
      join(folder, "instar.yaml"),
      "version: 1\nname: demo\nsource: { git: /nowhere }\nagent: { start: [node, a.js] }\nstate: { kind: none }\nfront: { port: 65001 }\n",
    );
    const entrance = createFakeEntrance(withMayDo(implementations));
    face = await serveHttp({
      ...entrance,
      admit: async (token) => {
        shown.push(token);
        return entrance.admit(token);
      },
    });
  });
  afterAll(async () => {
    await face.close();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => {
    shown = [];
    rmSync(join(data, "daemon.json"), { force: true });
  });
  const come = async (token = TOKEN) =>
    writeFileSync(join(data, "daemon.json"), JSON.stringify({ ...(await readProcessIdentity(process.pid)), port: face.port, token }));
  const environment = { PATH: process.env.PATH ?? "", HOME: folder, INSTAR_DATA: join(folder, "data"), USER: "tester", TMPDIR: folder };
  const argv = (...args: string[]) => ["--disable-warning=ExperimentalWarning", MAIN, "mcp", ...args];
  const overStdio = (args: string[] = [], era?: (typeof ERAS)[number], more: Record<string, string> = {}) =>
    connect(
      new StdioClientTransport({
        command: process.execPath,
        args: argv("--folder", folder, ...args),
        env: { ...environment, INSTAR_TOKEN: TOKEN, ...more },
        stderr: "pipe",
      }),
      era,
    );
  const runOn = async (input: string, ...args: string[]) => runWith({ ...environment, INSTAR_TOKEN: TOKEN }, input, ...args);
  const runWith = async (env: Record<string, string>, input: string, ...args: string[]) => {
    const child = spawn(process.execPath, argv(...args), { env, stdio: "pipe" });
    child.stdin.end(input);
    const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), new Promise((resolve) => child.once("close", resolve))]);
    return { stdout, stderr, status };
  };

  it.each(ERAS)("the tools are the daemon's, and so are their answers: %j", async (era) => {
    await come();
    const client = await overStdio([], era);
    expect((await namesOf(client)).toSorted()).toEqual(asTools([...LOOKING, ...PROPOSING]));
    expect(await client.callTool({ name: "update_show", arguments: { update: "a" } })).toMatchObject({ structuredContent: { answeredBy: "update.show" } });
    expect(calls.at(-1)).toEqual({ name: "update.show", input: { update: "a" } });
    expect(await client.callTool({ name: "update_show", arguments: {} })).toMatchObject({ isError: true, structuredContent: { code: "INPUT_INVALID" } });
    expect(await refusalOf(client.callTool({ name: "update_approve" }))).toMatchObject({ code: -32_602, message: expect.stringContaining("a person's word") });
    expect(await refusalOf(client.callTool({ name: "ä\r\nx-evil: 1" }))).toMatchObject({ code: -32_602 });
  });
  it("works while the daemon is away, and again when it is back", async () => {
    const client = await overStdio();
    const away = { isError: true, structuredContent: { code: "NOT_RUNNING", advice: expect.stringMatching(/try again/) } };
    expect(await client.callTool({ name: "status" })).toMatchObject(away);
    expect((await namesOf(client)).toSorted()).toEqual(asTools([...LOOKING, ...PROPOSING]));
    await come();
    expect(await client.callTool({ name: "status" })).toMatchObject({ structuredContent: { answeredBy: "status" } });
    rmSync(join(data, "daemon.json"));
    expect(await client.callTool({ name: "status" })).toMatchObject(away);
    // A file that a killed daemon left: nobody listens there, or somebody else.
    writeFileSync(join(data, "daemon.json"), JSON.stringify({ ...(await readProcessIdentity(process.pid)), port: 1, token: TOKEN }));
    expect(await client.callTool({ name: "status" })).toMatchObject(away);
    expect(JSON.stringify(await client.callTool({ name: "status" }))).not.toContain(folder);
    await come();
    expect(await client.callTool({ name: "status" })).toMatchObject({ structuredContent: { answeredBy: "status" } });
  });
  it("shows the token of the file, read anew at each call, before INSTAR_TOKEN, before the agent's own; never the operator's door", async () => {
    const file = join(folder, "token");
    await come("of-the-door");
    writeFileSync(file, "of-the-file\n");
    const byFile = await overStdio(["--token-file", file], undefined, { INSTAR_TOKEN: "of-the-environment" });
    expect(await byFile.callTool({ name: "status" })).toMatchObject({ isError: true, structuredContent: { code: "UNAUTHORIZED" } });
    expect(await refusalOf(byFile.listTools())).toMatchObject({ message: expect.stringContaining("UNAUTHORIZED"), data: { code: "UNAUTHORIZED" } });
    writeFileSync(file, TOKEN);
    expect(await byFile.callTool({ name: "status" })).toMatchObject({ structuredContent: { answeredBy: "status" } });
    rmSync(file);
    expect(await byFile.callTool({ name: "status" })).toMatchObject({ isError: true, structuredContent: { code: "INPUT_INVALID" } });
    await (await overStdio([], undefined, { INSTAR_TOKEN: "of-the-environment" })).callTool({ name: "status" });
    const settings = join(folder, "instar.yaml");
    const plain = readFileSync(settings, "utf8");
    expect(await runWith(environment, "", "--folder", folder)).toMatchObject({
      stdout: "",
      status: 2,
      stderr: expect.stringContaining("there is no token to show"),
    });
    writeFileSync(settings, `${plain}self: {}\n`);
    mkdirSync(join(folder, "agent-data", "deployments"), { recursive: true });
    writeFileSync(join(folder, "agent-data", "deployments", "door.json"), JSON.stringify({ url: "http://127.0.0.1:1", token: "of-its-own" }));
    await (await overStdio([], undefined, { INSTAR_TOKEN: "" })).callTool({ name: "status" });
    writeFileSync(settings, plain);
    expect([...new Set(shown)]).toEqual(["of-the-file", TOKEN, "of-the-environment", "of-its-own"]);
  });
  it("too large a body (4 MiB) is refused, and the line goes on", async () => {
    await come();
    const client = await overStdio();
    const answered = await client.callTool({ name: "update_propose", arguments: { because: "x".repeat(4_194_304) } });
    expect(answered).toMatchObject({ isError: true, structuredContent: { code: "INPUT_INVALID", detail: "the body is too long" } });
    expect(await client.callTool({ name: "status" })).toMatchObject({ structuredContent: { answeredBy: "status" } });
    // It is not even sent: a daemon that hung up in the middle would look like one that is away.
    writeFileSync(join(data, "daemon.json"), JSON.stringify({ ...(await readProcessIdentity(process.pid)), port: 1, token: TOKEN }));
    expect(await client.callTool({ name: "update_propose", arguments: { because: "x".repeat(4_194_304) } })).toMatchObject({
      isError: true,
      structuredContent: { code: "INPUT_INVALID" },
    });
  });
  it("prints answers and nothing else, and ends when its input ends", async () => {
    const hello = {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "t", version: "0" } },
    };
    const child = spawn(process.execPath, argv("--folder", folder), { env: { ...environment, INSTAR_TOKEN: TOKEN }, stdio: "pipe" });
    const said = text(child.stderr);
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.stdin.write(`no json\n{"a":1}\n${JSON.stringify(hello)}\n`);
    const first = await Promise.race([new Promise<Buffer>((resolve) => child.stdout.once("data", resolve)), ended]);
    const rest = text(child.stdout);
    child.stdin.end();
    expect(await ended).toBe(0);
    const lines = `${first}${await rest}`.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).id)).toEqual([1]);
    expect(await said).toBe("");
  });
  it("ends at once with no input, and leaves nothing on standard output where it cannot begin", async () => {
    expect(await runOn("", "--folder", folder)).toEqual({ stdout: "", stderr: "", status: 0 });
    for (const args of [
      ["--folder", tmpdir()],
      ["--json", "--folder", tmpdir()],
    ])
      expect(await runOn("", ...args)).toMatchObject({ stdout: "", status: 2, stderr: expect.stringContaining("SETTINGS_MISSING") });
    expect(await runOn("", "--folder", folder, "--token-file", join(folder, "none"))).toMatchObject({
      stdout: "",
      status: 2,
      stderr: expect.stringContaining("cannot be read"),
    });
    writeFileSync(join(folder, "empty"), "\n");
    expect(await runOn("", "--folder", folder, "--token-file", join(folder, "empty"))).toMatchObject({ stdout: "", status: 2 });
    expect(await runOn("", "--folder", folder, "--nonsense")).toMatchObject({ stdout: "", status: 2 });
  });
});

describe("at a real instance:", () => {
  let instance: TestInstance;
  let agent: string;
  beforeAll(async () => {
    instance = await TestInstance.create();
    await instance.start();
    const admin = instance.json<{ secret: string }>("token", "create", "root", "--role", "admin").secret;
    agent = instance.jsonAs<{ secret: string }>(admin, "token", "create", "claw", "--role", "agent").secret;
    writeFileSync(join(instance.folder, "claw.token"), agent, { mode: 0o600 });
  });
  afterAll(() => instance.end());
  const environment = () => ({ PATH: process.env.PATH ?? "", HOME: instance.folder, INSTAR_DATA: join(instance.data, ".."), USER: "tester" });
  const overStdio = () =>
    connect(
      new StdioClientTransport({
        command: process.execPath,
        args: ["--disable-warning=ExperimentalWarning", MAIN, "mcp", "--folder", instance.agent, "--token-file", join(instance.folder, "claw.token")],
        env: environment(),
        stderr: "pipe",
      }),
    );

  it("an agent looks, proposes, and reads along until the new version serves", async () => {
    const client = await overStdio();
    expect(await client.callTool({ name: "whoami" })).toMatchObject({ structuredContent: { name: "claw", role: "agent" } });
    expect((await namesOf(client)).toSorted()).toEqual(asTools(TOOLS_OF.agent));
    expect(await client.callTool({ name: "update_apply", arguments: { untested: true } })).toMatchObject({ isError: true });
    instance.publish("1.0.1");
    await client.callTool({ name: "update_check" });
    const ended = await until("the update has ended", async () => {
      const { updates } = (await client.callTool({ name: "update_list" })).structuredContent as {
        updates: { id: string; versionTo: string; outcome: string | null }[];
      };
      return updates.find(({ versionTo, outcome }) => versionTo === "1.0.1" && outcome !== null);
    });
    expect(ended).toMatchObject({ outcome: "committed" });
    expect(await client.callTool({ name: "update_output", arguments: { update: ended.id } })).toMatchObject({
      structuredContent: { text: expect.any(String) },
    });
  });
  it("what it reads names no data folder, no door and no token", async () => {
    const client = await overHttp((JSON.parse(readFileSync(join(instance.data, "daemon.json"), "utf8")) as { port: number }).port, agent, ERAS[1]);
    const door = (JSON.parse(readFileSync(join(instance.data, "daemon.json"), "utf8")) as { token: string }).token;
    const looks: readonly { name: string; arguments?: Record<string, unknown> }[] = [
      ...asTools(LOOKING)
        .filter((name) => !["update_show", "update_output", "update_explain", "document_show", "task_show"].includes(name))
        .map((name) => ({ name })),
      ...["agent", "daemon", "keeper"].map((of) => ({ name: "logs", arguments: { of } })),
    ];
    for (const look of looks) {
      const answered = JSON.stringify(await client.callTool(look));
      expect(answered, look.name).not.toContain(instance.data);
      expect(answered, look.name).not.toContain(door);
      expect(answered, look.name).not.toMatch(/instar_[a-z0-9]{8}_/);
    }
    expect(((await client.callTool({ name: "status" })).structuredContent as StatusView).dataFolder).toBe("<data>");
  });
  it("goes on over the death of a daemon", async () => {
    const client = await overStdio();
    const { daemon } = instance.pids();
    process.kill(daemon, "SIGKILL");
    const back = await until("a daemon answers again", async () => {
      const answered = await client.callTool({ name: "status" });
      if (answered.isError === true) expect(answered).toMatchObject({ structuredContent: { code: "NOT_RUNNING" } });
      return answered.isError === true || !existsSync(join(instance.data, "daemon.json")) || instance.pids().daemon === daemon ? undefined : answered;
    });
    expect(back).toMatchObject({ structuredContent: { instance: "tested", running: { daemon: true } } });
  });
});
