import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type FrontBench, openFrontBench, until } from "./front-bench.testing.ts";
import type { Backend } from "./lane.ts";
import { planRoute } from "./plan-route.ts";

/** Two releases at once: a share of the callers meets the new one. */
let bench: FrontBench;
let blue: Backend;
let green: Backend;
beforeEach(async () => {
  bench = await openFrontBench({ stickBy: { cookie: "sid" } });
  [blue, green] = [await startAgent("blue"), await startAgent("green")];
});
afterEach(() => bench.close());

const get = (sid: string) => `GET / HTTP/1.1\r\nHost: x\r\nCookie: lang=de; sid=${sid}\r\n\r\n`;
const callers = Array.from({ length: 40 }, (_, at) => `user-${at}`);
const chosen = (of: number) => callers.filter((sid) => planRoute({ release: "release-green", of }, sid) === "share");

test("each caller keeps meeting the same release, a larger share takes more of them and gives none back", async () => {
  let before: string[] = [];
  for (const of of [0, 0.2, 0.2, 0.6, 1]) {
    bench.front.route({ main: blue, share: { backend: green, of } });
    const met = await askAll();
    expect(met).toEqual(chosen(of));
    expect(met).toEqual(expect.arrayContaining(before));
    before = met;
  }
  expect(before).toEqual(callers);
  bench.front.route({ main: green });
  expect(await askAll()).toEqual(callers);
});

test("on one connection the caller of each request decides, not the connection", async () => {
  bench.front.route({ main: blue, share: { backend: green, of: 0.5 } });
  const client = bench.open();
  for (const sid of callers) client.send(get(sid));
  await until(() => client.received.split("release-").length > callers.length);
  expect(client.received.match(/release-(?:blue|green)/g)).toEqual(callers.map((sid) => (chosen(0.5).includes(sid) ? "release-green" : "release-blue")));
});

test("who does not carry the cookie is known by the address", async () => {
  const border = [0.67, 0.68]; // 127.0.0.1 joins release-green at 0.676.
  for (const [at, of] of border.entries()) {
    bench.front.route({ main: blue, share: { backend: green, of } });
    const client = bench.open();
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await client.sees(at === 0 ? "release-blue" : "release-green");
  }
});

test("what is under way stays where it is; status tells both and what is under way to each", async () => {
  const streams: (() => void)[] = [];
  blue = await startAgent("blue", (_, response) => {
    response.write("begin");
    streams.push(() => response.end("finish"));
  });
  bench.front.route({ main: blue });
  const client = bench.open();
  client.send(get("user-6"));
  await client.sees("begin");
  bench.front.route({ main: blue, share: { backend: green, of: 0.1 } }); // user-6 joins at 0.012.
  expect(bench.front.status()).toMatchObject({ backend: blue, share: { backend: green, of: 0.1 }, inFlight: { blue: 1, green: 0 } });
  bench.front.route({ main: green });
  expect(bench.front.status()).toMatchObject({ backend: green, inFlight: { blue: 1, green: 0 } });
  expect(bench.front.status().share).toBeUndefined();
  streams[0]?.();
  await client.sees("finish");
  await bench.front.whenDrained("blue");
  expect(bench.front.counts().releases["release-blue"]).toMatchObject({ requests: 1 });
});

test("a lane whose backend stays keeps its pooled connections, whichever part it plays", async () => {
  const connections = { blue: 0, green: 0 };
  blue = await startAgent("blue", undefined, () => (connections.blue += 1));
  green = await startAgent("green", undefined, () => (connections.green += 1));
  for (const routing of [
    { main: blue, share: { backend: green, of: 1 } },
    { main: blue, share: { backend: green, of: 1 } },
    { main: { ...blue }, share: { backend: { ...green }, of: 0.99 } },
    { main: green, share: { backend: blue, of: 0 } },
    { main: green },
  ]) {
    bench.front.route(routing);
    const client = bench.open();
    client.send(get("user-6"));
    await client.sees("release-green");
    await until(() => bench.front.status().inFlight.green === 0);
  }
  expect(connections).toEqual({ blue: 0, green: 1 });
});

test("held requests are shared out by what is routed when they are let in", async () => {
  bench.front.route({ main: blue });
  bench.front.hold();
  const clients = callers.map((sid) => {
    const client = bench.open();
    client.send(get(sid));
    return client;
  });
  await until(() => bench.front.status().waiting.requests === callers.length);
  bench.front.route({ main: blue, share: { backend: green, of: 0.5 } });
  bench.front.release();
  for (const client of clients) await client.sees("release-");
  expect(callers.filter((_, at) => clients[at]?.received.includes("release-green"))).toEqual(chosen(0.5));
});

test("upgrades follow the same rule", async () => {
  const upgraded: string[] = [];
  for (const name of ["blue", "green"]) {
    const { server, port } = await bench.startAgent(() => {}, name);
    server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
      upgraded.push(`${name} ${/sid=(.*)/.exec(request.headers.cookie ?? "")?.[1]}`);
      socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nover");
    });
    if (name === "blue") blue = { ...blue, port };
    else green = { ...green, port };
  }
  bench.front.route({ main: blue, share: { backend: green, of: 0.5 } });
  for (const sid of callers) {
    const client = bench.open();
    client.send(`GET / HTTP/1.1\r\nHost: x\r\nCookie: sid=${sid}\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n`);
    await client.sees("over");
  }
  expect(upgraded).toEqual(callers.map((sid) => `${chosen(0.5).includes(sid) ? "green" : "blue"} ${sid}`));
});

test("nothing that the front tells names a caller", async () => {
  bench.front.route({ main: blue, share: { backend: { ...green, port: 1 }, of: 1 } });
  const client = bench.open();
  client.send(get("a-secret-session"));
  await client.sees("503");
  expect(bench.errors).toHaveLength(1);
  const chain = (error: unknown): unknown[] => (error instanceof Error ? [error.message, { ...error }, ...chain(error.cause)] : []);
  expect(JSON.stringify([bench.front.status(), bench.front.counts(), ...bench.errors.map(chain)])).not.toContain("a-secret-session");
});

/** Who of all callers met the new release. */
async function askAll(): Promise<string[]> {
  const clients = callers.map((sid) => {
    const client = bench.open();
    client.send(get(sid));
    return client;
  });
  for (const client of clients) await client.sees("release-");
  return callers.filter((_, at) => clients[at]?.received.includes("release-green"));
}

async function startAgent(
  name: string,
  handler: Parameters<FrontBench["startAgent"]>[0] = (_, response) => void response.end(`release-${name}`),
  onConnection: () => void = () => {},
): Promise<Backend> {
  const { server, port } = await bench.startAgent(handler, name);
  server.on("connection", onConnection);
  return { slot: name, release: `release-${name}`, host: "127.0.0.1", port };
}
