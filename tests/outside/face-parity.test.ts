import { OPERATIONS, type Operation, routeOf } from "@instar/protocol";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HttpFace, serveHttp } from "../../packages/instar/src/faces/http/serve-http.ts";
import { toolNameOf, whyNoTool } from "../../packages/instar/src/faces/mcp/plan-tools.ts";
import { askFace, TOKEN } from "./ask-face.ts";
import { createFakeEntrance } from "./fake-entrance.ts";
import { createFakeImplementations } from "./fake-implementations.ts";
import { buildWholeProgram, listCommands } from "./list-commands.ts";

const operations = OPERATIONS as readonly Operation[];

/** Commands that are no operation of the protocol, each with the reason why no other face has it. */
const CLI_ONLY: Readonly<Record<string, string>> = {
  init: "writes instar.yaml before there is an instance to ask",
  up: "starts what the other faces would ask",
  down: "ends what the other faces would ask",
  watch: "shows a terminal what operations answer, over and over",
  demo: "makes an instance of its own and removes it",
  mcp: "speaks for an agent to a daemon that has the other faces",
  service: "prints a unit for this machine's service manager",
  "keeper run": "is the keeper's process, hidden: nobody types it",
  daemon: "is the daemon's process, hidden: nobody types it",
  analyse: "is the analysis job's process, hidden: nobody types it",
  "trust init": "makes private keys on this machine, before anybody trusts them",
  "trust show": "reads a repository's folder, which belongs to no instance",
  "trust rotate": "signs with private keys, which no process that can be asked from afar may hold",
  "trust sign": "signs with private keys, which no process that can be asked from afar may hold",
  "trust discard": "changes a repository's folder, which belongs to no instance",
  "trust refresh": "signs with the keys of the machine that has the repository, from a timer",
  "release publish": "signs with private keys, which no process that can be asked from afar may hold",
  "release yank": "signs with private keys, which no process that can be asked from afar may hold",
  "registry serve": "is a server of its own, which shows a repository and knows no instance",
  "tuf-client": "is what the public conformance suite runs, hidden: nobody types it",
};

const CREDENTIAL = { id: "a", rawId: "a", type: "public-key" };
const MADE = { ...CREDENTIAL, response: { clientDataJSON: "a", attestationObject: "a" } };
const SIGNED = { ...CREDENTIAL, response: { clientDataJSON: "a", authenticatorData: "a", signature: "a" } };

/** An input that each operation accepts; the rest accept nothing at all. */
const LEAST_INPUT: Readonly<Record<string, Record<string, unknown>>> = {
  "update.show": { update: "a" },
  "update.explain": { update: "a" },
  "update.diff": { update: "a" },
  "update.output": { update: "a" },
  "update.reject": { because: "a" },
  "document.show": { digest: "sha256:00000000" },
  "update.resolve": { how: "retry" },
  "incident.note": { incident: "a", cause: "b" },
  "backup.progress": { job: "a" },
  "audit.prove": { index: "0" },
  "audit.compare": { checkpoint: "a" },
  "audit.export": { to: "/a" },
  "passkey.begin": { origin: "http://localhost:1" },
  "passkey.add": { label: "a", response: MADE },
  "passkey.revoke": { passkey: "aaaaaaaa" },
  "passkey.challenge": { origin: "http://localhost:1" },
  "passkey.approve": { response: SIGNED },
  "token.create": { name: "a", role: "viewer" },
  "token.revoke": { token: "a" },
  "edit.plan": { plan: "edits: []" },
  "edit.apply": { plan: "edits: []" },
  "edit.undo": { update: "a" },
  "code.read": { path: "a" },
  "code.search": { text: "a" },
  "code.write": { path: "a", text: "b" },
  "code.move": { from: "a", to: "b" },
  "code.delete": { path: "a" },
  "code.patch": { patch: "a" },
  "code.deploy": { message: "a" },
  "code.force-deploy": { message: "a", because: "a" },
  "agent.note": { what: "a", text: "a" },
  "code.acknowledge": { update: "a" },
  "source.forget": { source: "registry" },
  "update.skip": { version: "1.0.0" },
  "update.unskip": { version: "1.0.0" },
  "task.add": { name: "a", type: "health-check", every: "1h" },
  "task.show": { task: "a" },
  "task.pause": { task: "a" },
  "task.resume": { task: "a" },
  "task.remove": { task: "a" },
  "task.run": { task: "a" },
};

