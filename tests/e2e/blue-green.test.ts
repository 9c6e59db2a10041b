import { get } from "node:http";
import type { StatusView } from "@instar/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestInstance, until } from "./test-instance.ts";

const SETTINGS = [
  "tests: { command: [node, --check, server.js], within: 30s }",
  "health: { http: { path: / }, readyWithin: 5s }",
  "state: { kind: none }",
  // How fast a version answers is the machine's as much as its own where tests run side by side.
  "watch: { time: 3s, requests: 0, triggers: { performance_degradation: { gate: report } } }",
].join("\n");
/** Lines at the end of the agent's program. */
const BREAKS_OFF = '\nserver.prependListener("request", (request) => request.url === "/broken" && request.socket.destroy());\n';
const NEVER_WELL = '\nserver.prependListener("request", (request, response) => response.writeHead(500));\n';

describe("an agent of which two versions may run", () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.create({ agent: "stateless-agent", settings: SETTINGS });
    await instance.start();
  });
  afterAll(() => instance.end());

  it("is exchanged blue-green, and status and plan say why", () => {
    expect(instance.status().exchange).toEqual({ strategy: "blue-green", because: "it keeps no state of its own" });
    expect(instance.cli("plan").stdout).toContain("blue-green (it keeps no state of its own): start the new version beside the old one");
  });

  it("finishes on the old version what was under way there, while new requests meet the new one and nothing is held", async () => {
    const stream = ask(instance.port, "/stream?beats=80");
    await until("the stream runs", () => (stream.text().includes("beat") ? true : undefined));
    instance.publish("1.0.1");
    await until("the new version serves", async () => ((await instance.served())?.version === "1.0.1" ? true : undefined));
    expect(stream.hasEnded()).toBe(false);
    const status = instance.status();
    expect(status.slots.map(({ version, role }) => ({ version, role }))).toEqual([
      { version: "1.0.1", role: "serving" },
      { version: "1.0.0", role: "beside" },
    ]);
    expect(status.slots[1]).toMatchObject({ alive: true, inFlight: 1, share: 0 });
    expect(await stream.ended).toMatch(/^1\.0\.0\n(beat\n){80}end\n$/);
    expect(status.front?.held).toBe(0);
    expect(await instance.ended("1.0.1")).toMatchObject({ outcome: "committed" });
  });

  it("ends the version that was kept warm once the new one is committed", async () => {
    expect(instance.status().slots.map(({ version, role }) => ({ version, role }))).toEqual([{ version: "1.0.1", role: "serving" }]);
  });

  it("goes back to the very process that was kept warm when the new version misbehaves", async () => {
    const warm = instance.pids().agent;
    instance.publish("1.0.2", { "server.js": (text) => `${text}${BREAKS_OFF}` });
    await until("the new version serves", async () => ((await instance.served())?.version === "1.0.2" ? true : undefined));
    expect(instance.pids().agent).not.toBe(warm);
    for (let asked = 0; asked < 30; asked += 1) await ask(instance.port, "/broken").ended.catch(() => undefined);
    expect(await instance.ended("1.0.2")).toMatchObject({ outcome: "rolled-back", code: "MISBEHAVED" });
    expect(instance.pids().agent).toBe(warm);
    expect(instance.status()).toMatchObject({ agent: { version: "1.0.1", slot: { restarts: 0 } }, slots: [{ version: "1.0.1", role: "serving" }] });
  });

  it("never lets anybody meet a version that does not become ready", async () => {
    const before = instance.pids().agent;
    const watched = watch(instance.port);
    instance.publish("1.0.3", { "server.js": (text) => text.replace(BREAKS_OFF, NEVER_WELL) });
    expect(await instance.ended("1.0.3")).toMatchObject({ outcome: "rolled-back", code: "UNHEALTHY" });
    expect(instance.pids().agent).toBe(before);
    expect(await watched.stop()).toEqual(new Set(["200 1.0.1"]));
  });

  it("tells WebSockets of the old version to come again, and they meet the new one", async () => {
    const sockets = await Promise.all(Array.from({ length: 5 }, () => connectSocket(instance.port)));
    for (const socket of sockets) expect(await socket.echo("hello")).toBe("hello");
    instance.publish("1.0.4", { "server.js": (text) => text.replace(NEVER_WELL, "") });
    expect(await Promise.all(sockets.map((socket) => socket.closed))).toEqual(sockets.map(() => 1012));
    const again = await connectSocket(instance.port);
    expect(await again.echo("again")).toBe("again");
    expect(await instance.ended("1.0.4")).toMatchObject({ outcome: "committed" });
    expect(instance.status().slots).toEqual([expect.objectContaining({ version: "1.0.4", inFlight: 1, writes: 1 })]);
    again.close();
    await again.closed;
  });

  it("survives its keeper between the exchange and the commit: both versions are adopted", async () => {
    instance.publish("1.0.5");
    const ask = () => instance.ask<StatusView>("GET", "/v1/status").catch(() => undefined);
    const status = await until("both run", async () => {
      const now = await ask();
      return now?.agent.version === "1.0.5" && now.slots.length === 2 ? now : undefined;
    });
    process.kill(instance.pids().keeper, "SIGKILL");
    const after = await until("the next keeper says what it keeps", async () => {
      const now = await ask();
      return now?.running.keeper ? now : undefined;
    });
    expect(pidsOf(after)).toEqual(pidsOf(status));
    expect(await instance.ended("1.0.5")).toMatchObject({ outcome: "committed" });
  });

  it("goes back by hand the same way", async () => {
    expect(instance.cli("rollback")).toMatchObject({ status: 0 });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.4" });
    expect(instance.cli("doctor")).toMatchObject({ status: 0 });
  });
});

