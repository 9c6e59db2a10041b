import { expect } from "vitest";
import { until } from "../front-bench.testing.ts";
import type { AgentLine } from "./case-agent.testing.ts";
import { answered, type FrontCase } from "./front-case.testing.ts";

const POST = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi";
const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/** Agents that break off before their answer or in the middle of it. */
const AGENTS: readonly FrontCase[] = [
  {
    name: "an agent that refuses connections",
    moments: [],
    neverUnderWay: "no connection comes about, so there is no moment at which something is under way",
    leaves: "unsaid",
    leftOut: { "in the hold": "the requests beside it would be refused as well; front-hold.test.ts releases into nothing" },
    counted: { failed: 1, transportErrors: 1 },
    async play({ client, agent }) {
      await agent.stopListening();
      client.send(POST);
      expect(await client.answer()).toMatchObject({ status: 503, lines: expect.arrayContaining(["Retry-After: 1"]) });
    },
  },
  ...[
    { what: "closes", act: (line: AgentLine) => line.end() },
    { what: "resets", act: (line: AgentLine) => line.reset() },
    { what: "closes in the middle of its head", act: (line: AgentLine) => line.end("HTTP/1.1 200 OK\r\nContent-") },
    { what: "resets after an interim answer", act: (line: AgentLine) => line.socket.write("HTTP/1.1 100 Continue\r\n\r\n", () => line.reset()) },
  ].flatMap(({ what, act }) =>
    [POST, GET].map(
      (text): FrontCase => ({
        name: `a ${text.split(" ")[0]} to an agent that ${what} before its answer`,
        moments: ["the agent has all of it"],
        leaves: "open",
        counted: { failed: 1, transportErrors: 1 },
        async play({ client, agent, moment }) {
          client.send(text);
          const line = await agent.asked();
          expect(await line.takes(text === POST ? 2 : 0)).toBe(text === POST ? "hi" : "");
          await moment("the agent has all of it");
          act(line);
          expect(await client.answer()).toMatchObject({ status: 502, reason: "Bad Gateway", stays: true });
          await line.isLetGo();
        },
      }),
    ),
  ),
  {
    name: "an agent that resets while a client uploads",
    moments: ["half of the upload is there"],
    leaves: "closed",
    counted: { failed: 1, transportErrors: 1 },
    async play({ client, agent, moment }) {
      client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf");
      const line = await agent.asked();
      expect(await line.takes(4)).toBe("half");
      await moment("half of the upload is there");
      line.reset();
      expect(await client.answer()).toMatchObject({ status: 502, stays: false });
      client.raw.socket.end("HALF");
    },
  },
  ...[
    { what: "in the middle of a length", head: "Content-Length: 100\r\n\r\nhalf", act: (line: AgentLine) => line.end() },
    { what: "in the middle of a length, by a reset", head: "Content-Length: 100\r\n\r\nhalf", act: (line: AgentLine) => line.reset() },
    { what: "in the middle of a chunk", head: "Transfer-Encoding: chunked\r\n\r\n64\r\nhalf", act: (line: AgentLine) => line.end() },
    { what: "between chunks", head: "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", act: (line: AgentLine) => line.end() },
    { what: "before its trailers end", head: "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", act: (line: AgentLine) => line.end("0\r\nX: y\r\n") },
    { what: "with a malformed chunk", head: "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", act: (line: AgentLine) => line.send("zz\r\n") },
    { what: "without a length, by a reset", head: "\r\nhalf", act: (line: AgentLine) => line.reset() },
  ].flatMap(({ what, head, act }) =>
    ["1.1", "1.0"].map(
      (version): FrontCase => ({
        name: `an answer to an HTTP/${version} client that breaks off ${what}`,
        moments: ["half of the answer is seen"],
        leaves: "unsaid",
        counted: { failed: 1, transportErrors: 1, writes: 1 },
        async play({ client, agent, moment }) {
          client.send(POST.replace("1.1", version));
          const line = await agent.asked();
          expect(await line.takes(2)).toBe("hi");
          line.send(`HTTP/1.1 200 OK\r\n${head}`);
          await client.sees("half");
          await moment("half of the answer is seen");
          act(line);
          await client.isGone("reset"); // However a client reads it, this is not the end of an answer.
          expect(client.raw.received).not.toContain("\r\n0\r\n");
          await line.isLetGo();
        },
      }),
    ),
  ),
  {
    name: "a 500 that arrives whole",
    moments: ["the agent has its head"],
    leaves: "open",
    counted: { failed: 1, serverErrors: 1 },
    async play({ client, agent, moment }) {
      client.send(GET);
      const line = await agent.asked();
      await moment("the agent has its head");
      line.finish("HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno");
      expect(await client.answer()).toEqual(answered(500, "Oops", { lines: ["Content-Length: 2"], body: "no" }));
    },
  },
];

