import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FrontBench, openFrontBench, until } from "./front-bench.testing.ts";

/** What the front says of itself. */
let bench: FrontBench;
let urls: string[];
beforeEach(async () => {
  bench = await openFrontBench({ healthPath: "/.instar/front" });
  urls = [];
});
afterEach(() => bench.close());

const GET = "GET /.instar/front HTTP/1.1\r\nHost: x\r\n\r\n";

test("serving, holding, without an agent, closing: a word, and nothing more", async () => {
  const client = bench.open();
  const say = async (expected: string) => {
    client.received = "";
    client.send(GET);
    expect(await client.sees("}\n")).toBe(expected);
  };
  const answer = (status: string, word: string, end = "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n") => {
    const body = `{"status":"${word}"}\n`;
    return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nCache-Control: no-store\r\n${end}\r\n${body}`;
  };
  await say(answer("503 Service Unavailable", "no-agent"));
  await startAgent();
  await say(answer("200 OK", "serving"));
  bench.front.hold();
  await say(answer("200 OK", "holding"));
  bench.front.release();
  bench.front.route(undefined);
  await say(answer("503 Service Unavailable", "no-agent"));
  const closed = bench.front.close({ graceMs: 60_000 });
  await say(answer("503 Service Unavailable", "closing", "Connection: close\r\n"));
  await closed;
  expect(urls).toEqual([]);
  expect(bench.front.counts()).toMatchObject({ releases: {}, noBackend: 0, held: 0, refusedByHold: 0, clientAborts: 0 });
});

test("HEAD has the same head and no body, and the next request on the connection is the agent's", async () => {
  await startAgent();
  const client = bench.open();
  client.send("HEAD /.instar/front?x=1 HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  expect(await client.sees("from the agent")).toMatch(/^HTTP\/1\.1 200 OK\r\n[^{]*Content-Length: 21\r\n[^{]*\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  expect(urls).toEqual(["/next"]);
});

describe("it is never the agent's to answer", () => {
  test.each([
    ["another method", "DELETE /.instar/front HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a body", "POST /.instar/front HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"],
    ["a body that is still to come", "PUT /.instar/front HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"],
  ])("with %s: 405", async (_, request) => {
    await startAgent();
    const client = bench.open();
    client.send(request);
    expect(await client.sees("how it is.\n")).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n[\s\S]*Allow: GET, HEAD\r\n/);
    expect(urls).toEqual([]);
  });

  test.each([
    ["with a whole address", "GET http://x/.instar/front HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["with the wish for another protocol", "GET /.instar/front HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
    ["with a body", "GET /.instar/front HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"],
  ])("%s: 200", async (_, request) => {
    await startAgent();
    const client = bench.open();
    client.send(request);
    expect(await client.sees("serving")).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(urls).toEqual([]);
  });
});

test("other paths, and every path where none was given, are the agent's", async () => {
  await startAgent();
  const client = bench.open();
  for (const path of ["/.instar/front/", "/.instar/fronts", "/"]) {
    client.send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await until(() => urls.includes(path));
  }
  const plain = await openFrontBench();
  await plain.startAgent((request, response) => void response.end(`${request.url} from the agent`));
  const asks = plain.open();
  asks.send(GET);
  await asks.sees("/.instar/front from the agent");
  await plain.close();
});

async function startAgent(): Promise<void> {
  const { server } = await bench.startAgent((request, response) => {
    urls.push(request.url ?? "");
    response.end("from the agent");
  });
  server.on("upgrade", (request, socket) => {
    urls.push(request.url ?? "");
    socket.destroy();
  });
}
