import { expect } from "vitest";
import { until } from "../front-bench.testing.ts";
import { answered, type FrontCase, manyBytes, type Scene, TOO_LARGE_FOR, writeUntilStuck } from "./front-case.testing.ts";

/** Requests and answers in every way that HTTP/1 can say where they end. */
export const BODIES: readonly FrontCase[] = [
  {
    name: "a GET",
    moments: ["the agent has its head", "half of the answer is seen"],
    leaves: "open",
    async play({ client, agent, moment }) {
      client.send("GET /one HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nX-b: 1\r\nx-B: \xe9\xff\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n");
      const line = await agent.asked();
      expect(line.head).toMatch(/^GET \/one HTTP\/1\.1\r\n/);
      expect(line.ownLines()).toEqual(["Host: x", "Accept: */*", "X-b: 1", "x-B: \xe9\xff", "Cookie: a=1", "Cookie: b=2"]);
      await moment("the agent has its head");
      line.send("HTTP/1.1 200 Quite OK\r\nset-cookie: a=1\r\nX-Z: \xe9\xff\r\nSET-COOKIE: b=2\r\nContent-Len");
      line.send("gth: 8\r\n\r\nhalf");
      await client.sees("half");
      await moment("half of the answer is seen");
      line.finish("HALF");
      const lines = ["set-cookie: a=1", "X-Z: \xe9\xff", "SET-COOKIE: b=2", "Content-Length: 8"];
      expect(await client.answer()).toEqual(answered(200, "Quite OK", { lines, body: "halfHALF" }));
    },
  },
  {
    name: "a POST with a length",
    moments: ["the agent has its head", "half of the upload is there", "half of the answer is seen"],
    leaves: "open",
    counted: { writes: 1 },
    async play({ client, agent, moment }) {
      client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n");
      const line = await agent.asked();
      expect(line.ownLines()).toEqual(["Host: x", "Content-Length: 8"]);
      await moment("the agent has its head");
      client.send("half");
      expect(await line.takes(4)).toBe("half");
      await moment("half of the upload is there");
      client.send("HALF");
      expect(await line.takes(4)).toBe("HALF");
      line.send("HTTP/1.1 201 Created\r\nContent-Length: 8\r\n\r\ndone");
      await client.sees("done");
      await moment("half of the answer is seen");
      line.finish("DONE");
      expect(await client.answer()).toEqual(answered(201, "Created", { lines: ["Content-Length: 8"], body: "doneDONE" }));
    },
  },
  {
    name: "chunks both ways, with trailers",
    moments: ["the agent has its head", "half of the upload is there", "half of the answer is seen"],
    leaves: "open",
    counted: { writes: 1 },
    async play({ client, agent, moment }) {
      client.send("PUT / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nTrailer: X-Check\r\nTransfer-Encoding: chunked\r\nConnection: TE\r\n\r\n");
      const line = await agent.asked();
      expect(line.ownLines()).toEqual(["Host: x", "Trailer: X-Check"]);
      expect(line.head).toMatch(/\r\nTransfer-Encoding: chunked\r\n/i);
      expect(line.head).toMatch(/\r\nTE: trailers\r\n/i);
      await moment("the agent has its head");
      client.send("4\r\nhalf\r\n");
      expect(await line.takesChunked(4)).toBe("half");
      await moment("half of the upload is there");
      client.send("A;ext=1\r\nHALFhalf\r\n\r\n0\r\nX-Check: yes\r\nAuthorization: none\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n");
      expect(await line.takesChunked(10)).toBe("HALFhalf\r\n");
      expect(await line.takesLastChunk()).toEqual(["X-Check: yes"]);
      line.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\none\r\n");
      await client.sees("one");
      await moment("half of the answer is seen");
      line.send("1\r\n");
      line.finish("\r\r\n2\r\n\n\0\r\n0\r\nX-Sum: 1\r\nx-sum: 2\r\nSet-Cookie: a=1\r\n\r\n");
      const trailers = ["X-Sum: 1", "x-sum: 2"];
      expect(await client.answer()).toEqual(answered(200, "OK", { framing: "chunks", lines: ["Trailer: X-Sum"], body: "one\r\n\0", trailers }));
    },
  },
  {
    name: "a DELETE with a body",
    moments: ["half of the upload is there"],
    leaves: "open",
    counted: { writes: 1 },
    async play({ client, agent, moment }) {
      client.send("DELETE /it HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab");
      const line = await agent.asked();
      expect(line.ownLines()).toEqual(["Host: x", "Content-Length: 4"]);
      expect(await line.takes(2)).toBe("ab");
      await moment("half of the upload is there");
      client.send("cd");
      expect(await line.takes(2)).toBe("cd");
      line.finish("HTTP/1.1 204 No Content\r\nETag: x\r\nContent-Length: 0\r\n\r\n");
      expect(await client.answer()).toEqual(answered(204, "No Content", { framing: "none", lines: ["ETag: x"] }));
    },
  },
  {
    name: "a GET with a chunked body",
    moments: ["half of the upload is there"],
    leaves: "open",
    async play({ client, agent, moment }) {
      client.send("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n");
      const line = await agent.asked();
      expect(await line.takesChunked(2)).toBe("ab");
      await moment("half of the upload is there");
      client.send("2\r\ncd\r\n0\r\n\r\n");
      expect(await line.takesChunked(2)).toBe("cd");
      expect(await line.takesLastChunk()).toEqual([]);
      line.finish("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      expect(await client.answer()).toEqual(answered(200, "OK", { lines: ["Content-Length: 2"], body: "ok" }));
    },
  },
  ...[
    { what: "no length", field: "", expected: [] },
    { what: "a length of zero", field: "Content-Length: 0\r\n", expected: ["Content-Length: 0"] },
  ].map(
    ({ what, field, expected }): FrontCase => ({
      name: `a POST without a body, with ${what}`,
      moments: ["the agent has its head"],
      leaves: "open",
      counted: { writes: 1 },
      async play({ client, agent, moment }) {
        client.send(`POST / HTTP/1.1\r\nHost: x\r\n${field}\r\n`);
        const line = await agent.asked();
        expect(line.ownLines()).toEqual(["Host: x", ...expected]);
        expect(line.head).not.toMatch(/transfer-encoding/i);
        await moment("the agent has its head");
        line.finish("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        expect(await client.answer()).toEqual(answered(200, "OK", { lines: ["Content-Length: 0"] }));
      },
    }),
  ),
  ...[
    { asked: "HEAD", status: "200 OK", field: "Content-Length: 1234\r\n", lines: ["Content-Length: 1234"] },
    { asked: "HEAD", status: "200 OK", field: "Transfer-Encoding: chunked\r\n", lines: [] },
    { asked: "GET", status: "204 No Content", field: "", lines: [] },
    { asked: "GET", status: "204 No Content", field: "Content-Length: 0\r\n", lines: [] },
    { asked: "GET", status: "304 Not Modified", field: "Content-Length: 55\r\n", lines: ["Content-Length: 55"] },
    { asked: "GET", status: "304 Not Modified", field: "Transfer-Encoding: chunked\r\n", lines: [] },
  ].map(
    ({ asked, status, field, lines }): FrontCase => ({
      name: `${asked} answered ${status}${field === "" ? "" : ` with ${field.trim()}`} and no body`,
      moments: ["the agent has its head"],
      leaves: "open",
      async play({ client, agent, moment }) {
        client.send(`${asked} / HTTP/1.1\r\nHost: x\r\n\r\n`);
        const line = await agent.asked();
        expect(line.head).toMatch(new RegExp(`^${asked} / HTTP`));
        await moment("the agent has its head");
        line.finish(`HTTP/1.1 ${status}\r\nETag: "x"\r\n${field}\r\n`);
        const [code = "", ...reason] = status.split(" ");
        const answer = await client.answer(asked);
        expect(answer).toEqual(answered(Number(code), reason.join(" "), { framing: "none", lines: ['ETag: "x"', ...lines] }));
      },
    }),
  ),
  {
    name: "an answer that ends with its connection",
    moments: ["half of the answer is seen"],
    leaves: "open",
    async play({ client, agent, moment }) {
      client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      const line = await agent.asked();
      line.send("HTTP/1.1 200 OK\r\n\r\nuntil ");
      await client.sees("until ");
      await moment("half of the answer is seen");
      line.end("the end");
      expect(await client.answer()).toEqual(answered(200, "OK", { framing: "chunks", body: "until the end" }));
    },
  },
  ...[
    { agent: "with a length", head: "HTTP/1.0 200 OK\r\nContent-Length: 8\r\n\r\n", framing: "length", lines: ["Content-Length: 8"] } as const,
    { agent: "without a length", head: "HTTP/1.0 200 OK\r\n\r\n", framing: "chunks", lines: [] } as const,
    {
      agent: "with keep-alive",
      head: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 8\r\n\r\n",
      framing: "length",
      lines: ["Content-Length: 8"],
    } as const,
  ].map(
    ({ agent: what, head, framing, lines }): FrontCase => ({
      name: `an HTTP/1.0 agent that answers ${what}`,
      moments: ["half of the answer is seen"],
      leaves: "open",
      async play({ client, agent, moment }) {
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        const line = await agent.asked();
        line.send(`${head}half`);
        await client.sees("half");
        await moment("half of the answer is seen");
        if (what === "with keep-alive") line.finish("HALF");
        else if (what === "without a length") line.end("HALF");
        else line.send("HALF");
        expect(await client.answer()).toEqual(answered(200, "OK", { framing, lines: [...lines], body: "halfHALF" }));
        if (what === "with a length") await line.isLetGo();
      },
    }),
  ),
  ...[
    { agent: "with a length", head: "Content-Length: 8\r\n", body: "halfHALF", lines: ["Content-Length: 8"], framing: "length" } as const,
    {
      agent: "in chunks",
      head: "Transfer-Encoding: chunked\r\nTrailer: X\r\n",
      body: "4\r\nhalf\r\n4\r\nHALF\r\n0\r\nX: 1\r\n\r\n",
      lines: [],
      framing: "close",
    } as const,
  ].map(
    ({ agent: what, head, body, lines, framing }): FrontCase => ({
      name: `an HTTP/1.0 client, answered ${what}`,
      moments: ["the agent has its head", "half of the answer is seen"],
      leaves: "closed",
      async play({ client, agent, moment }) {
        client.send("GET / HTTP/1.0\r\nTE: chunked, trailers\r\nExpect: 100-continue\r\nX: y\r\n\r\n");
        const line = await agent.asked();
        expect(line.ownLines()).toEqual(["X: y"]);
        await moment("the agent has its head");
        const half = body.indexOf("half") + 4;
        line.send(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n${head}\r\n${body.slice(0, half)}`);
        await client.sees("half");
        await moment("half of the answer is seen");
        line.finish(body.slice(half));
        expect(await client.answer()).toEqual(answered(200, "OK", { framing, lines: [...lines], body: "halfHALF", stays: false }));
      },
    }),
  ),
  {
    name: "an HTTP/1.0 client that wants to keep its connection",
    moments: ["the agent has its head"],
    leaves: "open",
    async play({ client, agent, moment }) {
      client.send("GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n");
      const line = await agent.asked();
      await moment("the agent has its head");
      line.finish("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      expect(await client.answer()).toEqual(answered(200, "OK", { lines: ["Content-Length: 2"], body: "ok" }));
    },
  },
  {
    name: "a client that asks for the connection to be closed",
    moments: ["the agent has its head"],
    leaves: "closed",
    async play({ client, agent, moment }) {
      client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      const line = await agent.asked();
      await moment("the agent has its head");
      line.finish("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      expect(await client.answer()).toEqual(answered(200, "OK", { lines: ["Content-Length: 2"], body: "ok", stays: false }));
    },
  },
  ...(["ends it", "does not end it"] as const).map(
    (way): FrontCase => ({
      name: `an agent that announces the end of its connection and ${way}`,
      moments: ["the agent has its head"],
      leaves: "open",
      async play({ client, agent, moment }) {
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        const line = await agent.asked();
        await moment("the agent has its head");
        line[way === "ends it" ? "end" : "send"]("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
        expect(await client.answer()).toEqual(answered(200, "OK", { lines: ["Content-Length: 2"], body: "ok" }));
        await line.isLetGo();
      },
    }),
  ),
  {
    name: "an upload that fills every buffer before the agent reads",
    moments: ["nothing more is taken"],
    leaves: "open",
    counted: { writes: 1 },
    leftOut: TOO_LARGE_FOR,
    async play({ client, agent, moment }) {
      client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
      const line = await agent.asked();
      line.socket.pause();
      const body = await writeUntilStuck(client.raw.socket, inChunk);
      await moment("nothing more is taken");
      client.send("0\r\n\r\n");
      line.socket.resume();
      expectSame(await line.takesChunked(body.length), body);
      await line.takesLastChunk();
      line.finish("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      expect((await client.answer()).body).toBe("ok");
    },
  },
  {
    name: "an answer that fills every buffer before the client reads",
    moments: ["nothing more is taken"],
    leaves: "open",
    leftOut: TOO_LARGE_FOR,
    async play({ client, agent, moment }) {
      client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      const line = await agent.asked();
      line.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      await client.sees("\r\n\r\n");
      client.raw.socket.pause();
      const body = await writeUntilStuck(line.socket, inChunk);
      await moment("nothing more is taken");
      client.raw.socket.resume();
      line.finish("0\r\n\r\n");
      await until(() => client.raw.received.length >= body.length);
      const answer = await client.answer();
      expect({ ...answer, body: "" }).toEqual(answered(200, "OK", { framing: "chunks" }));
      expectSame(answer.body, body);
    },
  },
  {
    name: "an echo that begins before its upload has ended",
    moments: ["half of both is there"],
    leaves: "open",
    counted: { writes: 1 },
    play: playEcho,
  },
];

async function playEcho({ client, agent, moment }: Scene): Promise<void> {
  const half = manyBytes(1_500_000);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const line = await agent.asked();
  line.send(`HTTP/1.1 200 OK\r\nContent-Length: ${2 * half.length}\r\n\r\n`);
  await client.sees("\r\n\r\n");
  client.send(`${half.length.toString(16)}\r\n${half}\r\n`);
  for (let at = 0; at < half.length; at += 100_000) line.send(await line.takesChunked(100_000));
  await until(() => client.raw.received.length >= half.length);
  await moment("half of both is there");
  client.send(`${half.length.toString(16)}\r\n${half}\r\n0\r\n\r\n`);
  for (let at = 0; at < half.length - 100_000; at += 100_000) line.send(await line.takesChunked(100_000));
  const last = await line.takesChunked(100_000);
  await line.takesLastChunk();
  line.finish(last);
  expectSame((await client.answer()).body, half + half);
}

const inChunk = (block: string) => `${block.length.toString(16)}\r\n${block}\r\n`;

/** Not toEqual: nobody wants to read how millions of bytes differ. */
function expectSame(actual: string, expected: string): void {
  expect(actual.length).toBe(expected.length);
  expect(actual === expected).toBe(true);
}
