// The example that improves itself, on one real instance and with a recorded model: the order matters, and each story leaves what the next begins with.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OutputOf } from "@instar/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { complete, type RecordedModel, startRecordedModel } from "./recorded-model/start-recorded-model.ts";
import { TestInstance, until } from "./test-instance.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const EXAMPLE = join(root, "examples/self-improving-agent");
const { RECORD_MODEL_URL, RECORD_MODEL_NAME = "", RECORD_MODEL_KEY } = process.env;

interface Request {
  readonly id: string;
  readonly state: "waiting" | "done" | "failed";
  readonly because: string;
  readonly comment: string | null;
  readonly answer: number | null;
  readonly update: string | null;
  readonly tries: number;
}

const edit = (path: string, find: string, replace: string) => ({ path, find, replace });
const proposal = (...edits: object[]) =>
  JSON.stringify({ summary: "x", edits, test: 'import assert from "node:assert/strict";\nimport { test } from "node:test";\n' });
const says = (content: string) => (response: ServerResponse) =>
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(complete(content)));

/** What a hostile model answers, by the unit that it is asked for. */
const HOSTILE: Readonly<Record<string, (response: ServerResponse) => void>> = {
  ell: says(proposal(edit("../../instar.yaml", "version: 1", "version: 2"))),
  fathom: says(proposal(edit("test/convert.test.js", 'test("converts', 'test.skip("converts'))),
  parsec: (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const chunk = Buffer.alloc(16_384, " ");
    const go = (): void => {
      while (!response.destroyed) if (!response.write(chunk)) return void response.once("drain", go);
    };
    go();
  },
  cubit: says("Certainly! Here is what I would do: nothing."),
};