describe("every operation is reachable from every face, or says why not:", () => {
  const { implementations, calls } = createFakeImplementations();
  let face: HttpFace;
  beforeAll(async () => {
    face = await serveHttp(createFakeEntrance(implementations));
  });
  afterAll(() => face.close());

  it.each(operations.filter((operation) => operation.hiddenFrom?.http === undefined))("$name over HTTP", async (operation) => {
    const { method, path } = routeOf(operation);
    const input = LEAST_INPUT[operation.name] ?? {};
    const query = method === "GET" ? `?${new URLSearchParams(input as Record<string, string>)}` : "";
    expect(await askFace(face.port, { method, path: path + query, body: method === "POST" ? JSON.stringify(input) : undefined })).toMatchObject({
      status: 200,
      body: { answeredBy: operation.name },
    });
    expect(calls.at(-1)?.name).toBe(operation.name);
  });

  it.each(operations.filter((operation) => operation.hiddenFrom?.cli === undefined))("$name on the command line", async (operation) => {
    const reached: { name: string; input: unknown }[] = [];
    const input = LEAST_INPUT[operation.name] ?? {};
    const program = buildWholeProgram(async (found, given) => void reached.push({ name: found.name, input: given }));
    const positional = operation.positional.flatMap((name) => (input[name] === undefined ? [] : [String(input[name])]));
    const flags = Object.entries(input).flatMap(([name, value]) => (operation.positional.includes(name) ? [] : [`--${name}`, String(value)]));
    await program.parseAsync([...operation.name.split("."), ...positional, ...flags], { from: "user" });
    expect(reached).toEqual([{ name: operation.name, input }]);
  });

  it.each(operations.filter((operation) => whyNoTool(operation) === undefined))("$name as a tool, over MCP", async (operation) => {
    const client = new Client({ name: "tests", version: "0" });
    const transport = new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${face.port}/mcp`), {
      requestInit: { headers: { authorization: `Bearer ${TOKEN}` } },
    });
    await client.connect(transport);
    const answered = await client.callTool({ name: toolNameOf(operation), arguments: LEAST_INPUT[operation.name] ?? {} });
    await client.close();
    expect(answered).toMatchObject({ structuredContent: { answeredBy: operation.name } });
    expect(calls.at(-1)?.name).toBe(operation.name);
  });

  it("what is no tool says why in a sentence", () => {
    for (const operation of operations) expect((whyNoTool(operation) ?? "it is a tool, which needs no reason").length, operation.name).toBeGreaterThan(20);
  });

  it("a face that leaves an operation out says why in a sentence", () => {
    for (const { hiddenFrom } of operations) for (const reason of Object.values(hiddenFrom ?? {})) expect(reason.length).toBeGreaterThan(20);
  });
});

it("the command line has the operations and what is listed here with a reason, and no more", () => {
  const words = listCommands(buildWholeProgram()).map((found) => found.words);
  const expected = [
    ...operations.filter(({ hiddenFrom }) => hiddenFrom?.cli === undefined).map(({ name }) => name.replaceAll(".", " ")),
    ...Object.keys(CLI_ONLY),
  ];
  expect(words.toSorted()).toEqual(expected.toSorted());
});

it("names and routes are each there once", () => {
  const routes = operations.map((operation) => Object.values(routeOf(operation)).join(" "));
  expect(new Set(routes).size).toBe(operations.length);
  expect(new Set(operations.map(({ name }) => name)).size).toBe(operations.length);
});
