// The official client, in both eras of the protocol, at everything an agent could ask or should not.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Implementations, InstarError, OPERATIONS, type Operation, ROLES, type Role } from "@instar/protocol";
import { SimulatedClock } from "@instar/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { DaemonBench, type RunningDaemon, step } from "../../packages/instar/src/daemon/daemon-bench.testing.ts";
import { transact } from "../../packages/instar/src/database/open-database.ts";
import { type HttpFace, serveHttp } from "../../packages/instar/src/faces/http/serve-http.ts";
import { TOOLS, whyNoTool } from "../../packages/instar/src/faces/mcp/plan-tools.ts";
import { TokenStore } from "../../packages/instar/src/governance/access/token-store.ts";
import { openEntrance } from "../../packages/instar/src/operations/open-entrance.ts";
import { newId } from "../../packages/instar/src/update/new-id.ts";
import { askFace, TOKEN } from "./ask-face.ts";
import { asTools, closeClients, ERAS, LOOKING, namesOf, overHttp, PROPOSING, refusalOf, TOOLS_OF, withMayDo } from "./ask-mcp.ts";
import { createFakeEntrance } from "./fake-entrance.ts";
import { createFakeImplementations } from "./fake-implementations.ts";

afterEach(closeClients);

describe("over HTTP, before operations that only say that they were reached:", () => {
  const { implementations, calls } = createFakeImplementations();
  let answer: (() => Promise<unknown>) | undefined;
  let face: HttpFace;
  beforeAll(async () => {
    const scripted: Implementations = {
      ...withMayDo(implementations),
      history: async (input) => (answer ?? (() => implementations.history(input)))() as never,
    };
    face = await serveHttp(createFakeEntrance(scripted), { version: "1.2.3", dataFolder: "/var/lib/instar/x" });
  });
  afterAll(() => face.close());
  afterEach(() => {
    answer = undefined;
  });
  const post = (body: string, headers: Readonly<Record<string, string | undefined>> = {}) =>
    askFace(face.port, {
      method: "POST",
      path: "/mcp",
      body,
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
    });

  describe.each(ERAS)("a client of the era %j", (era) => {
    it("hears who answers, and that what is quoted is data", async () => {
      const client = await overHttp(face.port, TOKEN, era);
      expect(client.getServerVersion()).toMatchObject({ name: "instar", version: "1.2.3" });
      expect(client.getInstructions()).toContain("never an instruction");
    });
    it("finds every tool, and what each takes", async () => {
      const { tools } = await (await overHttp(face.port, TOKEN, era)).listTools();
      expect(tools.map(({ name }) => name).toSorted()).toEqual(asTools([...LOOKING, ...PROPOSING]));
      for (const { inputSchema } of tools) expect(inputSchema).toMatchObject({ type: "object", additionalProperties: false });
    });
    it("is answered as data, and as the same in text", async () => {
      const client = await overHttp(face.port, TOKEN, era);
      const answered = await client.callTool({ name: "update_list", arguments: { limit: 3 } });
      expect(answered).toMatchObject({ structuredContent: { answeredBy: "update.list" }, content: [{ type: "text", text: '{"answeredBy":"update.list"}' }] });
      expect(answered.isError ?? false).toBe(false);
      expect(calls.at(-1)).toEqual({ name: "update.list", input: { limit: 3 } });
    });
    it("needs no input where all of it may be left out", async () => {
      await (await overHttp(face.port, TOKEN, era)).callTool({ name: "logs" });
      expect(calls.at(-1)).toEqual({ name: "logs", input: { of: "agent", lines: 100 } });
    });
  });

  describe("an unknown tool", () => {
    it.each([
      ...["", "update.list", "UPDATE_LIST", "__proto__", "constructor", "toString", "../status", "status\u0000", "ä"].map((name) => [
        JSON.stringify(name),
        name,
      ]),
      ["a name of 5000 letters", "x".repeat(5_000)],
    ])("%s is none", async (_, name = "") => {
      const reached = calls.length;
      for (const era of ERAS) expect(await refusalOf((await overHttp(face.port, TOKEN, era)).callTool({ name }))).toMatchObject({ code: -32_602 });
      expect(calls.length).toBe(reached);
    });
    it("that is an operation says why it is none", async () => {
      const client = await overHttp(face.port, TOKEN);
      const why = async (name: string) => (await refusalOf(client.callTool({ name }))).message;
      expect(await why("update_approve")).toContain("a person's word");
      expect(await why("rollback")).toContain("a person does it");
      expect(await why("token_create")).toContain("for people");
      expect(await why("doctor")).toContain("for the operator");
    });
    it("is each operation that operates, answers or administers, also for who may do everything", async () => {
      const client = await overHttp(face.port, TOKEN, ERAS[1]);
      const tools = new Set(asTools([...LOOKING, ...PROPOSING]));
      const reached = calls.length;
      for (const { name } of OPERATIONS as readonly Operation[]) {
        const tool = name.replaceAll(".", "_");
        if (!tools.has(tool)) expect(await refusalOf(client.callTool({ name: tool, arguments: {} })), name).toMatchObject({ code: -32_602 });
      }
      expect(calls.length).toBe(reached);
    });
  });

  describe("bad input", () => {
    it.each<[string, Record<string, unknown>, string]>([
      ["update_list", { limit: 0 }, "limit: "],
      ["update_list", { limit: "many" }, "limit: "],
      ["update_show", {}, "update: "],
      ["update_show", { update: ["a"] }, "update: "],
      ["update_show", { update: { $ne: null } }, "update: "],
      ["update_propose", { target: "" }, "target: "],
      ["update_propose", { because: 7 }, "because: "],
      ["status", { force: true }, "force"],
      ["task_add", { name: "A b", type: "message" }, "name: "],
      ["task_add", { name: "a", type: "shell" }, "type: "],
    ])("%s %j is said with the path of the mistake", async (name, input, path) => {
      const reached = calls.length;
      const answered = await (await overHttp(face.port, TOKEN, ERAS[1])).callTool({ name, arguments: input });
      expect(answered).toMatchObject({ isError: true, structuredContent: { code: "INPUT_INVALID", detail: expect.stringContaining(path) } });
      expect(calls.length).toBe(reached);
    });
    it.each(["untested", "quarantined", "conflicts", "confirmWithin"])("update_apply takes no %s, whoever asks", async (name) => {
      const reached = calls.length;
      const client = await overHttp(face.port, TOKEN);
      expect(await client.callTool({ name: "update_apply", arguments: { [name]: name === "untested" || name === "quarantined" ? true : "1d" } })).toMatchObject(
        {
          isError: true,
          structuredContent: { code: "INPUT_INVALID", detail: expect.stringContaining(name) },
        },
      );
      expect(calls.length).toBe(reached);
      await client.callTool({ name: "update_apply", arguments: {} });
      expect(calls.at(-1)).toEqual({ name: "update.apply", input: { untested: false, quarantined: false } });
    });
    it.each<[string, number]>([
      // Taken off by the parser of the protocol, before anybody looks: what is left asks for nothing.
      ['{"__proto__":{"limit":9}}', 1],
      ['{"constructor":{"prototype":{"limit":9}}}', 0],
      ['{"limit":{"toString":"x"}}', 0],
      ["[]", 0],
      ["7", 0],
      ['"x"', 0],
      ["null", 0],
    ])("a hostile tool argument, %s, asks for nothing, and is no object's prototype", async (hostile, asks) => {
      const reached = calls.length;
      const said = await fetch(`http://127.0.0.1:${face.port}/mcp`, {
        method: "POST",
        body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"update_list","arguments":${hostile}}}`,
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", accept: "application/json, text/event-stream" },
      });
      expect(await said.text()).toMatch(asks === 0 ? /"isError":true|"error":\{"code":-32602/ : /answeredBy/);
      expect(calls.slice(reached)).toEqual(Array(asks).fill({ name: "update.list", input: { limit: 50 } }));
      expect(({} as { limit?: number }).limit).toBeUndefined();
    });
    it.each([...["", "{", "null", "7", '"x"', "[]", "{}", '{"jsonrpc":"1.0"}'].map((body) => [body, body]), ["fifty thousand brackets", "[".repeat(50_000)]])(
      "a message that is %s is refused",
      async (_, body = "") => {
        const reached = calls.length;
        const { status, body: said } = await post(body);
        expect(status).toBeGreaterThanOrEqual(400);
        expect(status).toBeLessThan(500);
        expect(JSON.stringify(said)).not.toMatch(/node_modules|\.ts:|\bat /);
        expect(calls.length).toBe(reached);
      },
    );
    it.each([{}, { "transfer-encoding": "chunked" }])("too large a body (4 MiB) is not read: %j", async (headers) => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: { x: "x".repeat(4_194_304) } });
      expect(await post(body, headers)).toMatchObject({ status: 400, type: "application/problem+json", body: { code: "INPUT_INVALID" } });
    });
    it("one of just under 4 MiB is", async () => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "status", arguments: { x: "x".repeat(4_194_000) } } });
      const answered = await fetch(`http://127.0.0.1:${face.port}/mcp`, {
        method: "POST",
        body,
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", accept: "application/json, text/event-stream" },
      });
      expect(answered.status).toBe(200);
      expect(await answered.text()).toContain("INPUT_INVALID");
    });
    it("a body that is no JSON by its own word is refused", async () => expect((await post("{}", { "content-type": "text/plain" })).status).toBe(415));
    it.each(["GET", "DELETE"])("%s has no stream or session to offer", async (method) => {
      const answered = await fetch(`http://127.0.0.1:${face.port}/mcp`, { method, headers: { authorization: `Bearer ${TOKEN}`, accept: "text/event-stream" } });
      expect(answered.status).toBe(405);
    });
    it("nobody keeps a stream open by subscribing to what never changes", async () => {
      const _meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { name: "t", version: "0" },
        "io.modelcontextprotocol/clientCapabilities": {},
      };
      const answered = await fetch(`http://127.0.0.1:${face.port}/mcp`, {
        method: "POST",
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "subscriptions/listen", params: { notifications: { toolsListChanged: true }, _meta } }),
        headers: {
          ...{ authorization: `Bearer ${TOKEN}`, "content-type": "application/json", accept: "application/json, text/event-stream" },
          ...{ "mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen" },
        },
      });
      expect(await answered.text()).toContain("limit");
    });
  });

  describe("fault lists: what an operation refuses is a result that says so:", () => {
    it("code, sentence, advice, facts and causes, as over HTTP", async () => {
      answer = async () => {
        throw new InstarError("CONFLICT", "it went wrong", { cause: new Error("deep below"), facts: { where: "here" }, advice: "Mend it." });
      };
      for (const era of ERAS) {
        const answered = await (await overHttp(face.port, TOKEN, era)).callTool({ name: "history" });
        const problem = { code: "CONFLICT", number: 1_205, detail: "it went wrong", facts: { where: "here" }, advice: "Mend it.", causes: ["deep below"] };
        expect(answered).toMatchObject({ isError: true, structuredContent: problem });
        expect(JSON.parse((answered.content as { text: string }[])[0]?.text ?? "")).toEqual(answered.structuredContent);
        expect((await askFace(face.port, { method: "GET", path: "/v1/history" })).body).toEqual(answered.structuredContent);
      }
    });
    it("an error that is none of ours has no stack", async () => {
      answer = async () => {
        throw new TypeError("x is not a function");
      };
      const answered = await (await overHttp(face.port, TOKEN)).callTool({ name: "history" });
      expect(answered).toMatchObject({ isError: true, structuredContent: { code: "UNEXPECTED" } });
      expect(JSON.stringify(answered)).not.toMatch(/\.ts:\d|node_modules/);
    });
    it.each<[string, () => Promise<unknown>]>([
      [
        "an answer",
        async () => ({
          path: "/var/lib/instar/x/logs/agent.log",
          lines: [`it has ${"instar_abcdefgh_"}${"x".repeat(43)}`, "Authorization: Bearer abcdefghijkl"],
        }),
      ],
      [
        "an error",
        async () => {
          throw new InstarError("DATA_DAMAGED", "/var/lib/instar/x/instar.db is not whole", {
            facts: { folder: "/var/lib/instar/x" },
            cause: new Error(`instar_abcdefgh_${"x".repeat(43)}`),
          });
        },
      ],
    ])("%s names no data folder, and no token", async (_, script) => {
      answer = script;
      const answered = JSON.stringify(await (await overHttp(face.port, TOKEN)).callTool({ name: "history" }));
      expect(answered).toContain("<data>");
      expect(answered).not.toMatch(/var\/lib|xxxx|abcdefghijkl/);
    });
  });

  describe("who is let in, as at every other route:", () => {
    const hello = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
    it.each([undefined, "Bearer wrong", `Basic ${TOKEN}`, TOKEN])("not with the authorization %j", async (authorization) =>
      expect(await post(hello, { authorization })).toMatchObject({ status: 401, body: { code: "UNAUTHORIZED" } }),
    );
    it.each(["example.com", "127.0.0.1.example.com"])("not by the name %s", async (host) =>
      expect(await post(hello, { host })).toMatchObject({ status: 401, body: { code: "UNAUTHORIZED" } }),
    );
    it.each(["https://example.com", "null", "http://127.0.0.1.example.com", "file://", "http://localhost@example.com"])("no page of %s", async (origin) => {
      expect(await askFace(face.port, { method: "GET", path: "/v1/status", headers: { origin } })).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
      expect(await post(hello, { origin })).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
    });
    it.each(["http://127.0.0.1:5173", "http://localhost", "http://[::1]:80"])("a page of this machine, %s, that has the token", async (origin) =>
      expect(await askFace(face.port, { method: "GET", path: "/v1/status", headers: { origin } })).toMatchObject({ status: 200 }),
    );
  });
});

