import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { Clock } from "../../platform/clock.ts";
import { AgentConnection } from "./agent-connection.ts";
import { type FrontBench, openFrontBench, SteppedClock, until } from "./front-bench.testing.ts";

/** Which connections to the agent are used again, and what must never pass from one request to the next. */
let bench: FrontBench;
beforeEach(async () => {
  bench = await openFrontBench();
});
afterEach(() => bench.close());

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const idle = () => until(() => bench.front.status().inFlight.blue === 0, "nothing to be under way");

const clockOf = (clock: SteppedClock): Clock => ({
  wallMs: () => clock.wallMs(),
  monotonicMs: () => clock.monotonicMs(),
  sleep: (ms, signal) => clock.sleep(ms, signal),
});

/** Asks one after the other, and waits until nothing of a request is under way before the next one. */
async function askAll(...asked: string[]): Promise<string> {
  const client = bench.open();
  for (const [index, text] of asked.entries()) {
    client.send(text);
    await until(() => client.received.split("HTTP/1.1 ").length === index + 2, "an answer");
    await idle();
  }
  return client.received;
}

describe("a connection that is kept", () => {
  test("carries the next request, whatever the two are", async () => {
    const { sockets } = await bench.startRawAgent((socket) => socket.write(OK));
    await askAll(GET, POST, GET.replace("GET", "DELETE"), POST);
    expect(sockets.size).toBe(1);
  });

  test("is closed when nobody has used it for a second, and one that was used since is not", async () => {
    const { sockets } = await bench.startRawAgent((socket) => {
      socket.on("end", () => socket.end());
      socket.on("close", () => sockets.delete(socket));
      socket.write(OK);
    });
    await askAll(GET);
    bench.clock.advance(600);
    await askAll(GET);
    bench.clock.advance(600);
    await new Promise((resolve) => setImmediate(resolve));
    await askAll(POST);
    expect(sockets.size).toBe(1);
    bench.clock.advance(1_000);
    await until(() => sockets.size === 0);
    expect(bench.clock.sleeping()).toBe(0);
  });

  test("is not used after its second, even where this process stood still and no timer has run yet", async () => {
    await bench.close();
    const clock = new SteppedClock();
    let stoodStillMs = 0;
    bench = await openFrontBench({ clock: { ...clockOf(clock), monotonicMs: () => clock.monotonicMs() + stoodStillMs } });
    const { sockets } = await bench.startRawAgent((socket) => socket.write(OK));
    await askAll(GET, POST);
    expect(sockets.size).toBe(1);
    stoodStillMs = 1_000;
    await askAll(POST);
    expect(sockets.size).toBe(2);
  });

  test("the one that was used last is the first to be used again", async () => {
    const answers: (() => void)[] = [];
    const served: Socket[] = [];
    await bench.startRawAgent((socket) => {
      served.push(socket);
      answers.push(() => socket.write(OK));
    });
    const [one, two] = [bench.open(), bench.open()];
    one.send(GET);
    await until(() => answers.length === 1);
    two.send(GET);
    await until(() => answers.length === 2);
    answers[1]?.();
    await two.sees("ok");
    await until(() => bench.front.status().inFlight.blue === 1);
    answers[0]?.();
    await one.sees("ok");
    await idle();
    two.send(GET);
    await until(() => answers.length === 3);
    expect(served[2]).toBe(served[0]);
  });

  test("is closed at once when its backend is no longer routed to", async () => {
    let isClosed = false;
    await bench.startRawAgent((socket) => {
      socket.on("end", () => {
        isClosed = true;
      });
      socket.write(OK);
    });
    await askAll(GET);
    bench.front.route(undefined);
    await until(() => isClosed);
    expect(bench.clock.sleeping()).toBe(0);
  });
});

describe("a connection is not used again", () => {
  test.each([
    ["after an answer that ends it", (socket: Socket) => socket.write(OK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))],
    ["after an answer of HTTP/1.0", (socket: Socket) => socket.write(OK.replace("1.1", "1.0").replace("\r\n\r\n", "\r\nConnection: keep-alive\r\n\r\n"))],
    ["when its agent keeps it for no longer than a second", (socket: Socket) => socket.write(OK.replace("\r\n\r\n", "\r\nKeep-Alive: timeout=1\r\n\r\n"))],
    ["after more bytes than the answer has", (socket: Socket) => socket.write(`${OK}x`)],
    ["after a second answer that nobody asked for", (socket: Socket) => socket.write(`${OK}HTTP/1.1 299 Evil\r\nContent-Length: 0\r\n\r\n`)],
    ["after its agent has said that it sends no more", (socket: Socket) => socket.end(OK)],
  ])("%s", async (_, answer) => {
    let closed = 0;
    const { sockets } = await bench.startRawAgent((socket) => {
      socket.on("close", () => {
        closed += 1;
      });
      socket.on("end", () => socket.end());
      answer(socket);
    });
    const client = bench.open();
    for (let round = 1; round <= 3; round += 1) {
      client.send(POST);
      await until(() => client.received.split("ok").length === round + 1);
      await until(() => closed === round, "the connection to be closed");
    }
    expect(sockets.size).toBe(3);
    expect(client.received).not.toContain("299");
    expect(bench.front.counts().releases["release-blue"]).toMatchObject({ requests: 3, failed: 0 });
  });

  test("after bytes that come while nobody asks", async () => {
    const closed: Socket[] = [];
    const { sockets } = await bench.startRawAgent((socket) => {
      socket.on("end", () => closed.push(socket));
      socket.write(OK);
    });
    await askAll(GET);
    for (const socket of sockets) socket.write("HTTP/1.1 299 Evil\r\nContent-Length: 0\r\n\r\n");
    await until(() => closed.length === 1, "the connection to be closed");
    expect(await askAll(POST)).not.toContain("299");
    expect(sockets.size).toBe(2);
  });
});

