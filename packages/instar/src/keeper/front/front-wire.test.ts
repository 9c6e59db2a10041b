import type { IncomingMessage } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FrontBench, openFrontBench, until } from "./front-bench.testing.ts";

/** What goes over the wire when everybody behaves. */
let bench: FrontBench;
beforeEach(async () => {
  bench = await openFrontBench();
});
afterEach(() => bench.close());

const GET = "GET / HTTP/1.1\r\nHost: example.test\r\nConnection: close\r\n\r\n";

describe("headers of a request", () => {
  test("the agent learns who asked, and what the client claims about that is gone", async () => {
    const heads = await recordHeads();
    const forged = ["X-Forwarded-For: 6.6.6.6", "x-forwarded-proto: https", "X-Forwarded-Host: evil", "X-Forwarded-Prefix: /a", "Forwarded: for=6.6.6.6"];
    await bench.ask(
      `GET / HTTP/1.1\r\nHost: example.test:81\r\nConnection: close\r\n${forged.join("\r\n")}\r\nX-Real-IP: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\n\r\n`,
    );
    expect(heads[0]).not.toMatch(/6\.6\.6\.6|evil|Prefix|https/i);
    expect(heads[0]).toContain("\r\nX-Forwarded-For: 127.0.0.1\r\n");
    expect(heads[0]).toContain("\r\nX-Forwarded-Proto: http\r\n");
    expect(heads[0]).toContain("\r\nX-Forwarded-Host: example.test:81\r\n");
    expect(heads[0]).toContain("\r\nHost: example.test:81\r\n");
  });

  test("hop-by-hop fields stay on their hop, those that Connection lists too", async () => {
    const heads = await recordHeads();
    const fields =
      "Connection: close, X-Mine, Host, Content-Length\r\nX-Mine: 1\r\nKeep-Alive: 9\r\nProxy-Connection: x\r\nProxy-Authorization: y\r\nTE: gzip\r\nUpgrade: foo";
    await bench.ask(`POST / HTTP/1.1\r\nHost: example.test\r\n${fields}\r\nX-Kept: 2\r\nContent-Length: 2\r\n\r\nhi`);
    expect(heads[0]).not.toMatch(/^(connection|x-mine|keep-alive|proxy-|te:|upgrade)/im);
    expect(heads[0]).toContain("\r\nX-Kept: 2\r\nContent-Length: 2\r\n");
    expect(heads[0]).toContain("\r\nHost: example.test\r\n");
  });

  test("case, order, duplicates and bytes above 127 arrive as they were sent", async () => {
    const heads = await recordHeads();
    await bench.ask(`GET / HTTP/1.1\r\nhOST: example.test\r\nX-b: 1\r\nx-A: \xe9\xff\r\nX-B: 2\r\nCookie: a=1\r\nCookie: b=2\r\nConnection: close\r\n\r\n`);
    expect(heads[0]).toContain("hOST: example.test\r\nX-b: 1\r\nx-A: \xe9\xff\r\nX-B: 2\r\nCookie: a=1\r\nCookie: b=2\r\n");
    expect(heads[0]).not.toMatch(/content-length|transfer-encoding/i);
  });

  test("bytes above 127 survive beside a body and beside Expect", async () => {
    const heads = await recordHeads();
    const post = (field: string) => `POST / HTTP/1.1\r\nHost: x\r\nX-A: \xe9\xff\r\n${field}Content-Length: 2\r\nConnection: close\r\n\r\nhi`;
    await bench.ask(post(""));
    expect(await bench.ask(post("Expect: 100-continue\r\n"))).toMatch(/^HTTP\/1\.1 200 OK\r\n/); // It is the agent that says 100, or does not.
    expect(heads).toHaveLength(2);
    expect(heads[1]).toContain("\r\nExpect: 100-continue\r\n");
    for (const head of heads) expect(head).toContain("X-A: \xe9\xff\r\n");
  });

  test.each(["/a//b/../c?x=%2f&y=|^{}#frag", "http://other.test/abs", "//two", "/%zz"])("the target %s is passed as it is", async (target) => {
    const heads = await recordHeads();
    await bench.ask(GET.replace("GET / ", `GET ${target} `));
    expect(heads[0]?.split("\r\n")[0]).toBe(`GET ${target} HTTP/1.1`);
  });

  test("OPTIONS * and POST without a body are passed as they are", async () => {
    const heads = await recordHeads();
    await bench.ask(GET.replace("GET /", "OPTIONS *"));
    await bench.ask(GET.replace("GET", "POST"));
    expect(heads[0]).toMatch(/^OPTIONS \* HTTP\/1\.1\r\n/);
    expect(heads[1]).not.toMatch(/content-length|transfer-encoding/i);
  });
});