describe("an agent whose new version must pass smoke checks and a trial", () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.create({
      agent: "stateless-agent",
      settings: `${SETTINGS}\nfront: { port: PORT, stickBy: { cookie: sid } }\nexchange: { warm: false, smoke: [{ path: /smoke, status: 200, body: "^[0-9.]+$" }], trial: { share: 0.3, time: 1s, requests: 30 } }`,
    });
    await instance.start();
  });
  afterAll(() => instance.end());

  it("is refused by a smoke check before anybody meets it", async () => {
    const before = instance.pids().agent;
    const watched = watch(instance.port);
    instance.publish("1.0.1", {
      "server.js": (text) =>
        text.replace('else if (pathname === "/stream")', 'else if (pathname === "/smoke") response.end("smoke");\n  else if (pathname === "/stream")'),
    });
    expect(await instance.ended("1.0.1")).toMatchObject({ outcome: "rolled-back", because: expect.stringContaining("not what exchange.smoke.body asks for") });
    expect(instance.pids().agent).toBe(before);
    expect(await watched.stop()).toEqual(new Set(["200 1.0.0"]));
  });

  it("meets a share of the callers first, who stay with it, and then everybody; the old one ends with the confirmation", async () => {
    instance.publish("1.0.2", { "server.js": (text) => text.replace('else if (pathname === "/smoke") response.end("smoke");\n  ', "") });
    await until("the trial runs", async () => ((await instance.statusNow())?.slots.some(({ role }) => role === "trial") ? true : undefined));
    const met = await Promise.all(Array.from({ length: 100 }, (_, caller) => meet(instance.port, `sid=${caller}`)));
    const tried = met.flatMap((version, caller) => (version === "1.0.2" ? [caller] : []));
    expect(tried.length).toBeGreaterThan(10);
    expect(tried.length).toBeLessThan(55);
    // Enough for a verdict; and whoever met the new version meets it again.
    for (const caller of [...tried, ...tried]) expect(await meet(instance.port, `a=b; sid=${caller}`)).toBe("1.0.2");
    await until("everybody meets it", async () => ((await instance.served())?.version === "1.0.2" ? true : undefined));
    const update = await instance.ended("1.0.2");
    expect(update).toMatchObject({ outcome: "committed" });
    expect(update.steps.find((step) => step.id === "trial")).toMatchObject({ because: expect.stringContaining("30 % of the callers") });
    expect(instance.status().slots).toHaveLength(1);
  });

  it("puts the share back when the new version misbehaves there, and nobody else ever meets it", async () => {
    const before = instance.pids().agent;
    instance.publish("1.0.3", {
      "server.js": (text) => text.replace('pathname === "/slow"', 'pathname === "/broken") request.socket.destroy();\n  else if (pathname === "/slow"'),
    });
    await until("the trial runs", async () => ((await instance.statusNow())?.slots.some(({ role }) => role === "trial") ? true : undefined));
    const callers = Array.from({ length: 60 }, (_, caller) => `sid=${caller}`);
    const asked = await Promise.all(
      callers.map((cookie) =>
        ask(instance.port, "/broken", cookie).ended.then(
          () => "well",
          () => "broken",
        ),
      ),
    );
    expect(new Set(asked)).toEqual(new Set(["well", "broken"]));
    expect(await instance.ended("1.0.3")).toMatchObject({ outcome: "rolled-back", code: "MISBEHAVED" });
    expect(instance.pids().agent).toBe(before);
    expect(new Set(await Promise.all(callers.map((cookie) => meet(instance.port, cookie))))).toEqual(new Set(["1.0.2"]));
  });
});

function ask(port: number, path: string, cookie = "") {
  let text = "";
  let hasEnded = false;
  const ended = new Promise<string>((resolve, reject) => {
    const asked = get({ host: "127.0.0.1", port, path, agent: false, headers: cookie === "" ? {} : { cookie } }, (response) => {
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", reject).on("end", () => {
        hasEnded = true;
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${response.statusCode}`));
      });
    });
    asked.on("error", reject);
  });
  return { ended, text: () => text, hasEnded: () => hasEnded };
}

const meet = (port: number, cookie: string): Promise<string> => ask(port, "/", cookie).ended;

/** Asks again and again, and tells every answer that came. */
function watch(port: number) {
  const answers = new Set<string>();
  let isStopped = false;
  const done = (async () => {
    while (!isStopped) {
      answers.add(
        await ask(port, "/").ended.then(
          (version) => `200 ${version}`,
          (error: Error) => error.message,
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return answers;
  })();
  return {
    stop: () => {
      isStopped = true;
      return done;
    },
  };
}

/** A WebSocket through the front. */
async function connectSocket(port: number) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", () => reject(new Error("the WebSocket was refused")));
  });
  return {
    closed,
    echo: (text: string) =>
      new Promise((resolve) => {
        socket.addEventListener("message", ({ data }) => resolve(data), { once: true });
        socket.send(text);
      }),
    close: () => socket.close(),
  };
}

const pidsOf = (status: StatusView) => status.slots.map(({ slot, version, pid }) => ({ slot, version, pid }));
