import { appendFileSync, chmodSync } from "node:fs";
import { join } from "node:path";
import type { ExplainView, MetricsView, StatusView } from "@instar/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestInstance, until } from "./test-instance.ts";

/** The agent shows its metrics, and can be told to stop showing them. */
const SHOWS_METRICS = (text: string) =>
  text.replace(
    'if (method === "GET" && path === "/health")',
    'if (method === "GET" && path === "/metrics") return globalThis.isMute ? { status: 500, body: {} } : { status: 200, body: "queue_length 3\\n" };\n  if (method === "GET" && path === "/mute") { globalThis.isMute = true; return { status: 200, body: {} }; }\n  if (method === "GET" && path === "/health")',
  );
const AS_TEXT = (text: string) => text.replace("JSON.stringify(body)", 'typeof body === "string" ? body : JSON.stringify(body)');
const FAILS_30_PERCENT = (text: string) =>
  text.replace(
    'if (method === "GET" && path === "/")',
    'if (method === "GET" && path === "/" && Math.random() < 0.3) return { status: 500, body: {} };\n  if (method === "GET" && path === "/")',
  );

/** The watch as at its first recorded look. */
const watched = (instance: TestInstance, version: string) =>
  until(`${version} is watched`, async () => {
    const status = await instance.ask<StatusView>("GET", "/v1/status").catch(() => undefined);
    return status?.observation?.version === version ? status.update : undefined;
  });
const waitsFor = (instance: TestInstance, words: string): Promise<StatusView> =>
  until(`it waits: ${words}`, async () => {
    const status = await instance.ask<StatusView>("GET", "/v1/status").catch(() => undefined);
    return status?.observation?.waitsFor === "operator" && status.observation.because.includes(words) ? status : undefined;
  });

describe("a new version of a real agent in service", () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.create({
      settings:
        "watch: { time: 2s, requests: 0, metrics: [{ name: queue, prometheus: { metric: queue_length }, every: 500ms }] }\nupdates: { automatic: never }",
    });
    instance.publish("1.0.0", { "answer.js": SHOWS_METRICS, "server.js": AS_TEXT });
    await instance.start();
  }, 120_000);
  afterAll(() => instance.end());
  const begin = (...more: string[]) => expect(instance.cli("update", "apply", "--no-wait", ...more)).toMatchObject({ status: 0 });

  it("is put back when it fails 30 % of its requests under load, with the numbers, and its verdicts come out again", async () => {
    instance.publish("1.0.1", { "answer.js": FAILS_30_PERCENT });
    begin();
    const load = new AbortController();
    const callers = Array.from({ length: 4 }, async () => {
      while (!load.signal.aborted) await instance.served();
    });
    const update = await instance.ended("1.0.1");
    load.abort();
    await Promise.all(callers);
    expect(update).toMatchObject({ outcome: "rolled-back", code: "MISBEHAVED" });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.0" });
    const explained = instance.json<ExplainView>("update", "explain", update.id);
    expect(explained.replays.verdict).toBe("yes");
    expect(explained.looks.at(-1)?.findings[0]).toMatchObject({ trigger: "error_rate_spike", verdict: "fail", statistic: expect.any(Number) });
  });

  it("waits for a person when a metric stops, whoever kills the daemon meanwhile, and goes on at a word", async () => {
    instance.publish("1.0.2", {
      "answer.js": (text) =>
        text
          .replace(' && Math.random() < 0.3) return { status: 500, body: {} };\n  if (method === "GET" && path === "/")', ")")
          .replace("  ", "  globalThis.isMute = true;\n  "),
    });
    begin();
    const { observation } = await waitsFor(instance, "metric queue");
    expect(observation?.silent).toMatchObject({ "metric queue": expect.stringContaining("500") });
    process.kill(instance.pids().daemon, "SIGKILL");
    const status = await waitsFor(instance, "metric queue");
    expect(status.waiting).toContain("instar update confirm");
    const metrics = instance.json<MetricsView>("metrics");
    expect(metrics.versions.map(({ role, version }) => [role, version])).toEqual([
      ["candidate", "1.0.2"],
      ["before", "1.0.0"],
    ]);
    expect(metrics.versions[1]?.metrics).toEqual({ queue: 3 });
    expect(instance.cli("update", "confirm")).toMatchObject({ status: 0, stdout: expect.stringContaining("confirmed 1.0.2") });
    const update = await instance.ended("1.0.2");
    expect(update).toMatchObject({ outcome: "committed" });
    expect(instance.json<ExplainView>("update", "explain", update.id).replays).toMatchObject({ verdict: "yes" });
  });

  it("comes back by itself when nobody confirms it in time, also where the daemon was killed in between", async () => {
    instance.publish("1.0.3", { "answer.js": (text) => text.replace("globalThis.isMute = true;\n  ", "") });
    begin("--confirm-within", "10s");
    await watched(instance, "1.0.3");
    process.kill(instance.pids().daemon, "SIGKILL");
    expect(await instance.ended("1.0.3")).toMatchObject({ outcome: "rolled-back", code: "NOT_CONFIRMED" });
    expect((await instance.served())?.version).not.toBe("1.0.3");
  });

  it("is put back when its files are changed underneath while it is watched", async () => {
    instance.publish("1.0.4", { "journal.js": (text) => `${text}\n` });
    begin("--confirm-within", "10m");
    const releaseTo = (await watched(instance, "1.0.4"))?.releaseTo;
    const file = join(instance.data, "releases", String(releaseTo), "tree", "journal.js");
    chmodSync(file, 0o644);
    appendFileSync(file, "// tampered\n");
    expect(await instance.ended("1.0.4")).toMatchObject({ outcome: "rolled-back", code: "MISBEHAVED", because: expect.stringContaining("changed underneath") });
  });
});