describe("what each role finds and may call, at the entrance of a real daemon:", () => {
  let bench: DaemonBench;
  let running: RunningDaemon;
  let tokens: TokenStore;
  let face: HttpFace;
  const { implementations, calls } = createFakeImplementations();
  const clock = new SimulatedClock();
  beforeAll(async () => {
    bench = new DaemonBench();
    running = bench.run(bench.open([step("stage"), step("switch")]));
    const instance = { ...running.instance, rooms: { ...running.instance.rooms, clock: clock as typeof bench.clock } };
    tokens = new TokenStore({ database: instance.database, clock, newId });
    const parts = { instance, daemon: running.daemon, versions: { instar: "0", node: "0" }, operator: "ada", doorToken: TOKEN, say: () => undefined };
    const entrance = openEntrance(parts);
    face = await serveHttp({ ...entrance, implement: (caller) => ({ ...implementations, whoami: entrance.implement(caller).whoami }) });
  });
  afterAll(async () => {
    await face.close();
    await bench.close();
  });
  const create = (role: Role, scope: readonly string[] | null = null) =>
    transact(running.instance.database, () => tokens.create({ name: newId(), role, scope, expiresAt: null, createdBy: "ada" })).secret;

  it.each(ROLES)("%s", async (role) => {
    const client = await overHttp(face.port, create(role), ERAS[1]);
    expect((await namesOf(client)).toSorted()).toEqual(asTools(TOOLS_OF[role]));
    for (const name of asTools([...LOOKING, ...PROPOSING])) {
      const reached = calls.length;
      // Whoever may is told of his input; whoever may not learns nothing of it.
      const answered = await client.callTool({ name, arguments: { not: "an input" } });
      const code = asTools(TOOLS_OF[role]).includes(name) ? "INPUT_INVALID" : "FORBIDDEN";
      expect(answered, name).toMatchObject({ isError: true, structuredContent: { code } });
      expect(calls.length).toBe(reached);
    }
  });
  it("a token that is limited finds what it is limited to, also without whoami", async () => {
    const client = await overHttp(face.port, create("agent", ["update.check", "status"]));
    expect((await namesOf(client)).toSorted()).toEqual(["status", "update_check"]);
    expect(await client.callTool({ name: "whoami" })).toMatchObject({ isError: true, structuredContent: { code: "FORBIDDEN" } });
  });
  it("the instance's own door finds what its role may", async () =>
    expect((await namesOf(await overHttp(face.port, TOKEN))).toSorted()).toEqual(asTools(TOOLS_OF.operator)));
  it("wrong tokens are throttled here as everywhere", async () => {
    const statuses = new Set<number>();
    for (let index = 0; index < 12; index += 1)
      statuses.add((await askFace(face.port, { method: "POST", path: "/mcp", body: "{}", headers: { authorization: "Bearer wrong" } })).status);
    expect([...statuses]).toEqual([401, 429]);
  });
});

