import { afterEach, beforeEach, expect, test } from "vitest";
import { type FrontBench, openFrontBench, until } from "./front-bench.testing.ts";

/** Requests that two readers could read differently, and the others that no agent should ever see. */
let bench: FrontBench;
beforeEach(async () => {
  bench = await openFrontBench();
});
afterEach(() => bench.close());

const head = (fields: string, first = "POST / HTTP/1.1\r\nHost: x") => `${first}\r\n${fields}\r\n\r\n0\r\n\r\n`;
test.each([
  ["two lengths", head("Content-Length: 5\r\nContent-Length: 6")],
  ["the same length twice", head("Content-Length: 5\r\nContent-Length: 5")],
  ["a list of lengths", head("Content-Length: 5, 5")],
  ["a signed length", head("Content-Length: +5")],
  ["a length in hexadecimal", head("Content-Length: 0x5")],
  ["a negative length", head("Content-Length: -1")],
  ["an empty length", head("Content-Length: ")],
  ["a length that no number holds", head("Content-Length: 99999999999999999999999")],
  ["a length beside chunks", head("Content-Length: 5\r\nTransfer-Encoding: chunked")],
  ["chunks beside a length", head("Transfer-Encoding: chunked\r\nContent-Length: 5")],
  ["chunked twice", head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")],
  ["another coding before chunked", head("Transfer-Encoding: gzip, chunked")],
  ["another coding after chunked", head("Transfer-Encoding: chunked, identity")],
  ["identity", head("Transfer-Encoding: identity")],
  ["a coding that ends like chunked", head("Transfer-Encoding: xchunked")],
  ["chunked in quotes", head('Transfer-Encoding: "chunked"')],
  ["a space before the colon", head("Transfer-Encoding : chunked")],
  ["a vertical tab before the value", head("Transfer-Encoding:\x0bchunked")],
  ["chunks in HTTP/1.0", head("Transfer-Encoding: chunked", "POST / HTTP/1.0\r\nHost: x")],
  ["a folded line", head("X: a\r\n b")],
  ["a folded length", head("Content-Length: 1\r\n 0")],
  ["a bare line feed", head("X: a\nContent-Length: 5")],
  ["a bare carriage return", head("X: a\rContent-Length: 5")],
  ["a NUL in a value", head("X: a\0b")],
  ["two hosts", head("Host: y")],
  ["no host", head("X: y", "POST / HTTP/1.1")],
  ["a host with a path", head("X: y", "POST / HTTP/1.1\r\nHost: x/y")],
  ["a list of hosts", head("X: y", "POST / HTTP/1.1\r\nHost: x, y")],
  ["a space in the target", head("X: y", "GET /a b HTTP/1.1\r\nHost: x")],
  ["an unknown method", head("X: y", "FOO / HTTP/1.1\r\nHost: x")],
])("%s: 400, and the agent hears nothing", async (_, text) => {
  const heads = await recordHeads();
  expect(await bench.ask(text)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*Connection: close\r\n/);
  expect(heads).toEqual([]);
});

test.each([
  ["a size that is no number", "zz\r\nhi\r\n0\r\n\r\n"],
  ["a signed size", "+2\r\nhi\r\n0\r\n\r\n"],
  ["a size with 0x", "0x2\r\nhi\r\n0\r\n\r\n"],
  ["a chunk longer than its size", "2\r\nhiho\r\n0\r\n\r\n"],
  ["a size that overflows", "10000000000000002\r\nhi\r\n0\r\n\r\n"],
  ["a line feed alone after the size", "2\nhi\r\n0\r\n\r\n"],
])("a body with %s: 400, and the agent never gets the end of it", async (_, chunks) => {
  let ends = 0;
  await bench.startAgent((request) => {
    request.on("error", () => {});
    request.on("end", () => {
      ends += 1;
    });
    request.resume();
  });
  const client = bench.open({ staysHalfOpen: true });
  client.send(`POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n${chunks}`);
  expect(await client.sees("well-formed")).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*Connection: close\r\n/);
  await until(() => bench.front.status().inFlight.blue === 0); // The client is still there: it is the body that ends this.
  expect(ends).toBe(0);
  expect(bench.front.counts().releases["release-blue"]?.failed ?? 0).toBe(0);
});

test("a good request in front of a bad one is answered before the bad one is refused", async () => {
  let answer: (() => void) | undefined;
  await bench.startAgent((_, response) => {
    answer = () => void response.end("good");
  });
  const client = bench.open();
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nbad line\r\n\r\n");
  await until(() => answer !== undefined);
  expect(client.received).toBe("");
  answer?.();
  expect(await client.ended()).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*good[\s\S]*HTTP\/1\.1 400 Bad Request/);
});

test("versions that are not spoken here, heads that are too large and CONNECT are refused", async () => {
  const heads = await recordHeads();
  expect(await bench.ask("GET / HTTP/2.0\r\nHost: x\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1\.1 505 /);
  expect(await bench.ask(`GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(40_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  expect(await bench.ask("CONNECT other.test:443 HTTP/1.1\r\nHost: x\r\n\r\n")).toMatch(/^HTTP\/1\.1 405 /);
  expect(heads).toEqual([]);
});

test("a head with thousands of fields loses none of them", async () => {
  const heads = await recordHeads();
  await bench.ask(`GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${"a:\r\n".repeat(5_000)}Last: 1\r\n\r\n`);
  expect(heads[0]).toContain("Last: 1");
  expect(heads[0]?.match(/^a: /gm)).toHaveLength(5_000);
});

test("whatever follows a malformed request is read and forgotten, so that no reset overtakes the answer", async () => {
  const client = bench.open({ staysHalfOpen: true });
  client.send("GET / HTTP/1.1\r\nbad line\r\n\r\n");
  await client.sees("well-formed");
  for (let block = 0; block < 10; block += 1) {
    client.send(Buffer.alloc(100_000, "x"));
    await new Promise((resolve) => setTimeout(resolve, 3)); // In packets of their own: the parser complains about each.
  }
  await until(() => client.socket.writableLength === 0);
  expect(bench.front.status().connections).toBe(1);
  client.socket.end();
  await client.ended();
  expect(client.wasReset).toBe(false);
});

/** An agent that answers 200 and keeps each head that it was sent. */
async function recordHeads(): Promise<string[]> {
  const heads: string[] = [];
  await bench.startRawAgent((socket, received) => {
    heads.push(received);
    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  return heads;
}
