import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { findFreePort } from "@instar/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FrontBench, openFrontBench, until } from "./front-bench.testing.ts";

/** What a client sees, and whose failure is counted, when an agent or a client breaks off. */
let bench: FrontBench;
beforeEach(async () => {
  bench = await openFrontBench();
});
afterEach(() => bench.close());

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi";
const blue = () => bench.front.counts().releases["release-blue"];

describe("an agent that fails before it answers", () => {
  test("nothing listens: 503 with Retry-After, for nothing was sent and the client may ask again", async () => {
    const { port } = await bench.startAgent(() => {});
    const gap = await findFreePort();
    bench.front.route({ main: { slot: "blue", release: "release-blue", host: "127.0.0.1", port: gap } });
    expect(gap).not.toBe(port);
    const client = bench.open();
    client.send(POST);
    expect(await client.sees("not listening")).toMatch(/^HTTP\/1\.1 503 [\s\S]*Retry-After: 1\r\n/);
    expect(blue()).toMatchObject({ requests: 1, failed: 1, transportErrors: 1, serverErrors: 0, writes: 0 });
    expect(bench.errors[0]).toMatchObject({ code: "UNHEALTHY", facts: { slot: "blue", release: "release-blue" }, cause: { code: "ECONNREFUSED" } });
  });

  test.each([
    ["closes", (socket: Socket) => socket.end()],
    ["resets", (socket: Socket) => socket.resetAndDestroy()],
    ["writes something that is not HTTP", (socket: Socket) => socket.write("SSH-2.0-x\r\n\r\n")],
    ["breaks off in its head", (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\nContent-")],
    ["gives two lengths", (socket: Socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")],
    ["gives a length and chunks", (socket: Socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")],
    ["codes its body in a way that nobody asked for", (socket: Socket) => socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")],
    ["switches protocols unasked", (socket: Socket) => socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")],
    ["has a status that does not exist", (socket: Socket) => socket.write("HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n")],
  ])("it %s: 502, once counted, and its connection is not used again", async (_, act) => {
    const { sockets } = await bench.startRawAgent(act);
    const client = bench.open();
    client.send(POST);
    expect(await client.sees("broke off")).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
    client.send(POST);
    await until(() => client.received.split(" 502 ").length === 3);
    expect(sockets.size).toBe(2);
    expect(blue()).toMatchObject({ requests: 2, failed: 2, transportErrors: 2, serverErrors: 0, writes: 0 });
  });
});

describe("an agent that fails in the middle of its answer", () => {
  test.each([
    ["of a length", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", (socket: Socket) => socket.end()],
    ["of a length, by a reset", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", (socket: Socket) => socket.resetAndDestroy()],
    ["of a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf", (socket: Socket) => socket.end()],
    ["between chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", (socket: Socket) => socket.end()],
    ["with a malformed chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", (socket: Socket) => socket.write("zz\r\n")],
    ["without a length, by a reset", "HTTP/1.1 200 OK\r\n\r\nhalf", (socket: Socket) => socket.resetAndDestroy()],
  ])("%s: the client's connection is reset, never cleanly ended", async (_, begin, breakOff) => {
    let agent: Socket | undefined;
    await bench.startRawAgent((socket) => {
      agent = socket;
      socket.write(begin);
    });
    const client = bench.open();
    client.send(POST);
    await client.sees("half");
    if (agent !== undefined) breakOff(agent);
    expect(await client.ended()).not.toMatch(/\r\n0\r\n/);
    expect(client.wasReset).toBe(true);
    expect(blue()).toMatchObject({ requests: 1, failed: 1, transportErrors: 1 });
    expect(bench.front.counts().clientAborts).toBe(0);
  });

  test("an HTTP/1.0 client, who knows the end only by the close, sees a reset too", async () => {
    await bench.startRawAgent((socket) => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"));
    const client = bench.open();
    client.send("GET / HTTP/1.0\r\n\r\n");
    await client.ended();
    expect(client.wasReset).toBe(true);
  });

  test("a 5xx that breaks off counts as one failed request", async () => {
    await bench.startRawAgent((socket) => socket.end("HTTP/1.1 500 Oops\r\nContent-Length: 9\r\n\r\nhalf"));
    await bench.ask(GET);
    expect(blue()).toMatchObject({ requests: 1, failed: 1, serverErrors: 1, transportErrors: 1 });
  });
});

describe("a pooled connection that died", () => {
  /** Answers the first request of a connection and lets the second one die in a given way. */
  const startForgetful = (die: (socket: Socket) => void) => {
    const served = new WeakSet<Socket>();
    const requests: string[] = [];
    return bench
      .startRawAgent((socket, received) => {
        requests.push(
          received
            .split("\r\n\r\n")
            .at(-2)
            ?.match(/[A-Z]+ \S+ HTTP/)?.[0] ?? "",
        );
        if (served.has(socket)) return die(socket);
        served.add(socket);
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      })
      .then(({ sockets }) => ({ sockets, requests }));
  };
  const twice = async (second: string) => {
    const client = bench.open();
    client.send("GET /first HTTP/1.1\r\nHost: x\r\n\r\n");
    await client.sees("ok");
    await until(() => bench.front.status().inFlight.blue === 0);
    client.send(second);
    await until(() => client.received.split("HTTP/1.1 ").length === 3);
    return client.received.split("HTTP/1.1 ")[2]?.slice(0, 3);
  };

  test.each(["GET", "HEAD"])("a %s without a body is sent once more, on a fresh connection", async (method) => {
    const { sockets, requests } = await startForgetful((socket) => socket.resetAndDestroy());
    expect(await twice(`${method} /second HTTP/1.1\r\nHost: x\r\n\r\n`)).toBe("200");
    expect(requests).toHaveLength(3);
    expect(sockets.size).toBe(2);
    expect(blue()).toMatchObject({ requests: 2, failed: 0 });
  });

  test.each([
    ["a POST", POST],
    ["a POST without a body", "POST / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a DELETE", "DELETE / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a GET with a body", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"],
  ])("%s is never sent again: 502", async (_, second) => {
    const { requests } = await startForgetful((socket) => socket.resetAndDestroy());
    expect(await twice(second)).toBe("502");
    expect(requests).toHaveLength(2);
    expect(blue()).toMatchObject({ requests: 2, failed: 1, transportErrors: 1 });
  });

  test("a GET is not sent again once a byte of an answer has come", async () => {
    const { requests } = await startForgetful((socket) => socket.write("HTTP/1.1 2", () => socket.destroy()));
    expect(await twice(GET)).toBe("502");
    expect(requests).toHaveLength(2);
  });

  test("a GET on a fresh connection is not sent again", async () => {
    const heads: string[] = [];
    await bench.startRawAgent((socket, received) => {
      heads.push(received);
      socket.resetAndDestroy();
    });
    const client = bench.open();
    client.send(GET);
    await client.sees("502");
    expect(heads).toHaveLength(1);
  });

  test("a GET that dies twice is not sent a third time", async () => {
    let isFirst = true;
    const heads: string[] = [];
    await bench.startRawAgent((socket, received) => {
      heads.push(received);
      if (isFirst) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      else socket.resetAndDestroy();
      isFirst = false;
    });
    expect(await twice(GET)).toBe("502");
    expect(heads).toHaveLength(3);
  });
});

describe("a client that goes away", () => {
  test.each([
    ["while it uploads", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"],
    ["while it uploads chunks", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
    ["while it waits", GET],
  ])("%s: the agent's request is cut, never ended, and nobody has failed", async (_, text) => {
    let isCut = false;
    let hasEnded = false;
    let request: IncomingMessage | undefined;
    await bench.startAgent((incoming) => {
      request = incoming;
      incoming.on("error", () => {});
      incoming.on("end", () => {
        hasEnded = text !== GET;
      });
      incoming.socket.on("close", () => {
        isCut = true;
      });
      incoming.resume();
    });
    const client = bench.open();
    client.send(text);
    await until(() => request !== undefined);
    client.socket.destroy();
    await until(() => isCut);
    expect(hasEnded).toBe(false);
    await until(() => bench.front.status().inFlight.blue === 0);
    expect(bench.front.counts()).toMatchObject({ clientAborts: 1 });
    expect(blue()).toMatchObject({ requests: 1, failed: 0, transportErrors: 0 });
    expect(bench.errors).toEqual([]);
  });

  test("while it downloads: the agent notices, and nobody has failed", async () => {
    let isCut = false;
    await bench.startAgent((_, response) => {
      response.write("begin");
      response.on("close", () => {
        isCut = true;
      });
    });
    const client = bench.open();
    client.send(GET);
    await client.sees("begin");
    client.socket.resetAndDestroy();
    await until(() => isCut);
    await until(() => bench.front.status().inFlight.blue === 0);
    expect(bench.front.counts()).toMatchObject({ clientAborts: 1, releases: { "release-blue": { failed: 0 } } });
  });

  test("while an agent that answered early still reads its upload", async () => {
    let isCut = false;
    await bench.startAgent((request, response) => {
      request.socket.on("close", () => {
        isCut = !request.complete;
      });
      request.resume();
      response.end("early");
    });
    const client = bench.open();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
    await client.sees("early");
    client.socket.destroy();
    await until(() => isCut);
    await until(() => bench.front.status().inFlight.blue === 0);
  });
});

test("what a release does is counted by release, with its writes and its latencies", async () => {
  await bench.startAgent((request, response) => {
    bench.clock.advance(50);
    response.statusCode = Number(request.url?.slice(1));
    response.end();
  });
  const client = bench.open();
  const asks = ["GET /200", "HEAD /200", "OPTIONS /204", "POST /201", "PUT /204", "DELETE /202", "PATCH /400", "POST /302", "POST /503", "GET /500"];
  for (const ask of asks) client.send(`${ask} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await until(() => client.received.split("HTTP/1.1 ").length === asks.length + 1);
  expect(blue()).toMatchObject({ requests: 10, failed: 2, serverErrors: 2, transportErrors: 0, writes: 3, latency: { count: 10 } });
  await bench.startAgent((_, response) => void response.end(), "green");
  await bench.ask("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  expect(bench.front.counts().releases["release-green"]).toMatchObject({ requests: 1, writes: 1, failed: 0 });
  expect(blue()).toMatchObject({ requests: 10 });
});

test("counts survive as JSON into the next front, and a caller cannot change them", async () => {
  await bench.startAgent((_, response) => void response.end());
  await bench.ask(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  const saved = JSON.parse(JSON.stringify(bench.front.counts()));
  bench.front.counts().releases = {};
  expect(blue()).toMatchObject({ requests: 1 });
  await bench.close();
  bench = await openFrontBench({ initialCounts: saved });
  await bench.startAgent((_, response) => void response.end());
  await bench.ask(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  expect(blue()).toMatchObject({ requests: 2, latency: { count: 2 } });
  expect(saved.releases["release-blue"].requests).toBe(1);
});
