import { expect } from "vitest";
import { answered, type FrontCase } from "./front-case.testing.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const SEEN_OK = answered(200, "OK", { lines: ["Content-Length: 2"], body: "ok" });

const TARGETS: Readonly<Record<string, string>> = {
  "with two slashes": "//a",
  "with dots in disguise": "/%2e%2e/%2E%2e/etc",
  "with dots": "/a/./b/../c",
  "with a fragment": "/a?b=c#d",
  "with an empty query": "/?",
  "with a slash in disguise": "/a%2fb",
  "with half an escape": "/%zz%",
  "in absolute form": "http://other.test:81/path?x=1",
  "in absolute form without a path": "http://other.test",
  "with characters that nobody should send": "/|^{}\"<>`\\'",
  "of twenty thousand bytes": `/${"long".repeat(5_000)}`,
};

/** Heads that are odd and allowed: they arrive as they were sent, and are read in one way only. */
export const HEADS: readonly FrontCase[] = [
  ...Object.entries(TARGETS).map(
    ([what, target]): FrontCase => ({
      name: `a target ${what}`,
      moments: ["the agent has its head"],
      leaves: "open",
      async play({ client, agent, moment }) {
        client.send(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
        const line = await agent.asked();
        expect(line.head.split("\r\n")[0]).toBe(`GET ${target} HTTP/1.1`);
        expect(line.ownLines()).toEqual(["Host: x"]);
        await moment("the agent has its head");
        line.finish(OK);
        expect(await client.answer()).toEqual(SEEN_OK);
      },
    }),
  ),
  ...["OPTIONS *", "OPTIONS /", "TRACE /", "PROPFIND /", "M-SEARCH *", "PURGE /a", "QUERY /"].map(
    (asked): FrontCase => ({
      name: asked,
      moments: ["the agent has its head"],
      leaves: "open",
      counted: { writes: asked.startsWith("OPTIONS") ? 0 : 1 },
      async play({ client, agent, moment }) {
        client.send(`${asked} HTTP/1.1\r\nHost: x\r\n\r\n`);
        const line = await agent.asked();
        expect(line.head.split("\r\n")[0]).toBe(`${asked} HTTP/1.1`);
        expect(line.ownLines()).toEqual(["Host: x"]);
        await moment("the agent has its head");
        line.finish(OK);
        expect(await client.answer()).toEqual(SEEN_OK);
      },
    }),
  ),
  {
    name: "hop-by-hop fields, which stay on their hop both ways",
    moments: ["the agent has its head"],
    leaves: "open",
    counted: { writes: 1 },
    async play({ client, agent, moment }) {
      const fields =
        "Connection: keep-alive, X-Mine, Host, Content-Length\r\nX-Mine: 1\r\nKeep-Alive: 9\r\nProxy-Connection: x\r\nProxy-Authorization: y\r\nTE: gzip\r\nUpgrade: foo";
      client.send(`POST / HTTP/1.1\r\nHost: x\r\n${fields}\r\nX-Kept: 2\r\nContent-Length: 2\r\n\r\nhi`);
      const line = await agent.asked();
      expect(line.ownLines()).toEqual(["Host: x", "X-Kept: 2", "Content-Length: 2"]);
      expect(line.head).not.toMatch(/^te:|keep-alive:|x-mine/im);
      expect(await line.takes(2)).toBe("hi");
      await moment("the agent has its head");
      line.finish(
        "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Mine\r\nKeep-Alive: timeout=77\r\nX-Mine: 1\r\nProxy-Authenticate: z\r\nX-Kept: 3\r\nContent-Length: 2\r\n\r\nok",
      );
      expect(await client.answer()).toEqual(answered(200, "OK", { lines: ["X-Kept: 3", "Content-Length: 2"], body: "ok" }));
    },
  },
  {
    name: "origins that a client makes up, and fields in disguise, of which no agent hears",
    moments: ["the agent has its head"],
    leaves: "open",
    counted: { writes: 1 },
    async play({ client, agent, moment }) {
      const forged = ["X-Forwarded-For: 6.6.6.6", "x-forwarded-proto: https", "X-Forwarded-Host: evil", "X-Forwarded-Prefix: /a", "Forwarded: for=6.6.6.6"];
      const disguised = ["X_Forwarded_For: 6.6.6.6", "X-Real_IP: 6.6.6.6", "Content_Length: 99", "Transfer_Encoding: chunked", "Transfer-Encoding_: a"];
      client.send(`POST / HTTP/1.1\r\nHost: x:81\r\n${[...forged, ...disguised].join("\r\n")}\r\nUser_Name: kept\r\nContent-Length: 2\r\n\r\nhi`);
      const line = await agent.asked();
      expect(line.ownLines()).toEqual(["Host: x:81", "Transfer-Encoding_: a", "User_Name: kept", "Content-Length: 2"]);
      const origins = line.head.split("\r\n").filter((each) => /forwarded|real/i.test(each));
      expect(origins.toSorted()).toEqual(["X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: x:81", "X-Forwarded-Proto: http"]);
      expect(await line.takes(2)).toBe("hi");
      await moment("the agent has its head");
      line.finish(OK);
      expect(await client.answer()).toEqual(SEEN_OK);
    },
  },
  {
    name: "Expect beside bytes above 127",
    moments: ["the agent has its head"],
    leaves: "open",
    counted: { writes: 1 },
    async play({ client, agent, moment }) {
      client.send("POST / HTTP/1.1\r\nHost: x\r\nX-A: \xe9\xff\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
      const line = await agent.asked();
      expect(line.ownLines().filter((each) => !each.startsWith("Expect"))).toEqual(["Host: x", "X-A: \xe9\xff", "Content-Length: 2"]);
      await moment("the agent has its head");
      if (/expect/i.test(line.head)) line.send("HTTP/1.1 100 Continue\r\n\r\n"); // Whoever has to say it.
      await client.sees("HTTP/1.1 100 Continue\r\n\r\n");
      client.send("hi");
      expect(await line.takes(2)).toBe("hi");
      line.finish(OK);
      expect(await client.answer()).toEqual({ ...SEEN_OK, interims: ["HTTP/1.1 100 Continue"] });
    },
  },
  ...["Transfer-Encoding: CHUNKED", "transfer-encoding:chunked", "Transfer-Encoding: \t chunked "].map(
    (field): FrontCase => ({
      name: `chunked spelled ${JSON.stringify(field)}`,
      moments: ["the agent has its head"],
      leaves: "open",
      counted: { writes: 1 },
      async play({ client, agent, moment }) {
        client.send(`POST / HTTP/1.1\r\nHost: x\r\n${field}\r\n\r\n`);
        const line = await agent.asked();
        expect(line.head.match(/^transfer-encoding: .*$/gim)).toEqual(["Transfer-Encoding: chunked"]);
        await moment("the agent has its head");
        client.send("0002\r\nhi\r\n000\r\n\r\n");
        expect(await line.takesChunked(2)).toBe("hi");
        expect(await line.takesLastChunk()).toEqual([]);
        line.finish(OK);
        expect(await client.answer()).toEqual(SEEN_OK);
      },
    }),
  ),
  {
    name: "thousands of fields both ways, of which none is lost",
    moments: ["the agent has its head"],
    leaves: "open",
    async play({ client, agent, moment }) {
      client.send(`GET / HTTP/1.1\r\nHost: x\r\n${"a:\r\n".repeat(4_000)}Last: 1\r\n\r\n`);
      const line = await agent.asked();
      expect(line.ownLines()).toHaveLength(4_002);
      await moment("the agent has its head");
      line.finish(`HTTP/1.1 200 OK\r\n${"a:\r\n".repeat(4_000)}Last: 1\r\nContent-Length: 0\r\n\r\n`);
      expect((await client.answer()).lines).toHaveLength(4_002);
    },
  },
  {
    name: "empty lines before a request",
    moments: ["the agent has its head"],
    leaves: "open",
    async play({ client, agent, moment }) {
      client.send("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
      const line = await agent.asked();
      expect(line.head).toMatch(/^GET \/ HTTP\/1\.1\r\n/);
      await moment("the agent has its head");
      line.finish(OK);
      expect(await client.answer()).toEqual(SEEN_OK);
    },
  },
];
