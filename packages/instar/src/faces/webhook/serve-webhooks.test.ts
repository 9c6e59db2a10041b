import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatedClock } from "@instar/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { openDatabase } from "../../database/open-database.ts";
import { NO_FAILURES, throttleFailures } from "../../governance/access/throttle-failures.ts";
import { webhookSettings } from "../../settings/webhook-settings.ts";
import { createWebhookHearing } from "../../sources/webhook/hear-webhook.ts";
import { readWebhookSecrets } from "../../sources/webhook/read-webhook-secrets.ts";
import { githubPush, gitlabPush, hexSignature, json, signGithub, signStandard } from "../../sources/webhook/sign-webhook.testing.ts";
import { WebhookDeliveries } from "../../sources/webhook/webhook-deliveries.ts";
import type { WebhookNews } from "../../sources/webhook/webhook-verdict.ts";
import { serveWebhooks } from "./serve-webhooks.ts";

const SECRET = "a secret that two know";
const PUSH = json(githubPush());
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Opened {
  readonly url: string;
  readonly port: number;
  readonly clock: SimulatedClock;
  readonly accepted: [string, WebhookNews][];
  readonly said: string[];
  readonly secretPath: string;
}

async function openDoor({ folder = makeFolder(), onAccepted = () => {} }: { folder?: string; onAccepted?: () => void | Promise<void> } = {}): Promise<Opened> {
  const secretPath = join(folder, "secret");
  writeFileSync(secretPath, `${SECRET}\n`);
  const clock = new SimulatedClock();
  const database = openDatabase(join(folder, "instar.db"));
  closers.push(() => database.close());
  const settings = webhookSettings.parse({
    port: 8_090,
    github: { secretFile: secretPath, repositories: ["codertocat/hello-world"] },
    generic: { secretFile: secretPath },
    maxBytes: "64KiB",
  });
  const accepted: [string, WebhookNews][] = [];
  const said: string[] = [];
  const deliveries = new WebhookDeliveries({ database, clock });
  const face = await serveWebhooks({
    settings,
    port: 0,
    hear: createWebhookHearing({ settings, refs: [], readSecrets: readWebhookSecrets, deliveries, clock }),
    failures: { none: NO_FAILURES, count: throttleFailures },
    clock,
    say: (line) => said.push(line),
    onAccepted: (hook, about: WebhookNews) => {
      accepted.push([hook, about]);
      return onAccepted();
    },
  });
  closers.push(() => face.close());
  return { url: `http://127.0.0.1:${face.port}/webhooks`, port: face.port, clock, accepted, said, secretPath };
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "instar-webhooks-"));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const post = async (url: string, { headers, body }: { headers: Readonly<Record<string, string>>; body: Uint8Array<ArrayBufferLike> | string }) => {
  const response = await fetch(url, { method: "POST", headers, body: typeof body === "string" ? body : Buffer.from(body) });
  return { status: response.status, type: response.headers.get("content-type"), retryAfter: response.headers.get("retry-after"), body: await response.text() };
};
const push = (more: object = {}, secret = SECRET) => signGithub("push", json(githubPush(more)), secret);

/** What a server says to bytes that no client would send. */
async function speak(port: number, head: string): Promise<{ socket: Socket; heard: () => string; ended: Promise<string> }> {
  const socket = connect(port, "127.0.0.1");
  closers.push(() => socket.destroy());
  let heard = "";
  socket.on("data", (chunk) => {
    heard += chunk;
  });
  socket.on("error", () => {});
  const ended = new Promise<string>((resolve) => socket.once("close", () => resolve(heard)));
  socket.write(head);
  return { socket, heard: () => heard, ended };
}
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
};
const headOf = (length: string) => `POST /webhooks/github HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${length}\r\n\r\n`;

describe("a webhook that is true", () => {
  it("is answered with 202, and told of", async () => {
    const { url, accepted } = await openDoor();
    expect(await post(`${url}/github`, push())).toMatchObject({ status: 202, body: json({ kind: "accepted", because: "the source will be asked" }) });
    expect(accepted).toMatchObject([["github", { ref: "refs/heads/main", repository: "codertocat/hello-world" }]]);
  });
  it("is answered before anybody looks, and whatever comes of it", async () => {
    const { promise, reject } = Promise.withResolvers<void>();
    const { url, said } = await openDoor({ onAccepted: () => promise });
    expect(await post(`${url}/github`, push())).toMatchObject({ status: 202 });
    reject(new Error("the source is gone"));
    await until(() => said.length > 0);
    expect(said).toEqual([expect.stringContaining("the source is gone")]);
  });
  it("and of no interest is answered with 202 and the reason, and told to nobody", async () => {
    const { url, accepted } = await openDoor();
    expect(await post(`${url}/github`, signGithub("ping", "{}", SECRET))).toMatchObject({
      status: 202,
      body: json({ kind: "ignored", because: "a ping: the webhook works" }),
    });
    expect(accepted).toEqual([]);
  });
  it("is heard with the secret as it is now", async () => {
    const { url, secretPath } = await openDoor();
    writeFileSync(secretPath, `the new secret of both\n${SECRET}\n`);
    expect(await post(`${url}/github`, push({}, "the new secret of both"))).toMatchObject({ status: 202 });
    expect(await post(`${url}/github`, push({ before: "1".repeat(40) }))).toMatchObject({ status: 202 });
    writeFileSync(secretPath, "the new secret of both\n");
    expect(await post(`${url}/github`, push({ before: "2".repeat(40) }))).toMatchObject({ status: 401 });
  });
});

