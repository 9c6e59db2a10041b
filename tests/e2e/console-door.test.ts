// The console's door at a real instance: from `instar console` to a page that goes on after the daemon was killed.
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import type { OutputOf } from "@instar/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEventStreamParser, type StreamMessage } from "../../packages/console/src/data/parse-event-stream.ts";
import { TestInstance, until } from "./test-instance.ts";

interface Sitting {
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
}

describe("the console's door of a real instance:", () => {
  let instance: TestInstance;
  let sitting: Sitting;
  beforeAll(async () => {
    instance = await TestInstance.create();
    await instance.start();
  });
  afterAll(() => instance.end());

  const doorOf = () => JSON.parse(readFileSync(join(instance.data, "daemon.json"), "utf8")) as { port: number; pid: number };
  /** As a person does: a terminal, and then a browser. */
  const sit = async (): Promise<Sitting> => {
    const { url } = instance.json<OutputOf<"console">>("console");
    const { origin, hash } = new URL(url);
    const answer = await fetch(`${origin}/console/session`, {
      method: "POST",
      headers: { "content-type": "application/json", origin, connection: "close" },
      body: JSON.stringify({ code: hash.slice("#code=".length) }),
    });
    const { secret } = (await answer.json()) as { secret: string };
    return { base: origin, headers: { cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "", "x-instar-session": secret, connection: "close" } };
  };
  const ask = ({ base, headers }: Sitting, path: string) => fetch(`${base}${path}`, { headers });

  it("`instar console` says an address on localhost, and its code opens the console once", async () => {
    const ran = instance.cli("console");
    expect(ran).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^http:\/\/localhost:\d+\/console\/#code=[\w-]{43}\n\nIt opens the console once, until /),
    });
    sitting = await sit();
    const who = await ask(sitting, "/console/session");
    expect(await who.json()).toMatchObject({ caller: { name: "tester", role: "operator", type: "user" } });
    expect((await ask({ ...sitting, headers: { cookie: sitting.headers.cookie ?? "" } }, "/v1/status")).status).toBe(401);
  });

  it("the page is there, built, and its policy lets in no code but its own", async () => {
    const page = await fetch(`${sitting.base}/console/updates/anything`, { headers: { connection: "close" } });
    expect(page.status).toBe(200);
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    const [, script = ""] = /<script type="module"[^>]* src="([^"]+)"/.exec(await page.text()) ?? [];
    expect((await fetch(`${sitting.base}${script}`, { headers: { connection: "close" } })).headers.get("content-type")).toContain("javascript");
  });

  it("a daemon that was killed is back on its port, with the same session, and no event is lost", async () => {
    const before = doorOf();
    const first = await openStream(sitting, null);
    await until("the stream says hello", () => first.messages.find(({ event }) => event === "hello"));
    process.kill(before.pid, "SIGKILL");
    await until("the stream broke", () => (first.hasEnded() ? true : undefined));
    const after = await until("another daemon serves", () => (doorOf().pid === before.pid ? undefined : doorOf()));
    expect(after.port).toBe(before.port);
    expect((await ask(sitting, "/v1/status")).status).toBe(200);
    const last = first.messages.findLast(({ id }) => id !== null)?.id ?? null;
    const second = await openStream(sitting, last);
    instance.publish("1.0.1");
    await instance.ended("1.0.1");
    const entries = () => second.messages.filter(({ event }) => event === "journal");
    await until("the stream told the update's end", () => entries().find(({ data }) => data.includes('"update-ended"')));
    const ids = entries().map(({ id }) => Number(id));
    expect(ids).toEqual(ids.map((_, index) => Number(last) + 1 + index));
    second.close();
  });

  it("where another program took the port meanwhile the daemon takes another, and every session is over", async () => {
    const { port } = doorOf();
    expect(instance.cli("down").status).toBe(0);
    const squatter = await listen(port);
    try {
      expect(instance.cli("up").status).toBe(0);
      const now = await until("it serves", () => (doorOf().port === port ? undefined : doorOf()));
      expect(instance.log("daemon")).toContain(`port ${port} is taken by another program`);
      expect((await ask({ ...sitting, base: `http://localhost:${now.port}` }, "/v1/status")).status).toBe(401);
      expect(instance.ledger().findLast(({ event }) => event === "SESSION_ENDED")).toMatchObject({ actor: { type: "system" } });
      expect((await ask(await sit(), "/v1/status")).status).toBe(200);
    } finally {
      squatter.close();
    }
  });
});

const listen = (port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject).listen({ host: "127.0.0.1", port }, () => resolve(server));
  });

async function openStream({ base, headers }: Sitting, after: string | null) {
  const ending = new AbortController();
  const answer = await fetch(`${base}/v1/events${after === null ? "" : `?after=${after}`}`, { headers, signal: ending.signal });
  const messages: StreamMessage[] = [];
  let hasEnded = false;
  const read = async () => {
    const parse = createEventStreamParser();
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) messages.push(...parse(chunk));
  };
  void read()
    .catch(() => undefined)
    .finally(() => {
      hasEnded = true;
    });
  return { messages, hasEnded: () => hasEnded, close: () => ending.abort() };
}
