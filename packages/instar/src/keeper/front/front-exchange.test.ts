import { Agent, type IncomingMessage, request as openRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CaseAgent } from "./cases/case-agent.testing.ts";
import { CaseClient } from "./cases/case-client.testing.ts";
import { type FrontBench, openFrontBench, until } from "./front-bench.testing.ts";

/** What no single request shows: clients that leave a hold, and many requests through many exchanges. */
let bench: FrontBench;
let agents: CaseAgent[];
beforeEach(async () => {
  agents = [];
  bench = await openFrontBench();
});
afterEach(async () => {
  for (const agent of agents) agent.close();
  await bench.close();
});

const POST = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n";
const UPGRADE = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

describe.each(["resets", "closes"] as const)("a client that %s while requests are held", (way) => {
  test.each([
    ["with a GET", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["with an upload of which nothing is sent", POST],
    ["with an upload of which half is sent", `${POST}half`],
    ["with an upload that is all sent", `${POST}halfHALF`],
    ["with chunks of which half is sent", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
    ["with a body that it announces", POST.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n")],
    ["with three requests in a row", "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n".repeat(3)],
    ["with a WebSocket", UPGRADE],
    ["with a WebSocket and its first message", `${UPGRADE}early`],
  ])("%s: no agent hears of it, its place is free, and nobody has failed", async (_, text) => {
    const [blue, green] = [await start("blue"), await start("green")];
    bench.front.route({ main: blue.backend });
    bench.front.hold();
    const [leaves, stays] = [new CaseClient(bench.open()), new CaseClient(bench.open())];
    leaves.send(text);
    await waiting(1);
    stays.send("GET /marker/stays HTTP/1.1\r\nHost: x\r\n\r\n");
    await waiting(2);
    if (way === "resets") leaves.reset();
    else leaves.end();
    await waiting(1);
    await bench.front.whenDrained("blue");
    bench.front.route({ main: green.backend });
    bench.front.release();
    expect(await stays.answer()).toMatchObject({ status: 204, lines: ["X-Release: green"] });
    expect(blue.arrivals).toEqual([]);
    expect(green.arrivals).toEqual(["GET /marker/stays HTTP/1.1"]);
    expect(leaves.raw.received).toBe("");
    expect(bench.front.counts()).toMatchObject({ clientAborts: 1, held: 2, refusedByHold: 0, releases: { green: { requests: 1, failed: 0 } } });
    expect(bench.front.status()).toMatchObject({ waiting: { requests: 0, bytes: 0 } });
  });
});

test("hundreds of writes through many exchanges of every kind: each arrives once, at one agent, and is answered by that one", async () => {
  const arrivedAt = new Map<string, string[]>();
  const backends = await Promise.all(
    ["blue", "green"].map(async (slot) => {
      const { port } = await bench.startAgent((request, response) => {
        void readAll(request).then((body) => {
          arrivedAt.set(body, [...(arrivedAt.get(body) ?? []), slot]);
          response.end(`${slot} has ${body}`);
        });
      }, slot);
      return { slot, release: `release-${slot}`, host: "127.0.0.1", port };
    }),
  );
  let answers = 0;
  const clients = new Agent({ keepAlive: true, maxSockets: 12 });
  const asks = Array.from({ length: 480 }, (_, number) =>
    post(clients, `write ${number}`).then((answer) => {
      answers += 1;
      return answer;
    }),
  );
  for (let exchange = 1; exchange <= 24; exchange += 1) {
    await until(() => answers >= exchange * 16, `${exchange * 16} answers`);
    const [from, to] = exchange % 2 === 0 ? backends : backends.toReversed();
    if (from === undefined || to === undefined) throw new Error("unreachable");
    if (exchange % 3 === 0) bench.front.route({ main: to });
    else if (exchange % 3 === 1) bench.front.route({ main: to, share: { backend: from, of: 0.5 } });
    else {
      bench.front.hold();
      for (const { slot } of backends) await bench.front.whenDrained(slot);
      expect(Object.values(bench.front.status().inFlight).every((count) => count === 0)).toBe(true);
      bench.front.route({ main: to });
      bench.front.release();
    }
  }
  for (const [number, answer] of (await Promise.all(asks)).entries()) {
    expect(arrivedAt.get(`write ${number}`)).toHaveLength(1);
    expect(answer).toBe(`200 ${arrivedAt.get(`write ${number}`)?.[0]} has write ${number}`);
  }
  clients.destroy();
  expect(arrivedAt.size).toBe(480);
  const { "release-blue": blue, "release-green": green } = bench.front.counts().releases;
  expect((blue?.writes ?? 0) + (green?.writes ?? 0)).toBe(480);
  expect([blue?.failed, green?.failed]).toEqual([0, 0]);
  expect(Math.min(blue?.writes ?? 0, green?.writes ?? 0)).toBeGreaterThan(0);
});

async function start(slot: string): Promise<CaseAgent> {
  const agent = await CaseAgent.start(slot, slot);
  agents.push(agent);
  return agent;
}

function waiting(requests: number): Promise<void> {
  return until(() => bench.front.status().waiting.requests === requests, `${requests} requests to wait`);
}

function post(agent: Agent, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = openRequest({ port: bench.port, host: "127.0.0.1", agent, method: "POST", path: "/", headers: { "content-length": body.length } });
    request.once("error", reject);
    request.once("response", (answer) => void readAll(answer).then((text) => resolve(`${answer.statusCode} ${text}`), reject));
    request.end(body);
  });
}

async function readAll(message: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of message) text += chunk;
  return text;
}