describe("a webhook that is refused", () => {
  it("replayed, and replayed with another delivery id", async () => {
    const { url, accepted } = await openDoor();
    const request = push();
    expect(await post(`${url}/github`, request)).toMatchObject({ status: 202 });
    expect(await post(`${url}/github`, request)).toMatchObject({ status: 409, type: "application/problem+json" });
    expect(await post(`${url}/github`, { ...request, headers: { ...request.headers, "x-github-delivery": "another" } })).toMatchObject({ status: 409 });
    expect(accepted).toHaveLength(1);
  });
  it("replayed after a restart", async () => {
    const folder = makeFolder();
    expect(await post(`${(await openDoor({ folder })).url}/github`, push())).toMatchObject({ status: 202 });
    expect(await post(`${(await openDoor({ folder })).url}/github`, push())).toMatchObject({ status: 409 });
  });
  it("of the generic kind: once under each signed id, and an unsigned id makes nothing new", async () => {
    const { url, clock, accepted } = await openDoor();
    const at = { atMs: clock.wallMs() };
    const hint = signStandard("{}", SECRET, at);
    expect(await post(`${url}/generic`, hint)).toMatchObject({ status: 202 });
    expect(await post(`${url}/generic`, hint)).toMatchObject({ status: 409 });
    expect(await post(`${url}/generic`, signStandard("{}", SECRET, { ...at, id: "msg_2" }))).toMatchObject({ status: 202 });
    const told = { "content-type": "application/json", "x-instar-signature": hexSignature(SECRET, "{ }") };
    expect(await post(`${url}/generic`, { headers: told, body: "{ }" })).toMatchObject({ status: 202 });
    expect(await post(`${url}/generic`, { headers: { ...told, "webhook-id": "msg_3" }, body: "{ }" })).toMatchObject({ status: 409 });
    expect(accepted).toHaveLength(3);
  });
  it("unsigned, signed with another secret, altered, with SHA-1 only: 401, as problem+json", async () => {
    const { url, accepted, said } = await openDoor();
    const { headers, body } = push();
    const { "x-hub-signature-256": signature = "", ...unsigned } = headers;
    const wrong = [
      { headers: unsigned, body },
      push({}, "somebody else's secret"),
      { headers, body: `${PUSH} ` },
      { headers: { ...unsigned, "x-hub-signature": signature }, body },
    ];
    for (const request of wrong) {
      const answer = await post(`${url}/github`, request);
      expect(answer).toMatchObject({ status: 401, type: "application/problem+json" });
      expect(JSON.parse(answer.body)).toMatchObject({ status: 401, code: "UNAUTHORIZED" });
      expect(answer.body).not.toContain(SECRET);
    }
    expect(accepted).toEqual([]);
    expect(said).toHaveLength(4);
  });
  it("for another repository: 403", async () => {
    const { url } = await openDoor();
    expect(await post(`${url}/github`, push({ repository: { full_name: "mallory/x" } }))).toMatchObject({ status: 403, type: "application/problem+json" });
  });
  it("of another content type: 415; not JSON: 400", async () => {
    const { url } = await openDoor();
    const request = push();
    expect(await post(`${url}/github`, { ...request, headers: { ...request.headers, "content-type": "text/xml" } })).toMatchObject({ status: 415 });
    expect(await post(`${url}/github`, signGithub("push", "<xml/>", SECRET))).toMatchObject({ status: 400 });
  });
  it("a method that is not POST, and an address that is not there", async () => {
    const { url, port } = await openDoor();
    for (const method of ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const response = await fetch(`${url}/github`, { method });
      expect([method, response.status, response.headers.get("content-type")]).toEqual([method, 404, "application/problem+json"]);
    }
    for (const path of [
      "/",
      "/webhooks",
      "/webhooks/github/",
      "/webhooks/githubx",
      "/webhooks/gitlab",
      "/webhooks/../status",
      "/v1/status",
      "/webhooks/constructor",
    ])
      expect([path, (await post(`http://127.0.0.1:${port}${path}`, push())).status]).toEqual([path, 404]);
  });
  it("a kind that is not configured is not there, whatever it is signed with", async () => {
    const { url } = await openDoor();
    const headers = { "content-type": "application/json", "x-gitlab-token": SECRET };
    expect(await post(`${url}/gitlab`, { headers, body: json(gitlabPush()) })).toMatchObject({ status: 404 });
  });
  it("where its secret cannot be read nobody is let in, and no path is told", async () => {
    const { url, secretPath, said, accepted } = await openDoor();
    rmSync(secretPath);
    const answer = await post(`${url}/github`, push());
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain(secretPath);
    expect(said.join()).toContain(secretPath);
    expect(accepted).toEqual([]);
  });
});

