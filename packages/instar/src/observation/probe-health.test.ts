import { once } from "node:events";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { createJobRunner } from "../platform/run-job.ts";
import { type SettingsFile, settingsSchema } from "../settings/settings.ts";
import { type HealthTarget, probeHealth } from "./probe-health.ts";

let folder: string;
let server: Server | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-health-"));
});
afterEach(async () => {
  server?.closeAllConnections();
  if (server?.listening) await once(server.close(), "close");
  rmSync(folder, { recursive: true, force: true });
});

const serve = async (answer: RequestListener): Promise<number> => {
  server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};
/** A port where nobody listens: it was free a moment ago. */
const silentPort = async (): Promise<number> => {
  const port = await serve(() => undefined);
  if (server !== undefined) await once(server.close(), "close");
  return port;
};
const probe = (health: NonNullable<SettingsFile["health"]>, target: Partial<HealthTarget> = {}) =>
  probeHealth(
    settingsSchema.parse({ version: 1, name: "demo", source: { git: "." }, agent: { start: ["true"] }, health }),
    {
      alive: true,
      port: null,
      cwd: folder,
      stateDirectory: null,
      releaseFolder: folder,
      logPath: join(folder, "log"),
      logFrom: 0,
      startedAtMs: systemClock.wallMs() - 60_000,
      environment: { PATH: "/usr/bin:/bin", GREETING: "hello" },
      ...target,
    },
    { clock: systemClock, runJob: createJobRunner({ clock: systemClock, instanceId: `health:${folder}` }), jobLogPath: join(folder, "health.log") },
  );

describe("asking by HTTP", () => {
  const http = { http: { path: "/health", body: '"ok":\\s*true' } };
  for (const [name, status, body, verdict] of [
    ["passes on what is asked for", 200, '{"ok": true}', "pass"],
    ["fails on an answer without a body where one is asked for", 204, "", "fail"],
    ["fails on another answer, though it is 200", 200, '{"ok": false}', "fail"],
    ["fails on 500", 500, '{"ok": true}', "fail"],
    ["fails on a redirect: nobody follows it", 302, '{"ok": true}', "fail"],
  ] as const)
    it(name, async () => {
      const port = await serve((_, answer) => answer.writeHead(status, { location: "/" }).end(body));
      expect(await probe(http, { port })).toMatchObject({ verdict });
    });

  it("asks for nothing but a 2xx where the operator says no more", async () => {
    const port = await serve((request, answer) => answer.writeHead(request.url === "/health" ? 204 : 404).end());
    expect(await probe({ http: { path: "/health" } }, { port })).toEqual({ verdict: "pass", because: "GET /health answered 204" });
  });

  it("never takes silence for a pass: nobody listens, or the answer breaks off", async () => {
    expect(await probe(http, { port: await silentPort() })).toMatchObject({ verdict: "nodata" });
    const port = await serve((_, answer) => {
      answer.writeHead(200, { "content-length": "100" }).write('{"ok": true}');
      answer.socket?.destroy();
    });
    expect(await probe(http, { port })).toMatchObject({ verdict: "nodata" });
  });
});

describe("asking without a named check", () => {
  it("passes where something answers at the port", async () =>
    expect(await probe({}, { port: await serve(() => undefined) })).toMatchObject({ verdict: "pass" }));
  it("has no data where nothing does", async () => expect(await probe({}, { port: await silentPort() })).toMatchObject({ verdict: "nodata" }));
  it("passes an agent without a port that lives", async () => expect(await probe({})).toEqual({ verdict: "pass", because: "its process lives" }));
  it("fails one whose process is gone, whatever else is said", async () =>
    expect(await probe({ command: { run: ["true"] } }, { alive: false })).toEqual({ verdict: "fail", because: "its process is gone" }));
});

describe("a heartbeat", () => {
  const heartbeat = { heartbeat: { file: "beat", within: "30s" } };
  const beat = (agoMs: number) => {
    writeFileSync(join(folder, "beat"), "");
    const at = (systemClock.wallMs() - agoMs) / 1_000;
    utimesSync(join(folder, "beat"), at, at);
  };
  it("has no data before the first one", async () => expect(await probe(heartbeat)).toMatchObject({ verdict: "nodata" }));
  it("has no data where the last is of the version before", async () => {
    beat(120_000);
    expect(await probe(heartbeat)).toMatchObject({ verdict: "nodata" });
  });
  it("passes while it is fresh", async () => {
    beat(1_000);
    expect(await probe(heartbeat)).toMatchObject({ verdict: "pass" });
  });
  it("fails when it is old", async () => {
    beat(45_000);
    expect(await probe(heartbeat)).toMatchObject({ verdict: "fail" });
  });
  it("is looked for in the state folder where the agent has one", async () => {
    beat(1_000);
    expect(await probe(heartbeat, { stateDirectory: folder, cwd: "/" })).toMatchObject({ verdict: "pass" });
  });
});

describe("the log", () => {
  const log = { log: { ready: "^ready$", failed: "^panic" } };
  for (const [name, text, logFrom, verdict] of [
    ["has no data before it says that it is ready", "starting\n", 0, "nodata"],
    ["passes when it does", "starting\nready\n", 0, "pass"],
    ["fails when it says that it failed, ready or not", "ready\npanic: no\n", 0, "fail"],
    ["is read from this start on: the one before may have been ready", "ready\nstarting\n", 6, "nodata"],
    ["is read from this start on: the one before may have failed", "panic\nready\n", 6, "pass"],
    ["is read from its beginning where it was cut since", "ready\n", 4_000, "pass"],
  ] as const)
    it(name, async () => {
      writeFileSync(join(folder, "log"), text);
      expect(await probe(log, { logFrom })).toMatchObject({ verdict });
    });
  it("has no data where there is none", async () => expect(await probe(log)).toMatchObject({ verdict: "nodata" }));
});

describe("a health command", () => {
  it("passes when it exits 0, in the agent's environment and folder", async () =>
    expect(await probe({ command: { run: `test "$GREETING" = hello && test "$PWD" = "${folder}"` } })).toMatchObject({ verdict: "pass" }));
  it("fails when it exits otherwise", async () =>
    expect(await probe({ command: { run: ["sh", "-c", "exit 3"] } })).toEqual({ verdict: "fail", because: "the health command exits 3" }));
  it("has no data when it does not end in time", async () =>
    expect(await probe({ command: { run: ["sleep", "100"], within: "100ms" } })).toMatchObject({ verdict: "nodata" }));
  it("is an error when it cannot be run", async () => expect(await probe({ command: { run: ["no-such-program"] } })).toMatchObject({ verdict: "error" }));
});

describe("several checks", () => {
  it("must all pass: a failure comes before a silence", async () => {
    const port = await silentPort();
    expect(await probe({ http: { path: "/" }, command: { run: ["false"] } }, { port })).toMatchObject({ verdict: "fail" });
    expect(await probe({ http: { path: "/" }, command: { run: ["true"] } }, { port })).toMatchObject({ verdict: "nodata" });
  });
});
