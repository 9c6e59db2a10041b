import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { judgeVersion } from "../../instar/src/platform/judge-answer.ts";
import { type HealthOptions, healthHandler, serveHealth } from "./health-handler.ts";
import { createMetrics } from "./metrics.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }
});

async function serve(ready: HealthOptions["ready"], more: Partial<HealthOptions> = {}) {
  const server = await serveHealth({ ready, port: 0, version: "1.2.3", also: [createMetrics().handler()], ...more });
  servers.push(server);
  return (path: string, method = "GET") => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { method });
}

describe("readiness", () => {
  it("ready: 200, with who it is", async () => {
    const answer = await (await serve(async () => true))("/healthz?x=1");
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ ready: true, because: null, version: "1.2.3", pid: process.pid });
  });

  it.each<[string, HealthOptions["ready"], string]>([
    ["false", () => false, "it is not ready"],
    ["why it is not", () => "no database yet", "no database yet"],
    [
      "an error",
      () => {
        throw new Error("broken");
      },
      "ready() failed: broken",
    ],
    ["a rejection", () => Promise.reject(new Error("broken")), "ready() failed: broken"],
    ["something else than true", (() => 1) as unknown as HealthOptions["ready"], "it is not ready"],
  ])("%s: 503 with the reason", async (_, ready, because) => {
    const answer = await (await serve(ready))("/healthz");
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ ready: false, because });
  });

  it("a ready() that never answers: 503 before Instar takes it for silence", async () => {
    const answer = await (await serve(() => new Promise<boolean>(() => undefined), { readyWithinMs: 20 }))("/healthz");
    expect(answer.status).toBe(503);
  });
});

describe("identity", () => {
  it("is what health.version asks, also while it is not ready", async () => {
    const answer = await (await serve(() => false))("/version");
    expect(answer.status).toBe(200);
    const body = await answer.text();
    const named = judgeVersion({ kind: "answered", status: 200, headers: {}, body }, { asked: "GET /version", at: "/version", version: "1.2.3" });
    expect(named).toMatchObject({ verdict: "pass" });
  });
});

describe("other requests", () => {
  it("are left to the agent's own server; one that serves only health answers 404", async () => {
    const ask = await serve(() => true);
    expect((await ask("/")).status).toBe(404);
    expect((await ask("/healthz", "POST")).status).toBe(404);
    expect((await ask("/healthz", "HEAD")).status).toBe(200);
    expect((await ask("/metrics")).status).toBe(200);
  });

  it("go the agent's way, at paths of its own", async () => {
    const health = healthHandler({ ready: () => true, path: "/ready", versionPath: "/who" });
    const server = createServer((request, response) => void (health(request, response) || response.end("mine")));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const ask = async (path: string) => (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)).text();
    expect(await ask("/healthz")).toBe("mine");
    expect(JSON.parse(await ask("/ready"))).toMatchObject({ ready: true });
    expect(JSON.parse(await ask("/who"))).toMatchObject({ pid: process.pid });
  });

  it.each([Number.NaN, -1, 70_000, 1.5])("no port: %s", async (port) => {
    await expect(serveHealth({ ready: () => true, port })).rejects.toThrow("there is no port");
  });

  it("a port that is taken", async () => {
    const server = await serveHealth({ ready: () => true, port: 0 });
    servers.push(server);
    await expect(serveHealth({ ready: () => true, port: (server.address() as AddressInfo).port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});