describe("an agent that improves itself:", () => {
  let instance: TestInstance;
  let model: RecordedModel;
  let ada: string;
  let converting: AbortController;
  let client: Promise<{ answered: number; errors: string[] }>;

  const ask = async (path: string): Promise<{ status: number; body: Record<string, unknown> }> => {
    // A line that was kept open may be closed in an exchange, just when it is asked on.
    const answer = await fetch(`http://127.0.0.1:${instance.port}${path}`, { headers: { connection: "close" } });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const convert = (from: string, to: string, value: number) => ask(`/convert?from=${from}&to=${to}&value=${value}`);
  const requestOf = async (id: unknown) => (await ask(`/requests/${id}`)).body as unknown as Request;
  const ended = (id: unknown) =>
    until(`request ${id} has ended`, async () => {
      const request = await requestOf(id);
      return request.state === "waiting" ? undefined : request;
    }).catch(async (error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify(await requestOf(id))}; ${model.unknown.join()}`);
    });
  const waitsForPerson = (id: unknown, afterUpdate: string | null = null) =>
    until(`a person is asked about request ${id}`, async () => {
      const request = await requestOf(id);
      return request.because.startsWith("a person is asked") && request.update !== afterUpdate ? request : undefined;
    }).catch(async (error: Error) => {
      throw new Error(
        `${error.message}: ${JSON.stringify(await requestOf(id))}; ${model.unknown.join()}; the daemon says: ${instance.log("daemon").slice(-1_500)}`,
      );
    });
  const answerAs = (by: string, what: "approve" | "reject", input: object) => instance.askAs(by, "POST", `/v1/update/${what}`, input);

  beforeAll(async () => {
    model = await startRecordedModel(
      (text, response) => {
        const behave = Object.entries(HOSTILE).find(([unit]) => text.includes(`Not known: ${unit}.`))?.[1];
        behave?.(response);
        return behave !== undefined;
      },
      RECORD_MODEL_URL === undefined ? undefined : { url: RECORD_MODEL_URL, name: RECORD_MODEL_NAME, key: RECORD_MODEL_KEY },
    );
    instance = await TestInstance.create();
    for (const name of readdirSync(instance.work)) if (name !== ".git") rmSync(join(instance.work, name), { recursive: true });
    cpSync(EXAMPLE, instance.work, { recursive: true, filter: (path) => !path.endsWith("node_modules") });
    instance.commit("1.0.0");
    // Where a release would have its own: Node looks for packages in every folder above.
    symlinkSync(join(root, "node_modules"), join(instance.folder, "node_modules"));
    // The model's library asks for a newer Node than the system may have: the one that runs this.
    const path = [dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"];
    const environment = { MODEL_URL: model.url, MODEL_NAME: "recorded", ATTEMPTS_PER_HOUR: "20" };
    instance.writeSettings(
      [
        `agent: ${JSON.stringify({ start: ["node", "server.js"], path, environment })}`,
        "tests: { command: [node, --test], within: 2m }",
        "self: { gitName: Converter, gitEmail: converter@example.org }",
      ].join("\n"),
    );
    await instance.start();
    ada = instance.json<{ secret: string }>("token", "create", "ada", "--role", "approver").secret;
    converting = new AbortController();
    client = convertAllTheTime();
  });
  afterAll(async () => {
    converting?.abort();
    await client;
    instance?.end();
    await model?.close();
  });

  async function convertAllTheTime() {
    const errors: string[] = [];
    let answered = 0;
    while (!converting.signal.aborted) {
      await convert("km", "m", 1).then(
        ({ status, body }) => {
          answered += 1;
          if (status !== 200 || body.value !== 1_000) errors.push(`${status} ${JSON.stringify(body)}`);
        },
        (error: Error) => errors.push(`${error.message}: ${error.cause}`),
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return { answered, errors };
  }

  it("asks a person where it adds a test, which judges it; what was rejected is revised with his comment, and waits again", async () => {
    const { status, body } = await convert("pound", "g", 2);
    expect(status).toBe(422);
    const first = await waitsForPerson(body.request);
    expect(await convert("pound", "g", 2)).toMatchObject({ status: 422, body: { request: body.request } });
    expect((await answerAs(ada, "reject", { because: "use the exact factor: 453.59237 g" })).status).toBe(200);
    const second = await waitsForPerson(body.request, first.update);
    expect((await answerAs(ada, "approve", {})).status).toBe(200);
    expect(await ended(body.request), instance.log("agent")).toMatchObject({ state: "done", answer: 907.18474, update: second.update, tries: 2 });
    expect(await convert("pound", "g", 2)).toMatchObject({ status: 200, body: { value: 907.18474 } });
    const { deployments } = await instance.ask<OutputOf<"code.deployments">>("GET", "/v1/code/deployments");
    expect(deployments).toMatchObject([
      { asker: body.request, outcome: "committed", revises: first.update },
      { asker: body.request, outcome: "refused", revises: null, comment: "use the exact factor: 453.59237 g" },
    ]);
  });

  it("goes all the way by itself where the operator's policy lets it add tests, and takes nothing away", async () => {
    mkdirSync(join(instance.agent, "policy"));
    writeFileSync(join(instance.agent, "policy", "own.cedar"), readBlock("permit ("));
    writeFileSync(join(instance.agent, "policy", "own.test.yaml"), readBlock("tests:\n"));
    expect(instance.cli("policy", "test")).toMatchObject({ status: 0 });
    const asked = await convert("cm", "inch", 2);
    expect(asked).toMatchObject({ status: 422, body: { request: expect.any(String) } });
    const request = await ended(asked.body.request);
    expect(request).toMatchObject({ state: "done", answer: 0.787401574803, comment: null, tries: 1 });
    expect(await convert("cm", "inch", 2)).toMatchObject({ status: 200, body: { value: 0.787401574803 } });
  });

  it("leaves in the updates and in the ledger who deployed what, and acknowledges all of it", async () => {
    const updates = instance.updates().filter(({ origin }) => origin?.kind === "self");
    expect(updates.map(({ outcome }) => outcome)).toEqual(["committed", "committed", "refused"]);
    const proposed = instance.ledger().filter(({ event, description }) => event === "UPDATE_PROPOSED" && description.includes("deploys"));
    expect(proposed.map(({ actor, details }) => [actor.type, actor.id, details?.files])).toEqual([
      ["agent", "self", ["skills/units.js", "test/learned-pound.test.js"]],
      ["agent", "self", ["skills/units.js", "test/learned-pound.test.js"]],
      ["agent", "self", ["skills/units.js", "test/learned-inch.test.js"]],
    ]);
    await until("all is acknowledged", async () => {
      const { deployments } = await instance.ask<OutputOf<"code.deployments">>("GET", "/v1/code/deployments?unseen=true");
      return deployments.length === 0 ? true : undefined;
    });
  });

  it.each([
    ["a patch outside of the folder", "ell", '"../../instar.yaml", which is not its to change'],
    ["a patch that deletes tests", "fathom", '"test/convert.test.js", which is not its to change'],
    ["endless text", "parsec", "longer than 262144 bytes"],
    ["no JSON", "cubit", "no proposal"],
  ])("a hostile model, %s: it failed, and goes on serving", async (_what, unit, because) => {
    const before = instance.updates().length;
    const { body } = await convert("m", unit, 1);
    expect(await ended(body.request)).toMatchObject({ state: "failed", because: expect.stringContaining(because), update: null, tries: 1 });
    expect(await convert("m", unit, 1)).toMatchObject({ status: 422, body: { request: body.request } });
    expect(await convert("cm", "inch", 2)).toMatchObject({ status: 200 });
    expect(instance.updates()).toHaveLength(before);
  });

  it("meanwhile nobody who asked for what it knows saw an error, and the model was asked nothing that was not recorded", async () => {
    converting.abort();
    const { answered, errors } = await client;
    expect(errors).toEqual([]);
    expect(answered).toBeGreaterThan(0);
    expect(model.unknown).toEqual([]);
  });
});

/** The indented block of the page that begins so: what people are told to write is what is tested. */
function readBlock(begins: string): string {
  const blocks = readFileSync(join(root, "docs/self-improving.md"), "utf8").match(/(?:^ {4}.*\n|^\n(?= {4}))+/gm) ?? [];
  const found = blocks.find((block) => block.includes(begins));
  if (found === undefined) throw new Error(`docs/self-improving.md has no block with ${begins}`);
  return found.replace(/^ {4}/gm, "");
}
