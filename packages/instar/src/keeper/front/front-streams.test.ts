import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FrontBench, openFrontBench, until } from "./front-bench.testing.ts";

/** Answers that come in pieces or too early, and connections that carry more than one request. */
let bench: FrontBench;
beforeEach(async () => {
  bench = await openFrontBench();
});
afterEach(() => bench.close());

const GET = "GET / HTTP/1.1\r\nHost: example.test\r\nConnection: close\r\n\r\n";

describe("streams and interim answers", () => {
  test("each event of a stream arrives before the next one is sent", async () => {
    let next = () => {};
    await bench.startAgent((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      next = () => void response.write("data: x\n\n");
    });
    const client = bench.open();
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await client.sees("text/event-stream\r\n");
    for (let events = 1; events <= 3; events += 1) {
      next();
      await until(() => client.received.split("data: x").length === events + 1);
    }
    expect(bench.front.status().inFlight).toEqual({ blue: 1 });
  });

  test("early hints pass, and an unasked 100 does not", async () => {
    await answerWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\nLink: </b>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    const got = await bench.ask(GET);
    expect(got).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a>\r\nLink: <\/b>\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  });

  test("Expect: 100-continue is the agent's to accept", async () => {
    const { server } = await bench.startAgent((request, response) => void readAll(request).then((body) => response.end(`got ${body}`)));
    server.on("checkContinue", (request, response) => {
      response.writeContinue();
      server.emit("request", request, response);
    });
    const client = bench.open();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    await client.sees("HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hi");
    expect(await client.sees("got hi")).not.toContain("Connection: close");
  });

  test("Expect: 100-continue is the agent's to refuse, and then the connection ends", async () => {
    const { server } = await bench.startAgent(() => {});
    server.on("checkContinue", (_, response) => response.writeHead(417, { "content-length": 2 }).end("no"));
    const got = await bench.ask("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n");
    expect(got).toMatch(/^HTTP\/1\.1 417 /);
    expect(got).toMatch(/Connection: close\r\n[\s\S]*no$/i);
  });

  test("a client whose Expect is ignored sends its body and is answered", async () => {
    let isAsked = false;
    await bench.startRawAgent((socket) => {
      isAsked = true;
      socket.on("data", (chunk) => {
        if (chunk.includes("hi")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
      });
    });
    const client = bench.open();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    await until(() => isAsked);
    client.send("hi");
    expect(await client.sees("done")).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  test("an answer that comes before the upload has ended arrives whole, and the agent still gets the rest", async () => {
    let body = "";
    await bench.startAgent((request, response) => {
      response.writeHead(202, { "content-length": 5 }).end("early");
      void readAll(request).then((all) => {
        body = all;
      });
    });
    const client = bench.open();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab");
    await client.sees("early");
    expect(bench.front.status().inFlight).toEqual({ blue: 1 });
    client.send("cd");
    await until(() => body === "abcd");
    client.send(GET);
    expect((await client.ended()).match(/ 202 Accepted/g)).toHaveLength(2);
  });

  test.each([
    ["closes", (socket: Socket) => void socket.end()],
    ["closes over the rest, which resets the connection,", (socket: Socket) => void socket.destroy()],
  ])("an agent that answers early and %s does not spoil its answer, however much the client goes on to send", async (_, close) => {
    await bench.startRawAgent((socket) => {
      socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig", () => close(socket));
    });
    for (let round = 0; round < 20; round += 1) {
      const client = bench.open();
      client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n");
      for (let block = 0; block < 8; block += 1) client.send(Buffer.alloc(100_000));
      expect(await client.sees("big")).toMatch(/^HTTP\/1\.1 413 /);
      client.socket.destroy();
    }
    expect(bench.front.counts().releases["release-blue"]).toMatchObject({ requests: 20, failed: 0 });
  });

  test("an early answer without a length that ends in a reset is not called whole", async () => {
    await bench.startRawAgent((socket) => {
      socket.write("HTTP/1.1 413 Too Large\r\n\r\nperhaps not all", () => socket.destroy());
    });
    const client = bench.open();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n");
    for (let block = 0; block < 8; block += 1) client.send(Buffer.alloc(100_000));
    expect(await client.ended()).not.toContain("\r\n0\r\n\r\n");
    expect(bench.front.counts().releases["release-blue"]).toMatchObject({ failed: 1 });
  });
});

describe("connections", () => {
  test("pipelined requests are answered in order, and none starts before the one in front of it is answered", async () => {
    const started: string[] = [];
    const answers: (() => void)[] = [];
    await bench.startAgent((request, response) => {
      started.push(request.url ?? "");
      answers.push(() => response.end(`<${request.url}>`));
    });
    const client = bench.open();
    client.send(
      "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhiGET /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    for (const count of [1, 2, 3]) {
      await until(() => answers.length === count);
      await stands(() => started.length);
      expect(started).toHaveLength(count);
      answers[count - 1]?.();
    }
    expect((await client.ended()).match(/<.*?>/g)).toEqual(["</1>", "</2>", "</3>"]);
  });

  test("the connection to the agent is used again", async () => {
    const ports = new Set<number | undefined>();
    await bench.startAgent((request, response) => {
      ports.add(request.socket.remotePort);
      response.end("x");
    });
    for (let round = 0; round < 5; round += 1) await bench.ask(GET);
    expect(ports.size).toBe(1);
  });
});

async function answerWith(text: string, { closes = false } = {}): Promise<void> {
  await bench.startRawAgent((socket) => {
    socket.write(Buffer.from(text, "latin1"));
    if (closes) socket.end();
  });
}

async function readAll(message: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of message) text += chunk;
  return text;
}

/** Resolves when a value has not changed over many turns of the event loop. */
async function stands(value: () => number): Promise<void> {
  let last = value();
  for (let quiet = 0; quiet < 40; quiet += 1) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (value() !== last) quiet = 0;
    last = value();
  }
}