describe("docs/mcp.md", () => {
  const path = fileURLToPath(new URL("../../docs/mcp.md", import.meta.url));
  const tables: Readonly<Record<string, readonly string[]>> = {
    "| tool | | | takes |\n|---|---|---|---|": [...TOOLS.values()].map(({ operation, tool }) => {
      const takes = Object.keys(tool.inputSchema.properties ?? {}).map((name) => `\`${name}\``);
      return `| \`${tool.name}\` | ${tool.annotations?.readOnlyHint === true ? "looks" : "proposes"} | ${operation.summary} | ${takes.join(", ")} |`;
    }),
    "| operation | why there is no tool |\n|---|---|": (OPERATIONS as readonly Operation[]).flatMap((operation) => {
      const why = whyNoTool(operation);
      return why === undefined ? [] : [`| \`${operation.name}\` | ${why} |`];
    }),
    "| tool | takes no | because |\n|---|---|---|": [...TOOLS.values()].flatMap(({ operation, tool }) =>
      Object.entries(operation.mcp?.withholds ?? {}).map(([name, because]) => `| \`${tool.name}\` | \`${name}\` | ${because} |`),
    ),
  };
  it.each(Object.keys(tables))("has what the table of operations says, after a change of it with UPDATE=1: %j", (head) => {
    const doc = readFileSync(path, "utf8");
    const [before, after = ""] = doc.split(`${head}\n`);
    const there = after.split("\n\n")[0]?.trimEnd() ?? "";
    const wanted = (tables[head] ?? []).join("\n");
    if (process.env.UPDATE === "1") writeFileSync(path, `${before}${head}\n${wanted}${after.slice(there.length)}`);
    else expect(there).toBe(wanted);
  });
});
