import { expect } from "vitest";
import type { FrontCase } from "./front-case.testing.ts";

/** Whoever read the head in another way than the front would take this for a request of its own. */
const SMUGGLED = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
const head = (fields: string, first = "POST / HTTP/1.1\r\nHost: x") => `${first}\r\n${fields}\r\n\r\n${SMUGGLED}`;

const HEADS: Readonly<Record<string, string>> = {
  "two lengths": head("Content-Length: 5\r\nContent-Length: 6"),
  "the same length twice": head("Content-Length: 5\r\nContent-Length: 5"),
  "a list of lengths": head("Content-Length: 5, 5"),
  "lengths without a comma": head("Content-Length: 5 5"),
  "a length with a plus": head("Content-Length: +5"),
  "a length with a minus": head("Content-Length: -5"),
  "a length in hexadecimal": head("Content-Length: 0x5"),
  "a length with a fraction": head("Content-Length: 5.0"),
  "an empty length": head("Content-Length: "),
  "a length that no number holds": head("Content-Length: 99999999999999999999999"),
  "a length that wraps around": head("Content-Length: 18446744073709551621"),
  "a length behind a vertical tab": head("Content-Length: \x0b5"),
  "a length beside chunks": head("Content-Length: 5\r\nTransfer-Encoding: chunked"),
  "chunks beside a length": head("Transfer-Encoding: chunked\r\nContent-Length: 5"),
  "a length of zero beside chunks": head("Content-Length: 0\r\nTransfer-Encoding: chunked"),
  "a length that Connection names beside chunks": head("Connection: Content-Length\r\nContent-Length: 5\r\nTransfer-Encoding: chunked"),
  "chunked twice": head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
  "chunked twice in a list": head("Transfer-Encoding: chunked, chunked"),
  "chunked and another coding in two lines": head("Transfer-Encoding: chunked\r\nTransfer-encoding: cow"),
  "another coding and chunked in two lines": head("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked"),
  "another coding before chunked": head("Transfer-Encoding: gzip, chunked"),
  "another coding after chunked": head("Transfer-Encoding: chunked, identity"),
  identity: head("Transfer-Encoding: identity"),
  "an empty coding": head("Transfer-Encoding: "),
  "an empty coding before chunked": head("Transfer-Encoding: , chunked"),
  "a coding that ends like chunked": head("Transfer-Encoding: xchunked"),
  "a coding that begins like chunked": head("Transfer-Encoding: chunkedx"),
  "chunked with a parameter": head("Transfer-Encoding: chunked;q=1"),
  "chunked in quotes": head('Transfer-Encoding: "chunked"'),
  "chunked with a NUL": head("Transfer-Encoding: chunked\0"),
  "chunked with a no-break space": head("Transfer-Encoding: chunked\xa0"),
  "chunked behind a vertical tab": head("Transfer-Encoding: \x0bchunked"),
  "chunked behind a form feed": head("Transfer-Encoding:\x0cchunked"),
  "a space before the colon of a coding": head("Transfer-Encoding : chunked"),
  "a tab before the colon of a coding": head("Transfer-Encoding\t: chunked"),
  "a space before the colon of a length": head("Content-Length : 5"),
  "a coding on a folded line": head("Transfer-Encoding:\r\n chunked"),
  "a coding behind a bare line feed": head("X: a\nTransfer-Encoding: chunked"),
  "a coding behind a bare carriage return": head("X: a\rTransfer-Encoding: chunked"),
  "a coding on a line that begins with a space": head(" Transfer-Encoding: chunked"),
  "a first line that begins with a space": head(" Content-Length: 5", "POST / HTTP/1.1"),
  "chunks in HTTP/1.0": head("Transfer-Encoding: chunked", "POST / HTTP/1.0\r\nHost: x"),
  "a folded line": head("X: a\r\n b"),
  "a folded length": head("Content-Length: 1\r\n 0"),
  "a length behind a bare line feed": head("X: a\nContent-Length: 5"),
  "line feeds alone": "POST / HTTP/1.1\nHost: x\nContent-Length: 5\n\n0\r\n\r\n",
  "an end of the head without its carriage returns": `POST / HTTP/1.1\r\nHost: x\r\n\n${SMUGGLED}`,
  "a NUL in a value": head("X: a\0b"),
  "a NUL in a name": head("X\0Y: b"),
  "a line without a colon": head("Content-Length 5"),
  "a line without a name": head(": 5"),
  "a space in a name": head("X Content-Length: 5"),
  "a byte above 127 in a name": head("X\xe9: 5"),
  "a space in the target": head("X: y", "GET /a b HTTP/1.1\r\nHost: x"),
  "a tab in the target": head("X: y", "GET /a\tb HTTP/1.1\r\nHost: x"),
  "a NUL in the target": head("X: y", "GET /a\0b HTTP/1.1\r\nHost: x"),
  "a target that is no target": head("X: y", "GET a HTTP/1.1\r\nHost: x"),
  "no target": head("X: y", "GET HTTP/1.1\r\nHost: x"),
  "bytes above 127 in the target": head("X: y", "GET /\xe9 HTTP/1.1\r\nHost: x"),
  "a version that does not exist": head("X: y", "GET / HTTP/1.9\r\nHost: x"),
  "a version in small letters": head("X: y", "GET / http/1.1\r\nHost: x"),
  "an unknown method": head("X: y", "FOO / HTTP/1.1\r\nHost: x"),
  "a method in small letters": head("X: y", "get / HTTP/1.1\r\nHost: x"),
  "the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "the hello of TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
};