describe("a body that is not what it should be", () => {
  it("huge", async () => {
    const { url, accepted } = await openDoor();
    expect(await post(`${url}/github`, signGithub("push", json(githubPush({ commits: "x".repeat(8_000_000) })), SECRET))).toMatchObject({ status: 413 });
    expect(accepted).toEqual([]);
  });
  it("huge by its own word, and never sent", async () => {
    const { port, clock } = await openDoor();
    const { heard, ended } = await speak(port, headOf("content-length: 99999999999"));
    await until(() => heard().includes("413"));
    await until(() => clock.sleepers > 0);
    clock.advance(2_000);
    expect(await ended).toMatch(/^HTTP\/1.1 413 /);
  });
  it("in chunks that never end", async () => {
    const { port, clock } = await openDoor();
    const { socket, heard, ended } = await speak(port, headOf("transfer-encoding: chunked"));
    const chunk = `1000\r\n${"x".repeat(4_096)}\r\n`;
    while (!heard().includes("413") && !socket.destroyed) {
      socket.write(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(heard()).toMatch(/^HTTP\/1.1 413 /);
    await until(() => clock.sleepers > 0);
    clock.advance(2_000);
    await ended;
  });
  it("longer than it said: what is too much is no part of it", async () => {
    const { port, accepted } = await openDoor();
    const { ended } = await speak(port, `${headOf("content-length: 2")}{}${"x".repeat(100_000)}`);
    expect(await ended).toMatch(/^HTTP\/1.1 40[01] /);
    expect(accepted).toEqual([]);
  });
  it("shorter than it said, or slow: ten seconds are waited", async () => {
    const { port, clock } = await openDoor();
    const { heard, ended } = await speak(port, `${headOf("content-length: 1000")}{"ref":`);
    await until(() => clock.sleepers > 0);
    clock.advance(9_999);
    expect(heard()).toBe("");
    clock.advance(1);
    await until(() => heard().includes("408"));
    await until(() => clock.sleepers > 0);
    clock.advance(2_000);
    expect(await ended).toMatch(/^HTTP\/1.1 408 /);
  });
  it("that breaks off does no harm", async () => {
    const { port, url, clock, said } = await openDoor();
    const { socket, ended } = await speak(port, `${headOf("content-length: 1000")}{"ref":`);
    await until(() => clock.sleepers > 0);
    socket.destroy();
    await ended;
    await until(() => clock.sleepers === 0);
    expect(await post(`${url}/github`, push())).toMatchObject({ status: 202 });
    expect(said).toEqual([]);
  });
});

describe("too much of it", () => {
  it("who fails again and again is told to wait; who has the secret is heard at any time", async () => {
    const { url, said, clock } = await openDoor();
    const fail = () => post(`${url}/github`, push({}, "somebody else's secret"));
    for (let times = 0; times < 10; times += 1) expect((await fail()).status).toBe(401);
    expect(await fail()).toMatchObject({ status: 429, retryAfter: "5", type: "application/problem+json" });
    for (let times = 0; times < 20; times += 1) expect((await fail()).status).toBe(429);
    expect(said).toHaveLength(11);
    expect(await post(`${url}/github`, push())).toMatchObject({ status: 202 });
    clock.advance(3_600_000);
    expect((await fail()).status).toBe(401);
  });
  it("no more than 64 are heard at once", async () => {
    const { port, url, clock } = await openDoor();
    await Promise.all(Array.from({ length: 64 }, () => speak(port, headOf("content-length: 10"))));
    await until(() => clock.sleepers === 64);
    expect(await post(`${url}/github`, push())).toMatchObject({ status: 429, retryAfter: "1" });
  });
});

it("a port that is taken is said", async () => {
  const { port } = await openDoor();
  const parts = { settings: { host: "127.0.0.1", maxBytes: 1 } as never, clock: new SimulatedClock(), say: () => {}, onAccepted: () => {} };
  const failures = { none: NO_FAILURES, count: throttleFailures };
  await expect(serveWebhooks({ ...parts, failures, port, hear: async () => ({ kind: "ignored", because: "" }) })).rejects.toMatchObject({
    code: "PORT_IN_USE",
  });
});
