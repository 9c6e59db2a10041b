import type { IncomingMessage } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FrontBench, openFrontBench, type RawClient, until } from "./front-bench.testing.ts";

/** An exchange as the front sees it: hold, drain, route, release. */
let bench: FrontBench;
beforeEach(async () => {
  bench = await openFrontBench({ hold: { requests: 3, bytes: 1_000_000, timeMs: 30_000 } });
});
afterEach(() => bench.close());

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const waiting = (count: number) => until(() => bench.front.status().waiting.requests === count, `${count} requests to wait`);

describe("holding", () => {
  test("requests wait, go to the new agent in the order in which they came, and the old one hears nothing", async () => {
    const old = await recordUrls("blue");
    bench.front.hold();
    const clients: RawClient[] = [];
    for (const path of ["/1", "/2", "/3"]) {
      const client = bench.open();
      client.send(get(path));
      clients.push(client);
      await waiting(clients.length);
    }
    const fresh = await recordUrls("green");
    expect(fresh).toEqual([]);
    bench.clock.advance(700);
    bench.front.release();
    for (const client of clients) await client.sees("200 OK");
    expect(old).toEqual([]);
    expect(fresh).toEqual(["/1", "/2", "/3"]);
    expect(bench.front.counts()).toMatchObject({ held: 3, heldMaxMs: 700, refusedByHold: 0, clientAborts: 0 });
    expect(Object.keys(bench.front.counts().releases)).toEqual(["release-green"]);
    expect(bench.front.isHolding()).toBe(false);
  });

  test("a client that leaves is never forwarded, and frees its place", async () => {
    const urls = await recordUrls("blue");
    bench.front.hold();
    const [stays, leaves] = [bench.open(), bench.open()];
    stays.send(get("/stays"));
    leaves.send("POST /leaves HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
    await waiting(2);
    leaves.socket.destroy();
    await waiting(1);
    bench.front.release();
    await stays.sees("200 OK");
    expect(urls).toEqual(["/stays"]);
    expect(bench.front.counts()).toMatchObject({ held: 2, clientAborts: 1 });
  });

  test("beyond the number of requests: 503 with Retry-After at once, and nobody's failure", async () => {
    await recordUrls("blue");
    bench.front.hold();
    for (let count = 1; count <= 3; count += 1) {
      bench.open().send(get("/"));
      await waiting(count);
    }
    const refused = bench.open();
    refused.send(get("/"));
    expect(await refused.sees("wait")).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n[\s\S]*Retry-After: 1\r\n/);
    expect(refused.received).toContain("Connection: keep-alive");
    expect(bench.front.counts()).toMatchObject({ held: 3, refusedByHold: 1, releases: {} });
  });

  test("beyond the bytes: 503, and the connection ends, for the body is still on its way", async () => {
    await recordUrls("blue");
    bench.front.hold();
    const client = bench.open({ staysHalfOpen: true });
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000001\r\n\r\n");
    client.send(Buffer.alloc(500_000));
    await client.sees("as many requests wait");
    client.send(Buffer.alloc(500_001)); // Still read, so that no reset overtakes the answer.
    await until(() => bench.front.status().connections === 0);
    expect(client.received).toMatch(/^HTTP\/1\.1 503 [\s\S]*Connection: close\r\n/);
    expect(client.wasReset).toBe(false);
  });

  test("a refused client that never stops sending is cut in the end", async () => {
    bench.front.hold();
    const client = bench.open({ staysHalfOpen: true });
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000001\r\n\r\nbegin");
    await client.sees("as many requests wait");
    await until(() => bench.clock.sleeping() === 1);
    expect(bench.front.status().connections).toBe(1);
    bench.clock.advance(10_000);
    await until(() => bench.front.status().connections === 0);
  });

  test("beyond the time: 503, and the next request on the connection is served", async () => {
    const urls = await recordUrls("blue");
    bench.front.hold();
    const client = bench.open();
    client.send("POST /late HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
    await waiting(1);
    bench.clock.advance(30_000);
    expect(await client.sees("longer")).toMatch(/^HTTP\/1\.1 503 [\s\S]*Retry-After: 1\r\n[\s\S]*Connection: keep-alive\r\n/);
    bench.front.release();
    client.send(get("/next"));
    await client.sees("200 OK");
    expect(urls).toEqual(["/next"]);
  });

  test("a large upload stands still while it is held, and arrives whole afterwards", async () => {
    let body = 0;
    const read = (request: IncomingMessage) => request.on("data", (chunk: Buffer) => (body += chunk.length));
    bench.front.hold();
    const client = bench.open();
    const sizeBytes = 900_000;
    client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${sizeBytes}\r\nExpect: 100-continue\r\n\r\n`);
    await waiting(1);
    expect(client.received).toBe(""); // No 100 before there is somebody to say it.
    await bench.startAgent((request, response) => void read(request).on("end", () => response.end("all")));
    bench.front.release();
    await client.sees("100 Continue");
    client.send(Buffer.alloc(sizeBytes));
    await client.sees("all");
    expect(body).toBe(sizeBytes);
  });

  test("a body that is sent into a hold is not read beyond what a socket buffers", async () => {
    bench.front.hold();
    const client = bench.open();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    await waiting(1);
    let quiet = 0;
    let sent = 0;
    while (quiet < 40 && sent < 3_000) {
      if (client.socket.writableLength > 4_000_000) quiet += 1;
      else {
        client.send(`10000\r\n${"x".repeat(65_536)}\r\n`);
        sent += 1;
        quiet = 0;
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(quiet).toBe(40);
    expect(client.socket.bytesWritten - client.socket.writableLength).toBeLessThan(30_000_000);
    expect(bench.front.status().waiting).toEqual({ requests: 1, bytes: 65_536 });
  });

  test("a request that is malformed further on does not come out of the hold", async () => {
    const urls = await recordUrls("blue");
    bench.front.hold();
    const client = bench.open();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n");
    await waiting(1);
    client.send("zz\r\n\r\n");
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 400 /);
    bench.front.release();
    expect(bench.front.status().waiting.requests).toBe(0);
    expect(urls).toEqual([]);
  });

  test("released with nowhere to go: 503 for each", async () => {
    bench.front.hold();
    const client = bench.open();
    client.send(get("/"));
    await waiting(1);
    bench.front.release();
    await client.sees("no agent");
    expect(bench.front.counts()).toMatchObject({ noBackend: 1, held: 1 });
  });

  test("without an agent and without a hold: 503 at once", async () => {
    const client = bench.open();
    client.send(get("/"));
    expect(await client.sees("no agent")).toMatch(/^HTTP\/1\.1 503 [\s\S]*Retry-After: 1/);
    expect(bench.front.counts()).toMatchObject({ noBackend: 1, held: 0, releases: {} });
  });
});

describe("draining and routing", () => {
  test("a slot is drained when its last stream has ended, and not before", async () => {
    let end = () => {};
    await bench.startAgent((_, response) => {
      response.write("begin");
      end = () => void response.end("finish");
    });
    const client = bench.open();
    client.send(get("/"));
    await client.sees("begin");
    bench.front.hold();
    let isDrained = false;
    const drained = bench.front.whenDrained("blue").then(() => {
      isDrained = true;
    });
    await recordUrls("green");
    await bench.front.whenDrained("green");
    expect(isDrained).toBe(false);
    end();
    await client.sees("finish");
    await drained;
    expect(bench.front.status().inFlight).toEqual({ green: 0 });
  });

  test("waiting for a slot to drain can be given up", async () => {
    await bench.startAgent((_, response) => void response.write("begin"));
    const client = bench.open();
    client.send(get("/"));
    await client.sees("begin");
    const controller = new AbortController();
    const drained = bench.front.whenDrained("blue", controller.signal);
    controller.abort(new Error("enough"));
    await expect(drained).rejects.toThrow("enough");
    await expect(bench.front.whenDrained("blue", controller.signal)).rejects.toThrow("enough");
    await bench.front.whenDrained("never-there");
  });

  test("new requests go to the new agent while the old one finishes what it has, and then its connections are closed", async () => {
    let end = () => {};
    const { server } = await bench.startAgent((_, response) => {
      response.write("old begins");
      end = () => void response.end("old ends");
    });
    const first = bench.open();
    first.send(get("/"));
    await first.sees("old begins");
    await recordUrls("green");
    const second = bench.open();
    second.send(get("/"));
    await second.sees("200 OK");
    end();
    await first.sees("old ends");
    await new Promise((resolve) => server.close(resolve)); // Resolves only when no connection is left.
  });
});

async function recordUrls(name: string): Promise<string[]> {
  const urls: string[] = [];
  await bench.startAgent((request, response) => {
    urls.push(request.url ?? "");
    request.resume();
    response.end();
  }, name);
  return urls;
}
