import { afterEach, beforeEach, expect, test } from "vitest";
import { type FrontBench, openFrontBench, type RawClient, until } from "./front-bench.testing.ts";
import { planRoute } from "./plan-route.ts";

/** Many more requests than may wait. */
let bench: FrontBench;
beforeEach(async () => {
  bench = await openFrontBench({ hold: { requests: 1_000, bytes: 1_000_000, timeMs: 30_000 }, stickBy: { header: "x-caller" } });
});
afterEach(() => bench.close());

test("of ten thousand requests in a hold a thousand wait and are served once, and all others know at once", async () => {
  const served: string[] = [];
  const start = (name: string) =>
    bench.startAgent((request, response) => {
      served.push(request.url ?? "");
      response.end();
    }, name);
  await start("blue");
  bench.front.hold();

  const waiting: RawClient[] = [];
  for (let at = 0; at < 1_000; at += 1) {
    const client = bench.open();
    client.send(get(at));
    waiting.push(client);
    if (at % 50 === 49) await seen(at + 1);
  }
  const refused = Array.from({ length: 90 }, () => bench.open());
  for (const client of refused) client.send(get(-1).repeat(100));
  await until(() => bench.front.counts().refusedByHold === 9_000);
  for (const client of refused) await until(() => client.received.split("HTTP/1.1 503 ").length === 101);
  expect(bench.front.status().waiting).toEqual({ requests: 1_000, bytes: 0 });
  expect(bench.clock.sleeping()).toBe(1_000); // Nothing is kept of those who may not wait.
  expect(bench.front.counts()).toMatchObject({ held: 1_000, refusedByHold: 9_000, clientAborts: 0, releases: {} });

  await start("green");
  bench.front.release();
  expect(bench.front.isHolding()).toBe(false);
  expect(bench.front.status().waiting.requests).toBeGreaterThan(500); // Not all in one turn.
  for (const client of waiting) await client.sees("200 OK");
  expect(served).toHaveLength(1_000);
  expect(new Set(served).size).toBe(1_000);
  expect(bench.front.counts()).toMatchObject({ refusedByHold: 9_000, clientAborts: 0, releases: { "release-green": { requests: 1_000, failed: 0 } } });
});

test("who comes while those who waited are let in does not overtake them", async () => {
  const agents = [];
  for (const name of ["blue", "late"]) {
    const { port } = await bench.startAgent((_, response) => void response.end("served"), name);
    agents.push({ slot: name, release: `release-${name}`, host: "127.0.0.1", port });
  }
  const [blue, late] = agents;
  if (blue === undefined || late === undefined) throw new Error("no agents");
  // The latecomer is counted under a release of its own, in the very turn in which it is let in.
  const of = 0.01;
  const latecomer = Array.from({ length: 1_000 }, (_, at) => `caller-${at}`).find((unit) => planRoute({ release: late.release, of }, unit) === "share");
  bench.front.route({ main: blue, share: { backend: late, of } });
  bench.front.hold();
  const clients = Array.from({ length: 500 }, () => bench.open());
  for (const [at, client] of clients.entries()) client.send(get(at));
  await seen(500);
  const last = bench.open();
  await until(() => last.socket.readyState === "open");
  bench.front.release();
  last.send(`GET /late HTTP/1.1\r\nHost: x\r\nX-Caller: ${latecomer}\r\n\r\n`);
  let waiting = 500;
  while (bench.front.counts().releases["release-late"] === undefined) {
    await new Promise((resolve) => setImmediate(resolve));
    waiting = bench.front.status().waiting.requests;
  }
  expect(waiting).toBe(0);
  expect(bench.front.counts().releases["release-blue"]?.requests).toBe(500);
  await last.sees("served");
});

const get = (at: number) => `GET /${at} HTTP/1.1\r\nHost: x\r\n\r\n`;
const seen = (count: number) => until(() => bench.front.status().waiting.requests === count, `${count} requests to wait`);