const MALFORMED = {
  "something that is not HTTP": "SSH-2.0-secret\r\n\r\n",
  "two lengths": "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Length: 7\r\n\r\nsecret",
  "a list of lengths": "HTTP/1.1 200 OK\r\nContent-Length: 6, 6\r\n\r\nsecret",
  "a signed length": "HTTP/1.1 200 OK\r\nContent-Length: +6\r\n\r\nsecret",
  "a length that is no number": "HTTP/1.1 200 OK\r\nContent-Length: six\r\n\r\nsecret",
  "a length and chunks": "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecret\r\n0\r\n\r\n",
  "chunks and a length": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n6\r\nsecret\r\n0\r\n\r\n",
  "another coding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n6\r\nsecret\r\n0\r\n\r\n",
  "a change of protocols that nobody asked for": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nsecret",
  "a status that does not exist": "HTTP/1.1 099 Odd\r\nContent-Length: 6\r\n\r\nsecret",
  "a status of four digits": "HTTP/1.1 2000 OK\r\nContent-Length: 6\r\n\r\nsecret",
  "a space before a colon": "HTTP/1.1 200 OK\r\nX-Secret : secret\r\nContent-Length: 6\r\n\r\nsecret",
  "a NUL in a value": "HTTP/1.1 200 OK\r\nX-Secret: a\0b\r\nContent-Length: 6\r\n\r\nsecret",
  "a bare carriage return": "HTTP/1.1 200 OK\r\nX-Secret: a\rX: b\r\nContent-Length: 6\r\n\r\nsecret",
  "a folded line": "HTTP/1.1 200 OK\r\nX-Secret: a\r\n b\r\nContent-Length: 6\r\n\r\nsecret",
  "a head that never ends": `HTTP/1.1 200 OK\r\nX-Secret: ${"secret".repeat(60_000)}\r\n`,
} as const;

const MALFORMED_ANSWERS: readonly FrontCase[] = Object.entries(MALFORMED).map(([what, answer]) => ({
  name: `a malformed answer: ${what}`,
  moments: ["the agent has its head"],
  leaves: "open",
  counted: { failed: 1, transportErrors: 1 },
  async play({ client, agent, moment }) {
    client.send(POST);
    const line = await agent.asked();
    expect(await line.takes(2)).toBe("hi");
    await moment("the agent has its head");
    line.send(answer);
    const got = await client.answer();
    expect(got).toMatchObject({ status: 502, interims: [], stays: true });
    expect(JSON.stringify(got)).not.toMatch(/secret/i);
    await line.isLetGo(); // Never used again: who knows what would come out of it.
  },
}));

const SECRET = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";

