import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type FrontBench, openFrontBench, until } from "./front-bench.testing.ts";

/** Clients that leave HTTP on their connection. */
let bench: FrontBench;
beforeEach(async () => {
  bench = await openFrontBench();
});
afterEach(() => bench.close());

const UPGRADE =
  "GET /chat HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n";
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nsec-websocket-ACCEPT: a\r\n\r\n";

test("a WebSocket is tunnelled: the handshake, what came with it, and bytes both ways", async () => {
  const { agent, head, client } = await openTunnel({ withSwitch: "first" });
  await client.sees("first");
  expect(head()).toMatch(
    /^GET \/chat HTTP\/1\.1\r\n[\s\S]*Sec-WebSocket-Key: k\r\n[\s\S]*Upgrade: websocket\r\nConnection: Upgrade\r\nX-Forwarded-For: 127\.0\.0\.1\r\n/,
  );
  expect(head()).not.toContain("6.6.6.6");
  expect(client.received).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\nsec-websocket-ACCEPT: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nfirst$/);
  const echoed: string[] = [];
  agent().on("data", (chunk: Buffer) => echoed.push(chunk.toString("latin1")));
  client.send("\x81\x02\xff\x00");
  await until(() => echoed.join("").includes("\x81\x02\xff\x00"));
  agent().write(Buffer.from("\x82\xfe", "latin1"));
  await client.sees("\x82\xfe");
  expect(bench.front.status().inFlight).toEqual({ blue: 1 });
  expect(bench.front.counts().releases["release-blue"]).toMatchObject({ requests: 1, failed: 0, latency: { count: 1 } });
});

test("what a client sends before the agent agrees is not lost", async () => {
  let agent: Socket | undefined;
  let got = "";
  await bench.startRawAgent((socket) => {
    agent = socket;
    socket.on("data", (chunk) => {
      got += chunk.toString("latin1");
    });
  });
  const client = bench.open();
  client.send(`${UPGRADE}early`);
  await until(() => agent !== undefined);
  client.send("later");
  await until(() => client.socket.bytesWritten === UPGRADE.length + 10);
  await new Promise((resolve) => setTimeout(resolve, 10)); // Whichever side of the answer it comes on, it must arrive.
  agent?.write(SWITCH);
  await until(() => got.endsWith("earlylater"));
});

test.each(["agent", "client"] as const)("when the %s closes, the other side is told, and the slot is drained", async (who) => {
  const { agent, client } = await openTunnel();
  await client.sees("101");
  let agentEnded = false;
  agent().on("close", () => {
    agentEnded = true;
  });
  if (who === "agent") agent().end("last words");
  else client.socket.end("last words");
  await bench.front.whenDrained("blue");
  if (who === "agent") expect(await client.ended()).toMatch(/last words$/);
  else await until(() => agentEnded);
  expect(bench.front.counts()).toMatchObject({ clientAborts: 0, releases: { "release-blue": { failed: 0 } } });
});

test("a reset of one side is a reset of the other", async () => {
  const { agent, client } = await openTunnel();
  await client.sees("101");
  agent().resetAndDestroy();
  await client.ended();
  expect(client.wasReset).toBe(true);
});