describe("headers of an answer", () => {
  test("case, order, duplicates, bytes above 127 and the reason arrive as the agent wrote them", async () => {
    await answerWith("HTTP/1.1 299 Odd Enough\r\nset-cookie: a=1\r\nX-Z: \xe9\r\nSET-COOKIE: b=2\r\nContent-Length: 2\r\n\r\nhi");
    const got = await bench.ask(GET);
    expect(got).toMatch(/^HTTP\/1\.1 299 Odd Enough\r\nset-cookie: a=1\r\nX-Z: \xe9\r\nSET-COOKIE: b=2\r\nContent-Length: 2\r\n/);
    expect(got).not.toMatch(/^date:/im);
    expect(got).toMatch(/\r\n\r\nhi$/);
  });

  test("hop-by-hop fields of the agent's connection stay there", async () => {
    await answerWith(
      "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Mine\r\nKeep-Alive: timeout=77\r\nX-Mine: 1\r\nProxy-Authenticate: z\r\nContent-Length: 2\r\n\r\nhi",
    );
    const got = await bench.ask(GET);
    expect(got).not.toMatch(/x-mine|timeout=77|proxy-/i);
    expect(got).toMatch(/Connection: close\r\n/);
  });

  test("an answer with thousands of fields loses none of them", async () => {
    await answerWith(`HTTP/1.1 200 OK\r\n${"a:\r\n".repeat(5_000)}Last: 1\r\nContent-Length: 0\r\n\r\n`);
    const got = await bench.ask(GET);
    expect(got.match(/^a: /gm)).toHaveLength(5_000);
    expect(got).toContain("Last: 1");
  });
});