/** Agents that say more than they announced: the next client must not get it for an answer. */
const EXCESS: readonly FrontCase[] = [
  { what: "behind a length", method: "GET", answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", body: "ok" },
  { what: "behind its last chunk", method: "GET", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", body: "ok" },
  { what: "behind an answer to HEAD", method: "HEAD", answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", body: "" },
  { what: "behind a 204", method: "GET", answer: "HTTP/1.1 204 No Content\r\n\r\n", body: "" },
  { what: "behind a 304", method: "GET", answer: "HTTP/1.1 304 Not Modified\r\n\r\n", body: "" },
].flatMap(({ what, method, answer, body }) =>
  (["at once", "later"] as const).map(
    (when): FrontCase => ({
      name: `an agent that says more ${what}, ${when}`,
      moments: ["the agent has its head"],
      leaves: "open",
      async play({ client, agent, moment }) {
        client.send(GET.replace("GET", method));
        const line = await agent.asked();
        await moment("the agent has its head");
        line.send(when === "at once" ? answer + SECRET : answer);
        expect(await client.answer(method)).toMatchObject({ body, stays: true });
        if (when === "later") line.send(SECRET);
        await line.isLetGo();
      },
    }),
  ),
);

/** Pooled connections that died while nobody looked. */
const STALE: readonly FrontCase[] = [
  { text: GET, isRepeated: true, takes: 0 },
  { text: GET.replace("GET", "HEAD"), isRepeated: true, takes: 0 },
  { text: POST, isRepeated: false, takes: 2 },
  { text: "POST / HTTP/1.1\r\nHost: x\r\n\r\n", isRepeated: false, takes: 0 },
  { text: "DELETE / HTTP/1.1\r\nHost: x\r\n\r\n", isRepeated: false, takes: 0 },
  { text: "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", isRepeated: false, takes: 2 },
].map(({ text, isRepeated, takes }): FrontCase => {
  const method = text.split(" ")[0] ?? "";
  const what = `${method}${text.includes("Content-Length") ? " with a body" : " without a body"}`;
  return {
    name: `a ${what} on a pooled connection that died is ${isRepeated ? "sent once more" : "never sent again"}`,
    moments: ["the dead connection was asked"],
    leaves: "open",
    held: 1,
    leftOut: { "half of its head": "the pooled connection has to be there before" },
    counted: isRepeated ? { requests: 2 } : { requests: 2, failed: 1, transportErrors: 1 },
    async play({ client, agent, moment }) {
      client.send("GET /warm HTTP/1.1\r\nHost: x\r\n\r\n");
      const warm = await agent.asked("/warm");
      warm.finish("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      await client.answer();
      client.send(text);
      const dead = await agent.asked(`${method} / `);
      expect(await dead.takes(takes)).toHaveLength(takes);
      expect(dead.requests, "requests on the connection that is about to die").toBeGreaterThan(1);
      await moment("the dead connection was asked");
      const before = agent.arrivals.length;
      dead.reset();
      if (isRepeated) {
        const fresh = await agent.asked(`${method} / `);
        expect(fresh.requests).toBe(1);
        fresh.finish("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      }
      expect(await client.answer(method)).toMatchObject({ status: isRepeated ? 200 : 502 });
      expect(agent.arrivals.length).toBe(before + (isRepeated ? 1 : 0));
    },
  };
});

/** Clients that go away. Nobody has failed. */
const CLIENTS: readonly FrontCase[] = (["resets", "closes"] as const).flatMap((way) => {
  const leave = way === "resets" ? "reset" : "end";
  return [
    {
      name: `a client that ${way} while it waits`,
      moments: ["the agent has its head"],
      leaves: "unsaid" as const,
      clientAborts: 1,
      async play({ client, agent, moment }) {
        client.send(GET);
        const line = await agent.asked();
        await moment("the agent has its head");
        client.raw.socket[way === "resets" ? "resetAndDestroy" : "destroy"]();
        await line.isLetGo();
      },
    },
    ...[
      { what: "with a length", head: "Content-Length: 8\r\n\r\nhalf", take: (line: AgentLine) => line.takes(4) },
      { what: "in chunks", head: "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", take: (line: AgentLine) => line.takesChunked(4) },
    ].map(
      ({ what, head, take }): FrontCase => ({
        name: `a client that ${way} while it uploads ${what}`,
        moments: ["half of the upload is there"],
        leaves: "unsaid",
        clientAborts: 1,
        async play({ client, agent, moment }) {
          client.send(`POST / HTTP/1.1\r\nHost: x\r\n${head}`);
          const line = await agent.asked();
          expect(await take(line)).toBe("half");
          await moment("half of the upload is there");
          client[leave]();
          await until(() => line.hasEnded || line.isClosed, "the agent to hear of it");
          expect(line.pending).toBe(""); // Above all no last chunk: half an upload must not pass for a whole one.
          await line.isLetGo();
        },
      }),
    ),
    {
      name: `a client that ${way} while it downloads`,
      moments: ["half of the answer is seen"],
      leaves: "unsaid" as const,
      clientAborts: 1,
      async play({ client, agent, moment }) {
        client.send(GET);
        const line = await agent.asked();
        line.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
        await client.sees("half");
        await moment("half of the answer is seen");
        client.raw.socket[way === "resets" ? "resetAndDestroy" : "destroy"]();
        await line.isLetGo();
      },
    },
  ] satisfies FrontCase[];
});

export const BROKEN: readonly FrontCase[] = [...AGENTS, ...MALFORMED_ANSWERS, ...EXCESS, ...STALE, ...CLIENTS];