test.each([
  [
    "refuses",
    "HTTP/1.1 403 Forbidden\r\nX-Why: no\r\nContent-Length: 2\r\n\r\nno",
    /^HTTP\/1\.1 403 Forbidden\r\nX-Why: no\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno$/,
  ],
  ["ignores", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\nhi\r\n0\r\n\r\n", /^HTTP\/1\.1 200 OK\r\nConnection: close\r\n\r\nhi$/],
  [
    "insists on another protocol than",
    "HTTP/1.1 426 Upgrade Required\r\nUpgrade: x\r\nConnection: upgrade\r\nContent-Length: 0\r\n\r\n",
    /^HTTP\/1\.1 426 Upgrade Required\r\n[\s\S]*Upgrade: x\r\nConnection: Upgrade\r\nConnection: close\r\n\r\n$/,
  ],
])("an agent that %s the wish: its answer is passed, and the connection ends", async (_, answer, expected) => {
  await bench.startRawAgent((socket) => socket.write(answer));
  expect(await bench.ask(UPGRADE)).toMatch(expected);
  await bench.front.whenDrained("blue");
});

test("an agent that breaks off instead of answering: 502; in the middle of its answer: a reset", async () => {
  await bench.startRawAgent((socket) => socket.destroy());
  expect(await bench.ask(UPGRADE)).toMatch(/^HTTP\/1\.1 502 /);
  await bench.startRawAgent((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), "green");
  const client = bench.open();
  client.send(UPGRADE);
  await client.ended();
  expect(client.wasReset).toBe(true);
  expect(bench.front.counts().releases).toMatchObject({ "release-blue": { failed: 1 }, "release-green": { failed: 1 } });
});

test("a client that leaves before the answer takes its request along", async () => {
  let isAsked = false;
  let isCut = false;
  await bench.startRawAgent((socket) => {
    isAsked = true;
    socket.on("close", () => {
      isCut = true;
    });
    socket.on("end", () => socket.end());
  });
  const client = bench.open();
  client.send(UPGRADE);
  await until(() => isAsked);
  client.socket.end();
  await until(() => isCut);
  await bench.front.whenDrained("blue");
  expect(bench.front.counts()).toMatchObject({ clientAborts: 1, releases: { "release-blue": { failed: 0 } } });
});

test("a closing front lets a tunnel go on until its sides have done, or the grace is over", async () => {
  const { agent, client } = await openTunnel();
  await client.sees("101");
  const closed = bench.front.close({ graceMs: 60_000 });
  bench.clock.advance(30_000);
  await new Promise((resolve) => setImmediate(resolve));
  agent().write("still here");
  await client.sees("still here");
  bench.clock.advance(30_000);
  await closed;
  await client.ended();
  expect(client.wasReset).toBe(true);
});

test("an upgrade waits in a hold like any request", async () => {
  bench.front.hold();
  const [stays, leaves] = [bench.open(), bench.open()];
  stays.send(UPGRADE);
  leaves.send(UPGRADE);
  await until(() => bench.front.status().waiting.requests === 2);
  leaves.socket.end();
  await until(() => bench.front.status().waiting.requests === 1);
  const heads: string[] = [];
  await bench.startRawAgent((socket, received) => {
    heads.push(received);
    socket.write(`${SWITCH}hello`);
  });
  bench.front.release();
  await stays.sees("hello");
  expect(heads).toHaveLength(1);
});

test("an agent on a Unix socket is put the wish there; where nobody listens: 503, for nothing was sent", async () => {
  const folder = await mkdtemp(join(tmpdir(), "instar-front-"));
  const socketPath = join(folder, "agent.sock");
  const backend = { slot: "blue", release: "release-blue", host: "127.0.0.1", port: 1 };
  const server = createServer((socket) => socket.resume().end(`${SWITCH}hello`));
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  try {
    bench.front.route({ main: { ...backend, socketPath } });
    expect(await bench.ask(UPGRADE)).toMatch(/hello$/);
    bench.front.route({ main: backend });
    expect(await bench.ask(UPGRADE)).toMatch(/^HTTP\/1\.1 503 [\s\S]*not listening/);
  } finally {
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  }
});

test.each([
  ["h2c", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n\r\n", "GET"],
  ["a request with a body", "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi", "POST"],
])("%s is a request like any other: the wish to upgrade is dropped", async (_, rest, method) => {
  let request: IncomingMessage | undefined;
  let upgrades = 0;
  const { server } = await bench.startAgent((incoming, response) => {
    request = incoming;
    incoming.resume().on("end", () => response.end("plain"));
  });
  server.on("upgrade", (_request, socket: Socket) => {
    upgrades += 1;
    socket.destroy();
  });
  const client = bench.open();
  client.send(`${method} / HTTP/1.1\r\nHost: x\r\n${rest}`);
  expect(await client.sees("plain")).toContain("Connection: keep-alive");
  expect(request?.rawHeaders.join()).not.toMatch(/upgrade|http2-settings/i);
  expect(upgrades).toBe(0);
});

async function openTunnel({ withSwitch = "" } = {}) {
  let agentSocket: Socket | undefined;
  let head = "";
  await bench.startRawAgent((socket, received) => {
    if (agentSocket !== undefined) return;
    agentSocket = socket;
    head = received;
    socket.on("end", () => socket.end());
    socket.write(Buffer.from(SWITCH + withSwitch, "latin1"));
  });
  const client = bench.open();
  client.send(UPGRADE);
  const agent = () => {
    if (agentSocket === undefined) throw new Error("the agent was not asked yet");
    return agentSocket;
  };
  return { agent, head: () => head, client };
}
