import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { until } from "../bench-clock.ts";
import { emptyRecord, type LoadPlan, type LoadRecord } from "./load-record.ts";
import { driveRequests } from "./request-load.ts";
import { driveSockets } from "./socket-load.ts";
import { driveStreams } from "./stream-load.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function listen(answer: RequestListener): Promise<{ plan: LoadPlan; server: Server }> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { server, plan: { port, requestsPerSecond: 200, postEvery: 2, streams: 2, sockets: 1, messageEveryMs: 20_000, answerWithinMs: 5_000 } };
}

async function drive(
  start: (plan: LoadPlan, record: LoadRecord) => { stop(): Promise<void> },
  plan: LoadPlan,
  isEnough: (record: LoadRecord) => boolean,
): Promise<LoadRecord> {
  const record = emptyRecord();
  const load = start(plan, record);
  await until("enough", () => (isEnough(record) ? true : undefined));
  await load.stop();
  return record;
}

const reasons = ({ failures }: LoadRecord) => [...new Set(failures.map(({ of, because }) => `${of}: ${because}`))].sort();

it("a GET that is refused and a POST that is cut off under its connection are failures, each by name", async () => {
  const { plan } = await listen((request, response) => {
    if (request.method === "GET") response.writeHead(503).end();
    else request.socket.destroy();
  });
  const record = await drive(driveRequests, plan, ({ failures }) => failures.length >= 10);
  expect(reasons(record)).toContain("GET: status 503");
  expect(reasons(record).some((reason) => reason.startsWith("POST: ECONNRESET"))).toBe(true);
  expect(record.acknowledged).toEqual([]);
  expect(record.sent.length).toBeGreaterThan(0);
});

it("an answer that is late is late by the schedule", async () => {
  let isStalled = true;
  const waiting: (() => void)[] = [];
  const { plan } = await listen((_, response) => {
    const go = () => response.end("x".repeat(32));
    if (isStalled) waiting.push(go);
    else go();
  });
  const record = await drive(driveRequests, { ...plan, postEvery: 1_000_000 }, ({ answers }) => {
    if (isStalled && waiting.length >= 20) {
      isStalled = false;
      for (const go of waiting) go();
    }
    return answers.length >= 40;
  });
  // Twenty requests were sent into the stall although none was answered: each waited from when it was due.
  const [first = [0, 0], twentieth = [0, 0]] = [record.answers[0], record.answers[19]];
  expect(first[1]).toBeGreaterThan(twentieth[1]);
});

it("a stream that ends early is cut, whether its connection broke or it was ended as if it were whole", async () => {
  let count = 0;
  const { plan } = await listen((_, response) => {
    count += 1;
    response.write("data: 1\n\n");
    if (count % 2 === 0) response.end();
    else setImmediate(() => response.destroy());
  });
  const record = await drive(driveStreams, plan, ({ failures }) => failures.length >= 4);
  expect(record.failures.every(({ because }) => because.startsWith("the stream was cut"))).toBe(true);
});

it("a WebSocket that nobody closed is a failure, and is opened again", async () => {
  let opened = 0;
  const { plan, server } = await listen((_, response) => response.end());
  server.on("upgrade", (_, socket) => {
    opened += 1;
    socket.destroy();
  });
  const record = await drive(driveSockets, plan, ({ failures }) => opened >= 2 && failures.length >= 2);
  expect(reasons(record)).toEqual(["WebSocket: closed with 1006"]);
  expect(record.counted.toldToReconnect).toBe(0);
});
