import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFront } from "./front.ts";
import { type FrontBench, openFrontBench, SteppedClock, until } from "./front-bench.testing.ts";

/** Opening and closing the public port. */
let bench: FrontBench;
beforeEach(async () => {
  bench = await openFrontBench();
});
afterEach(() => bench.close());

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

test("a port that is taken is said so, with what to do", async () => {
  const second = createFront({ host: "127.0.0.1", port: bench.port, hold: { requests: 1, bytes: 1, timeMs: 1 }, clock: new SteppedClock() });
  await expect(second.listen()).rejects.toMatchObject({
    code: "PORT_IN_USE",
    facts: { host: "127.0.0.1", port: bench.port },
    advice: expect.stringContaining("front.port"),
    cause: { code: "EADDRINUSE" },
  });
});

test("status says where it listens, whom it serves and what is under way", async () => {
  const { port } = await bench.startAgent((_, response) => void response.write("begin"));
  const client = bench.open();
  client.send(GET);
  await client.sees("begin");
  expect(bench.front.status()).toEqual({
    listening: { host: "127.0.0.1", port: bench.port },
    backend: { slot: "blue", release: "release-blue", host: "127.0.0.1", port },
    isHolding: false,
    isClosing: false,
    waiting: { requests: 0, bytes: 0 },
    inFlight: { blue: 1 },
    connections: 1,
  });
});

test("closing: a request under way is finished, its answer ends the connection, and nobody new is let in", async () => {
  let answer: (() => void) | undefined;
  await bench.startAgent((_, response) => {
    answer = () => void response.end("done");
  });
  const client = bench.open();
  client.send(GET);
  await until(() => answer !== undefined);
  let isClosed = false;
  const closed = bench.front.close({ graceMs: 60_000 }).then(() => {
    isClosed = true;
  });
  await expectRefused(bench.port);
  expect(isClosed).toBe(false);
  answer?.();
  expect(await client.ended()).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close\r\n[\s\S]*done/);
  await closed;
  expect(bench.front.status()).toMatchObject({ isClosing: true, connections: 0, inFlight: {} });
});

test("closing: an idle connection may ask once more, and that answer ends it", async () => {
  await bench.startAgent((_, response) => void response.end("ok"));
  const client = bench.open();
  client.send(GET);
  await client.sees("ok");
  const closed = bench.front.close({ graceMs: 60_000 });
  await expectRefused(bench.port);
  expect(client.hasEnded).toBe(false);
  client.send(GET);
  expect((await client.ended()).match(/ok/g)).toHaveLength(2);
  expect(client.received).toMatch(/Connection: keep-alive[\s\S]*Connection: close/);
  await closed;
});

test("closing: an idle connection that asks nothing is closed when its keep-alive time is over", async () => {
  await bench.startAgent((_, response) => void response.end("ok"));
  const client = bench.open();
  client.send(GET);
  await client.sees("ok");
  const closed = bench.front.close({ graceMs: 60_000 });
  bench.clock.advance(6_000);
  await client.ended();
  await closed;
});

test("closing: what is left after the grace is cut, not ended, and not called the client's doing", async () => {
  await bench.startAgent((_, response) => void response.write("begin"));
  const [stream, waits] = [bench.open(), bench.open()];
  stream.send(GET);
  await stream.sees("begin");
  bench.front.hold();
  waits.send(GET);
  await until(() => bench.front.status().waiting.requests === 1);
  const closed = bench.front.close({ graceMs: 100 });
  bench.clock.advance(100);
  await closed;
  await stream.ended();
  expect(stream.wasReset).toBe(true);
  expect(bench.front.counts()).toMatchObject({ clientAborts: 0, refusedByHold: 1, releases: { "release-blue": { failed: 0 } } });
});

test("closing twice, and closing what never listened, is done at once", async () => {
  await bench.front.close({ graceMs: 1_000 });
  await bench.front.close({ graceMs: 1_000 });
  const idle = createFront({ host: "127.0.0.1", port: 0, hold: { requests: 1, bytes: 1, timeMs: 1 }, clock: new SteppedClock() });
  await idle.close({ graceMs: 1_000 });
});

async function expectRefused(port: number): Promise<void> {
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once("error", resolve);
  });
  expect(error?.code).toBe("ECONNREFUSED");
}