test("an agent that answers before the upload has ended gets the rest of it, and then the next request on the same connection", async () => {
  let received = 0;
  const { server } = await bench.startAgent((request, response) => {
    request.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    response.writeHead(202, { "content-length": 5 }).end("early");
  });
  let connections = 0;
  server.on("connection", () => {
    connections += 1;
  });
  const client = bench.open();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n");
  await client.sees("early");
  client.send(Buffer.alloc(3_000_000));
  await until(() => received === 3_000_000);
  await idle();
  client.send(POST);
  await until(() => client.received.split("early").length === 3);
  expect(connections).toBe(1);
});

test("a connection is not kept while some of an upload has still to leave: the next request would wait behind it", async () => {
  let agent: Socket | undefined;
  const { port } = await bench.startRawAgent((socket) => {
    agent = socket.pause();
    socket.write(OK);
  });
  const told: string[] = [];
  const tell = (what: string) => () => void told.push(what);
  const home = { keep: tell("kept"), lose: tell("lost") };
  const connection = new AgentConnection({ slot: "blue", release: "a", host: "127.0.0.1", port }, home);
  const nothing = () => {};
  const exchange = { onInterim: nothing, onHead: nothing, onBody: nothing, onReadOver: nothing, onDrain: nothing };
  connection.begin({ ...exchange, onEnd: tell("answered"), onOver: tell("over") }, "POST", "POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\n", true);
  await until(() => told.length === 1);
  while (connection.writeBody(Buffer.alloc(16_000)));
  connection.endBody("");
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual(["answered"]);
  agent?.resume();
  await until(() => told.length === 3);
  expect(told).toEqual(["answered", "kept", "over"]);
  connection.destroy();
});

test("large answers side by side reach their own clients, read at once, late or not to the end", async () => {
  const sizeOf = (fill: number) => (fill % 3 === 0 ? 16_000_000 : 3_000_000); // More than sockets buffer, for those who read late.
  await bench.startAgent((request, response) => {
    const fill = Number(request.url?.slice(1));
    response.writeHead(200, { "content-length": sizeOf(fill) });
    response.end(Buffer.alloc(sizeOf(fill), fill));
  });
  const read = (fill: number) => {
    const client = bench.open();
    const pieces: Buffer[] = [];
    client.socket.removeAllListeners("data");
    client.socket.on("data", (piece) => {
      pieces.push(piece);
      if (fill % 3 === 1 && pieces.length > 10) client.socket.destroy();
    });
    if (fill % 3 === 0) client.socket.pause();
    client.send(`GET /${fill} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const ended = new Promise<void>((resolve) => client.socket.on("close", () => resolve()));
    return { fill, client, pieces, ended };
  };
  const readers = Array.from({ length: 12 }, (_, at) => read(at + 1));
  await Promise.all(readers.map(({ fill, ended }) => (fill % 3 === 0 ? undefined : ended)));
  for (const { client } of readers) client.socket.resume();
  await Promise.all(readers.map(({ ended }) => ended));
  for (const { fill, pieces } of readers) {
    const answer = Buffer.concat(pieces);
    const body = answer.subarray(answer.indexOf("\r\n\r\n") + 4);
    if (fill % 3 !== 1) expect(body.length).toBe(sizeOf(fill));
    expect(body.equals(Buffer.alloc(body.length, fill)), `the body for ${fill}`).toBe(true);
  }
});

test("an agent that listens on a Unix socket is reached there, and its absence is said like any other's", async () => {
  const folder = await mkdtemp(join(tmpdir(), "front-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const socketPath = join(folder, "agent.sock");
  bench.front.route({ main: { slot: "blue", release: "release-blue", host: "127.0.0.1", port: 1, socketPath } });
  const client = bench.open();
  client.send(GET);
  await client.sees("not listening");
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    response.end("by path");
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  client.send(GET);
  expect(await client.sees("by path")).toMatch(/^HTTP\/1\.1 503 [\s\S]*HTTP\/1\.1 200 OK/);
  expect(requests[0]?.headers["x-forwarded-for"]).toBe("127.0.0.1");
  server.close();
  server.closeAllConnections();
});
