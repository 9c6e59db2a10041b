import { expect } from "vitest";
import { until } from "../front-bench.testing.ts";
import type { AgentLine } from "./case-agent.testing.ts";
import { answered, type FrontCase, type Scene, TOO_LARGE_FOR, writeUntilStuck } from "./front-case.testing.ts";

const LINES = "Host: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\nX-Forwarded-For: 6.6.6.6\r\n";
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nsec-websocket-ACCEPT: a\r\n\r\n";

/** Clients that leave HTTP on their connection, or would like to. */
export const UPGRADES: readonly FrontCase[] = [
  {
    name: "a WebSocket that echoes",
    moments: ["the agent has its head", "the tunnel stands", "a message has gone round"],
    leaves: "closed",
    async play({ client, agent, moment }) {
      client.send(`GET /chat HTTP/1.1\r\n${LINES}\r\n`);
      const line = await agent.asked();
      expect(line.ownLines()).toEqual(["Host: x", "Sec-WebSocket-Key: k", "Upgrade: websocket"]);
      expect(line.head).toContain("\r\nConnection: Upgrade\r\n");
      expect(line.head).not.toContain("6.6.6.6");
      await moment("the agent has its head");
      line.send(SWITCH);
      expect(await client.answer()).toEqual(
        answered(101, "Switching Protocols", { framing: "none", lines: ["sec-websocket-ACCEPT: a", "Upgrade: websocket"] }),
      );
      await moment("the tunnel stands");
      for (const message of ["\x81\x02\xff\0", "GET / HTTP/1.1\r\n\r\n", "\r\n\r\n"]) {
        client.send(message);
        line.send(await line.takes(message.length));
        expect(await client.takes(message.length)).toBe(message);
        if (message.startsWith("\x81")) await moment("a message has gone round");
      }
      line.end();
    },
  },
  {
    name: "a WebSocket on which both sides speak at once with the handshake",
    moments: ["the agent has its head", "the tunnel stands"],
    leaves: "closed",
    async play({ client, agent, moment }) {
      client.send(`GET /chat HTTP/1.1\r\n${LINES}\r\nearly`);
      const line = await agent.asked();
      await moment("the agent has its head");
      client.send("later");
      line.send(`${SWITCH}first`);
      await client.answer();
      expect(await client.takes(5)).toBe("first");
      expect(await line.takes(10)).toBe("earlylater");
      await moment("the tunnel stands");
      line.end("last");
      expect(await client.takes(4)).toBe("last");
    },
  },
  {
    name: "a WebSocket that fills every buffer both ways before anybody reads",
    moments: ["nothing more is taken"],
    leaves: "closed",
    leftOut: TOO_LARGE_FOR,
    async play(scene) {
      const { client, moment } = scene;
      const line = await openTunnel(scene);
      client.raw.socket.pause();
      line.socket.pause();
      const [up, down] = await Promise.all([writeUntilStuck(client.raw.socket), writeUntilStuck(line.socket)]);
      await moment("nothing more is taken");
      client.raw.socket.resume();
      line.socket.resume();
      expect((await line.takes(up.length)) === up).toBe(true);
      expect((await client.takes(down.length)) === down).toBe(true);
      line.end();
    },
  },
  {
    name: "a WebSocket whose client half-closes and still hears the end",
    moments: ["the tunnel stands", "the agent knows that its client has ended"],
    leaves: "closed",
    async play(scene) {
      const { client, moment } = scene;
      const line = await openTunnel(scene);
      await moment("the tunnel stands");
      client.send("last question");
      client.end();
      expect(await line.takes(13)).toBe("last question");
      await until(() => line.hasEnded);
      await moment("the agent knows that its client has ended");
      line.end("last answer");
      expect(await client.takes(11)).toBe("last answer");
    },
  },
  {
    name: "a WebSocket whose agent half-closes and still hears the end",
    moments: ["the tunnel stands"],
    leaves: "closed",
    async play(scene) {
      const { client, moment } = scene;
      const line = await openTunnel(scene);
      client.send("before");
      expect(await line.takes(6)).toBe("before");
      await moment("the tunnel stands");
      line.end("bye");
      expect(await client.takes(3)).toBe("bye");
      await until(() => line.hasEnded); // A client that closes when it hears the end, as they do.
    },
  },
  {
    name: "a WebSocket whose client resets",
    moments: ["the tunnel stands"],
    leaves: "unsaid",
    async play(scene) {
      const line = await openTunnel(scene);
      await scene.moment("the tunnel stands");
      scene.client.reset();
      await until(() => line.isClosed, "the agent to hear of the reset");
      expect(line.wasReset).toBe(true);
    },
  },
  {
    name: "a WebSocket whose agent resets",
    moments: ["the tunnel stands"],
    leaves: "reset",
    async play(scene) {
      const line = await openTunnel(scene);
      await scene.moment("the tunnel stands");
      line.reset();
    },
  },
  ...[
    {
      what: "refused",
      answer: "HTTP/1.1 403 Forbidden\r\nX-Why: no\r\nContent-Length: 8\r\n\r\nhalfHALF",
      expected: answered(403, "Forbidden", { lines: ["X-Why: no", "Content-Length: 8"], body: "halfHALF", stays: false }),
    },
    {
      what: "ignored",
      answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n4\r\nHALF\r\n0\r\n\r\n",
      expected: answered(200, "OK", { body: "halfHALF", stays: false }),
    },
    {
      what: "answered with another protocol to use,",
      answer: "HTTP/1.1 426 Upgrade Required\r\nUpgrade: x\r\nConnection: upgrade\r\nContent-Length: 8\r\n\r\nhalfHALF",
      expected: answered(426, "Upgrade Required", { lines: ["Content-Length: 8", "Upgrade: x"], body: "halfHALF", stays: false }),
    },
  ].map(
    ({ what, answer, expected }): FrontCase => ({
      name: `a WebSocket that is ${what} by the agent`,
      moments: ["the agent has its head", "half of the answer is seen"],
      leaves: "closed",
      async play({ client, agent, moment }) {
        client.send(`GET /chat HTTP/1.1\r\n${LINES}\r\n`);
        const line = await agent.asked();
        await moment("the agent has its head");
        const half = answer.indexOf("half") + 4;
        line.send(answer.slice(0, half));
        await client.sees("half");
        await moment("half of the answer is seen");
        line.finish(answer.slice(half));
        const { framing: _, ...got } = await client.answer(); // With what it ends is the front's to choose: the connection ends too.
        const { framing: __, ...wanted } = expected;
        expect({ ...got, lines: got.lines.toSorted() }).toEqual({ ...wanted, lines: wanted.lines.toSorted() });
      },
    }),
  ),
  {
    name: "an agent that breaks off instead of answering a WebSocket",
    moments: ["the agent has its head"],
    leaves: "closed",
    counted: { failed: 1, transportErrors: 1 },
    async play({ client, agent, moment }) {
      client.send(`GET /chat HTTP/1.1\r\n${LINES}\r\n`);
      const line = await agent.asked();
      await moment("the agent has its head");
      line.reset();
      expect(await client.answer()).toMatchObject({ status: 502, stays: false });
    },
  },
  {
    name: "an agent that breaks off in the middle of its answer to a WebSocket",
    moments: ["half of the answer is seen"],
    leaves: "unsaid",
    counted: { failed: 1, transportErrors: 1 },
    async play({ client, agent, moment }) {
      client.send(`GET /chat HTTP/1.1\r\n${LINES}\r\n`);
      const line = await agent.asked();
      line.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
      await client.sees("half");
      await moment("half of the answer is seen");
      line.end();
      await client.isGone("reset");
    },
  },
  {
    name: "a client that leaves before its WebSocket is answered",
    moments: ["the agent has its head"],
    leaves: "unsaid",
    clientAborts: 1,
    async play({ client, agent, moment }) {
      client.send(`GET /chat HTTP/1.1\r\n${LINES}\r\n`);
      const line = await agent.asked();
      await moment("the agent has its head");
      client.end();
      await line.isLetGo();
    },
  },
  ...[
    { what: "with a body", method: "POST", lines: `${LINES}Content-Length: 4\r\n`, kept: ["Content-Length: 4"], body: "body" },
    { what: "to h2c", method: "GET", lines: "Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n", kept: [], body: "" },
  ].map(
    ({ what, method, lines, kept, body }): FrontCase => ({
      name: `a wish to upgrade ${what}, which is a request like any other`,
      moments: ["the agent has its head"],
      leaves: "open",
      counted: { writes: method === "POST" ? 1 : 0 },
      async play({ client, agent, moment }) {
        client.send(`${method} / HTTP/1.1\r\n${lines}\r\n`);
        const line = await agent.asked();
        expect(line.head).not.toMatch(/upgrade|http2/i);
        expect(line.ownLines().filter((own) => !own.startsWith("Sec-"))).toEqual(["Host: x", ...kept]);
        await moment("the agent has its head");
        client.send(body);
        expect(await line.takes(body.length)).toBe(body);
        line.finish("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain");
        expect(await client.answer()).toEqual(answered(200, "OK", { lines: ["Content-Length: 5"], body: "plain" }));
      },
    }),
  ),
];

async function openTunnel({ client, agent }: Scene): Promise<AgentLine> {
  client.send(`GET /chat HTTP/1.1\r\n${LINES}\r\n`);
  const line = await agent.asked();
  line.send(SWITCH);
  expect((await client.answer()).status).toBe(101);
  return line;
}