const OTHERS: Readonly<Record<string, readonly [number, string]>> = {
  "no version": [505, head("X: y", "GET /\r\nHost: x")],
  "a version that is not spoken here": [505, "GET / HTTP/2.0\r\nHost: x\r\nConnection: close\r\n\r\n"],
  "a head that is too large": [431, head(`X: ${"a".repeat(40_000)}`)],
  "a target that is too large": [431, head("X: y", `GET /${"a".repeat(40_000)} HTTP/1.1\r\nHost: x`)],
  "a wish to be connected elsewhere": [405, "CONNECT other.test:443 HTTP/1.1\r\nHost: other.test\r\n\r\n"],
};

/** These end where they say: the connection goes on. */
const HOSTS: Readonly<Record<string, string>> = {
  "two hosts": "Host: x\r\nHost: y",
  "the same host twice": "Host: x\r\nHost: x",
  "no host": "X: y",
  "a host with a path": "Host: x/y",
  "a host with a name of a user": "Host: x@y",
  "a host with a space": "Host: x y",
  "a list of hosts": "Host: x, y",
};

const refused = (what: string, status: number, text: string, ends = true): FrontCase => ({
  name: `${what}: ${status}, and no agent hears of it`,
  moments: [],
  neverUnderWay: "the front refuses it by itself, while requests are held too",
  leaves: ends ? "closed" : "open",
  counted: { requests: 0 },
  held: 0,
  async play({ client, agent }) {
    client.send(text);
    const answer = await client.answer();
    expect(answer).toMatchObject({ version: "HTTP/1.1", status, framing: "length", stays: !ends });
    if (ends) client.end();
    expect(agent.arrivals).toEqual([]);
  },
});

/** Bodies that go wrong further on: the agent may have seen their head by then, and must never see their end. */
const BODIES: Readonly<Record<string, string>> = {
  "a size that is no number": "zz\r\nhi\r\n0\r\n\r\n",
  "an empty size": "\r\nhi\r\n0\r\n\r\n",
  "a signed size": "+2\r\nhi\r\n0\r\n\r\n",
  "a negative size": "-2\r\nhi\r\n0\r\n\r\n",
  "a size with 0x": "0x2\r\nhi\r\n0\r\n\r\n",
  "a space before its size": " 2\r\nhi\r\n0\r\n\r\n",
  "a chunk longer than its size": "2\r\nhiho\r\n0\r\n\r\n",
  "a chunk shorter than its size": "3\r\nhi\r\n0\r\n\r\n",
  "a size that overflows": "10000000000000002\r\nhi\r\n0\r\n\r\n",
  "a line feed alone after the size": "2\nhi\r\n0\r\n\r\n",
  "a line feed alone after the chunk": "2\r\nhi\n0\r\n\r\n",
  "a carriage return alone after the size": "2\rhi\r\n0\r\n\r\n",
  "a line feed in an extension": "2;a\nb\r\nhi\r\n0\r\n\r\n",
  "a NUL in an extension": "2;a\0b\r\nhi\r\n0\r\n\r\n",
  "a length in its trailers": "0\r\nContent-Length: 5\r\n\r\n",
  "a space in a name in its trailers": "0\r\nX Y: z\r\n\r\n",
  "a line feed alone after a trailer": "0\r\nX: y\n\r\n",
};

const malformedBody = (what: string, rest: string): FrontCase => ({
  name: `chunks with ${what}: 400, and no agent sees the end of them`,
  moments: ["half of the upload is there"],
  leaves: "closed",
  held: 0,
  countedWhenHeld: { requests: 0 },
  async play({ client, agent, moment, isHeld }) {
    client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
    const line = isHeld ? undefined : await agent.asked();
    expect(await line?.takesChunked(2)).toBe(isHeld ? undefined : "ok");
    await moment("half of the upload is there");
    client.send(`${rest}GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await client.answer()).toMatchObject({ status: 400, framing: "length", stays: false });
    client.end();
    expect((await line?.isLetGo()) ?? "").not.toMatch(/0\r\n|smuggled/);
    expect(agent.arrivals.join()).not.toContain("smuggled");
  },
});

/** Requests that two readers could read differently, and the others that no agent should ever see. */
export const REFUSALS: readonly FrontCase[] = [
  ...Object.entries(HEADS).map(([what, text]) => refused(what, 400, text)),
  {
    // The parser notices behind the head, when the request is counted and before a byte of it has left.
    ...refused("a coding with a tab behind it", 400, head("Transfer-Encoding: chunked \t")),
    counted: { requests: 1 },
    countedWhenHeld: { requests: 0 },
  },
  ...Object.entries(HOSTS).map(([what, fields]) => refused(what, 400, `POST / HTTP/1.1\r\n${fields}\r\nContent-Length: 0\r\n\r\n`, false)),
  refused("two hosts in HTTP/1.0", 400, "GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n"),
  ...Object.entries(OTHERS).map(([what, [status, text]]) => refused(what, status, text)),
  ...Object.entries(BODIES).map(([what, rest]) => malformedBody(what, rest)),
  {
    name: "chunks that go wrong after their answer has come: the answer stays, and no agent sees the end of them",
    moments: ["the answer is seen"],
    leaves: "closed",
    counted: { writes: 1 },
    async play({ client, agent, moment }) {
      client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
      const line = await agent.asked();
      expect(await line.takesChunked(2)).toBe("ok");
      line.send("HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nearly");
      expect(await client.answer()).toMatchObject({ status: 202, body: "early" });
      await moment("the answer is seen");
      client.send("zz\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
      client.end();
      expect(await line.isLetGo()).toBe("");
      await client.isGone("closed");
      client.raw.received = ""; // The front may say 400 or nothing.
      expect(agent.arrivals.join()).not.toContain("smuggled");
    },
  },
];