describe("bodies", () => {
  test("chunks pass both ways, with their trailers", async () => {
    const seen: Promise<{ body: string; trailers: string[]; headers: IncomingMessage["headers"] }>[] = [];
    await bench.startAgent((request, response) => {
      const read = readAll(request).then((body) => ({ body, trailers: request.rawTrailers, headers: request.headers }));
      seen.push(read);
      void read.then(() => {
        response.writeHead(200, ["Trailer", "X-Sum, X-Sum"]);
        response.write("one");
        response.addTrailers([
          ["X-Sum", "1"],
          ["x-sum", "2"],
        ]);
        response.end("two");
      });
    });
    const chunks = "4\r\nwiki\r\n5;ext=1\r\npedia\r\n0\r\nX-Check: yes\r\nAuthorization: none\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n";
    const got = await bench.ask(
      `POST / HTTP/1.1\r\nHost: x\r\nTrailer: X-Check\r\nTransfer-Encoding: Chunked\r\nTE: trailers\r\nConnection: close, TE\r\n\r\n${chunks}`,
    );
    const request = await seen[0];
    expect(request).toMatchObject({ body: "wikipedia", trailers: ["X-Check", "yes"], headers: { te: "trailers", trailer: "X-Check" } });
    expect(got).toMatch(/Trailer: X-Sum, X-Sum\r\n/);
    expect(got).toMatch(/3\r\none\r\n3\r\ntwo\r\n0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n$/);
  });

  test("DELETE and GET may have bodies", async () => {
    await bench.startAgent((request, response) => void readAll(request).then((body) => response.end(`${request.method}:${body}`)));
    expect(await bench.ask("DELETE / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")).toContain("DELETE:abc");
    expect(await bench.ask("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n")).toContain("GET:abc");
  });

  test("an answer to HEAD has the length of the body and not the body", async () => {
    await answerWith("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nTrailer: X\r\n\r\n");
    const client = bench.open();
    client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nHEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const got = await client.ended();
    expect(got.match(/HTTP\/1\.1 200 OK\r\nContent-Length: 1234\r\n/g)).toHaveLength(2);
    expect(got).toMatch(/\r\n\r\n$/);
  });

  test.each([
    ["204 No Content", ""],
    ["304 Not Modified", "Content-Length: 55\r\n"],
    ["304 Not Modified", "Transfer-Encoding: chunked\r\n"],
  ])("%s %s has no body, and its connection goes on", async (status, field) => {
    await answerWith(`HTTP/1.1 ${status}\r\n${field}ETag: "x"\r\n\r\n`);
    const client = bench.open();
    client.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
    await client.sees("\r\n\r\n");
    client.send(GET);
    const got = await client.ended();
    expect(got.match(/ETag: "x"/g)).toHaveLength(2);
    expect(got).not.toMatch(/\r\n\r\n0\r\n/);
  });

  test("an answer that ends with its connection reaches the client in chunks, and ends", async () => {
    await answerWith("HTTP/1.1 200 OK\r\n\r\nuntil the end", { closes: true });
    const client = bench.open();
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await client.sees("0\r\n\r\n")).toMatch(/Transfer-Encoding: chunked\r\n\r\nd\r\nuntil the end\r\n0\r\n\r\n$/);
    expect(client.hasEnded).toBe(false);
  });

  test("an HTTP/1.0 client gets no chunks, no trailers and no interim answers, and its connection is closed", async () => {
    await answerWith(
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\nhi\r\n0\r\nX: 1\r\n\r\n",
    );
    const got = await bench.ask("GET / HTTP/1.0\r\nTE: chunked, trailers\r\nExpect: 100-continue\r\n\r\n");
    expect(got).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(got).not.toMatch(/transfer-encoding|trailer/i);
    expect(got).toMatch(/\r\n\r\nhi$/);
  });

  test("large bodies pass unchanged in both directions at once", async () => {
    await bench.startAgent((request, response) => void request.pipe(response));
    const block = Buffer.from(Array.from({ length: 65_536 }, (_, at) => at % 251));
    const body = Buffer.concat(Array.from({ length: 128 }, () => block));
    const answer = await fetch(`http://127.0.0.1:${bench.port}/`, { method: "POST", body });
    expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
  });

  test("an upload waits for a slow agent instead of filling the memory", async () => {
    let request: IncomingMessage | undefined;
    await bench.startAgent((incoming, response) => {
      request = incoming; // Not read yet.
      response.on("error", () => {});
      incoming.on("end", () => response.end("all"));
    });
    const client = bench.open();
    const sizeBytes = 200 * 1024 * 1024;
    client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${sizeBytes}\r\nConnection: close\r\n\r\n`);
    await until(() => request !== undefined);
    expect(await writeUntilStuck(client.socket, sizeBytes)).toBeLessThan(40 * 1024 * 1024);
    client.socket.destroy();
  });

  test("a download waits for a slow client instead of filling the memory", async () => {
    let writtenBytes = 0;
    const total = 200 * 1024 * 1024;
    await bench.startAgent((_, response) => {
      response.writeHead(200, { "content-length": total });
      void writeUntilStuck(response, total, (bytes) => {
        writtenBytes = bytes;
      });
    });
    const client = bench.open();
    client.socket.pause();
    client.send(GET);
    await stands(() => writtenBytes);
    expect(writtenBytes).toBeGreaterThan(0);
    expect(writtenBytes).toBeLessThan(40 * 1024 * 1024);
  });
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

/** Writes until nothing more is taken, and gives how much was. */
async function writeUntilStuck(
  to: { write(chunk: Buffer): boolean; writableNeedDrain: boolean; destroyed: boolean },
  totalBytes: number,
  tell: (bytes: number) => void = () => {},
): Promise<number> {
  const block = Buffer.alloc(256 * 1024);
  let bytes = 0;
  while (bytes < totalBytes && !to.destroyed) {
    if (to.writableNeedDrain) {
      let turns = 0;
      while (to.writableNeedDrain && turns < 60 && !to.destroyed) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        turns += 1;
      }
      if (to.writableNeedDrain) break;
    }
    to.write(block);
    bytes += block.length;
    tell(bytes);
  }
  return bytes;
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
