import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InstarCallError } from "./call-error.ts";
import { connect } from "./connect.ts";
import { deploymentShown, FakeDaemon, sendProblem } from "./fake-daemon.testing.ts";

let daemon: FakeDaemon;
beforeEach(async () => {
  daemon = await FakeDaemon.create();
});
afterEach(() => daemon.end());

const self = (more: object = {}) => connect({ door: daemon.door, patienceMs: 30_000, ...more });
const failure = (call: Promise<unknown>): Promise<InstarCallError> =>
  call.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: unknown) => {
      if (InstarCallError.is(error)) return error;
      throw error;
    },
  );

describe("what an agent asks and tells", () => {
  it("asks the sources, proposes, deploys", async () => {
    daemon.answers["POST /v1/update/check"] = () => ({ source: "git", found: true, version: "1.1.0", commit: "c", decision: "start", because: "newer" });
    daemon.answers["POST /v1/update/propose"] = () => ({ event: null, decision: "hold", because: "a person decides", update: null });
    daemon.answers["POST /v1/code/deploy"] = () => ({ update: "u1", commit: "c", changed: ["a.js"], isRebased: false, decision: "start", because: "" });
    expect(await self().checkForUpdates()).toEqual({ source: "git", found: true, version: "1.1.0", commit: "c", decision: "start", because: "newer" });
    expect(await self().upgrade({ because: "it is due" })).toEqual({ decision: "hold", because: "a person decides", update: null });
    expect(await self().deploy({ message: "be kind", asker: "chat 7", revises: "u0" })).toMatchObject({ update: "u1", changed: ["a.js"], isRebased: false });
    expect(daemon.heard.map(({ body }) => body)).toEqual([{}, { because: "it is due" }, { message: "be kind", asker: "chat 7", revises: "u0" }]);
  });

  it("lists and acknowledges deployments", async () => {
    daemon.answers["GET /v1/code/deployments"] = () => ({ deployments: [deploymentShown()] });
    daemon.answers["POST /v1/code/acknowledge"] = () => ({ deployment: deploymentShown({ isAcknowledged: true }) });
    expect(await self().deployments({ unseen: true, limit: 5 })).toEqual([deploymentShown()]);
    expect(await self().acknowledge("u1")).toMatchObject({ isAcknowledged: true });
    expect(daemon.heard.map(({ query, body }) => [query, body])).toEqual([
      [{ limit: "5", unseen: "true" }, undefined],
      [{}, { update: "u1" }],
    ]);
  });

  it("adds and removes tasks", async () => {
    const task = { id: "t1", name: "look", type: "check-for-updates", does: "asks", state: "active", pausedBecause: null, nextAt: null, failures: 0 };
    daemon.answers["POST /v1/task/add"] = () => ({ ...task, cron: "@daily" });
    daemon.answers["POST /v1/task/remove"] = () => task;
    expect(await self().scheduleTask({ name: "look", type: "check-for-updates", cron: "@daily" })).toEqual(task);
    expect(await self().removeTask("look")).toEqual(task);
    expect(daemon.heard.map(({ body }) => body)).toEqual([{ name: "look", type: "check-for-updates", cron: "@daily" }, { task: "look" }]);
  });

  it("asks how it is, what was seen, and why nothing happens", async () => {
    daemon.answers["GET /v1/health"] = () => ({
      verdict: "nodata",
      because: "nobody asked",
      checks: [{ check: "service_status", when: "after", verdict: "pass", gate: "required", because: "it answers", evidence: {} }],
    });
    daemon.answers["GET /v1/metrics"] = () => ({ sinceMs: 1, versions: [{ role: "serving", release: "r", requests: 3, metrics: { queue: 2, odd: "x" } }] });
    daemon.answers["GET /v1/status"] = () => ({
      state: "approving",
      waiting: "for a person",
      agent: { release: "r", version: "1.0.0", health: "pass" },
      update: null,
    });
    expect(await self().healthCheck()).toEqual({
      verdict: "nodata",
      because: "nobody asked",
      checks: [{ check: "service_status", verdict: "pass", gate: "required", because: "it answers" }],
    });
    expect(await self().getMetrics({ since: "10m" })).toMatchObject([{ role: "serving", requests: 3, failed: null, metrics: { queue: 2 }, silent: {} }]);
    expect(await self().why()).toEqual({ state: "approving", because: "for a person", release: "r", version: "1.0.0", health: "pass", update: null });
    expect(daemon.heard[1]?.query).toEqual({ since: "10m" });
  });
});

describe("an older or newer daemon", () => {
  it("has no such operation: not-supported, and no mere thing that is not there", async () => {
    expect(await failure(self().healthCheck())).toMatchObject({ code: "not-supported", operation: "health", status: 404, transient: false });
    daemon.answers["POST /v1/task/remove"] = (_, response) => sendProblem(response, 404, { code: "NOT_FOUND", detail: "there is no task look" });
    expect(await failure(self().removeTask("look"))).toMatchObject({ code: "NOT_FOUND", message: "there is no task look" });
  });

  it("says more than this SDK knows: fields are passed over, words and codes are kept", async () => {
    daemon.answers["GET /v1/code/deployments"] = () => ({ more: 1, deployments: [deploymentShown({ outcome: "frozen", mood: "good" })] });
    expect(await self().deployments()).toEqual([deploymentShown({ outcome: "frozen" })]);
    daemon.answers["GET /v1/health"] = (_, response) => sendProblem(response, 418, { code: "TEAPOT", detail: "no" });
    expect(await failure(self().healthCheck())).toMatchObject({ code: "TEAPOT", status: 418 });
  });

  it("says less: what it does not say is null, and what cannot be done without is refused", async () => {
    daemon.answers["GET /v1/code/deployments"] = () => ({ deployments: [{ update: "u1", outcome: "committed" }] });
    expect(await self().deployments()).toMatchObject([{ update: "u1", asker: null, comment: null, needsPerson: false }]);
    daemon.answers["GET /v1/code/deployments"] = () => ({ deployments: [{ outcome: "committed" }] });
    expect(await failure(self().deployments())).toMatchObject({ code: "answer-invalid" });
  });
});

describe("what the daemon refuses", () => {
  it("comes with code, advice and facts", async () => {
    daemon.answers["POST /v1/code/deploy"] = (_, response) =>
      sendProblem(response, 409, { code: "CONFLICT", detail: "the same lines were changed", advice: "Keep yours aside.", facts: { paths: ["a.js"] } });
    expect(await failure(self().deploy({ message: "x" }))).toMatchObject({
      code: "CONFLICT",
      message: "the same lines were changed",
      advice: "Keep yours aside.",
      facts: { paths: ["a.js"] },
      operation: "code.deploy",
      transient: false,
    });
  });

  it.each([429, 502, 503, 504])("is transient with %i, and is not asked again behind the agent's back", async (status) => {
    daemon.answers["GET /v1/health"] = (_, response) => sendProblem(response, status, { code: "ANY", detail: "later" });
    expect(await failure(self().healthCheck())).toMatchObject({ transient: true });
    expect(daemon.heard).toHaveLength(1);
  });
});

describe("a daemon that goes and comes back", () => {
  it("is away and back on another port, with another token: also a command waits for it, and is made once", async () => {
    daemon.answers["POST /v1/code/deploy"] = () => ({ update: "u1", commit: "c", decision: "start" });
    await daemon.kill();
    const deploying = self().deploy({ message: "x" });
    expect(await failure(self({ patienceMs: 30 }).why())).toMatchObject({ code: "unreachable" });
    daemon.token = "second";
    await daemon.start();
    daemon.writeDoor();
    expect(await deploying).toMatchObject({ update: "u1" });
    expect(daemon.heard).toHaveLength(1);
  });

  it("is away for longer than a call may take: unreachable, whatever its patience", async () => {
    await daemon.kill();
    expect(await failure(self().deploy({ message: "x" }, { withinMs: 50 }))).toMatchObject({ code: "unreachable", transient: true });
  });

  it("stays away: unreachable and transient, with nothing sent", async () => {
    await daemon.kill();
    expect(await failure(self({ patienceMs: 50 }).deploy({ message: "x" }))).toMatchObject({ code: "unreachable", transient: true });
  });

  it("has not written its door yet", async () => {
    daemon.answers["GET /v1/status"] = () => ({ state: "idle" });
    daemon.writeDoor('{"url": "http://127.0.0.1:1", "tok');
    const asking = self().why();
    expect(await failure(self({ patienceMs: 30 }).why())).toMatchObject({ code: "no-door" });
    daemon.writeDoor();
    expect(await asking).toMatchObject({ state: "idle" });
  });

  it("answers 401 and has rewritten the door: the new one is taken", async () => {
    daemon.answers["GET /v1/status"] = () => ({ state: "idle" });
    daemon.token = "second";
    const asking = self().why();
    while (daemon.heard.length === 0) await new Promise(setImmediate);
    daemon.writeDoor();
    expect(await asking).toMatchObject({ state: "idle" });
    expect(daemon.heard.map(({ token }) => token)).toEqual(["first", "second"]);
  });

  it("answers 401 and the door stays: UNAUTHORIZED, and the wrong token is shown once", async () => {
    daemon.token = "second";
    expect(await failure(self({ patienceMs: 500 }).why())).toMatchObject({ code: "UNAUTHORIZED" });
    expect(daemon.heard).toHaveLength(1);
  });

  it("is killed in the middle of an answer: a question is asked again", async () => {
    daemon.answers["GET /v1/status"] = (_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": 1_000 });
      response.write('{"state": "id', () => response.destroy());
      daemon.answers["GET /v1/status"] = () => ({ state: "idle" });
    };
    expect(await self().why()).toMatchObject({ state: "idle" });
    expect(daemon.heard).toHaveLength(2);
  });

  it("breaks off every answer: it is not asked without end", async () => {
    daemon.answers["GET /v1/status"] = (_, response) => void response.destroy();
    expect(await failure(self().why())).toMatchObject({ code: "unreachable", transient: true });
    expect(daemon.heard).toHaveLength(3);
  });

  it("is killed in the middle of an answer to a command: answer-lost, and it is not made a second time", async () => {
    daemon.answers["POST /v1/code/deploy"] = (_, response) => void response.destroy();
    expect(await failure(self().deploy({ message: "x" }))).toMatchObject({
      code: "answer-lost",
      transient: false,
      advice: expect.stringContaining("deployments()"),
    });
    expect(daemon.heard).toHaveLength(1);
  });

  it("is killed in the middle of an answer to what may be said twice: it is said again", async () => {
    daemon.answers["POST /v1/code/acknowledge"] = (_, response) => {
      response.destroy();
      daemon.answers["POST /v1/code/acknowledge"] = () => ({ deployment: deploymentShown() });
    };
    expect(await self().acknowledge("u1")).toMatchObject({ update: "u1" });
  });
});

describe("hostile answers", () => {
  const answered = (contentType: string, body: string, status = 200) => {
    daemon.answers["GET /v1/status"] = (_, response) => {
      response.writeHead(status, { "content-type": contentType });
      response.end(body);
    };
    return failure(self({ patienceMs: 50 }).why());
  };

  it.each([
    ["HTML", "text/html", "<html>", 200],
    ["HTML that says it is JSON", "application/json", "<html>", 200],
    ["half a JSON", "application/json", '{"state":', 200],
    ["a list", "application/json", "[]", 200],
    ["null", "application/json", "null", 200],
    ["JSON that says it is something else", "text/plain", '{"state":"idle"}', 200],
    ["a redirect", "application/json", '{"state":"idle"}', 302],
    ["JSON that is no reason", "application/json", '{"state":"idle"}', 500],
    ["a problem without a code", "application/problem+json", "{}", 500],
    ["a problem that is a list", "application/problem+json", "[]", 400],
    ["a problem that is no failure", "application/problem+json", '{"code":"X","detail":"x"}', 200],
  ])("%s is answer-invalid", async (_, contentType, body, status) => {
    expect(await answered(contentType, body, status)).toMatchObject({ code: "answer-invalid" });
  });

  it("a problem's facts that are none, its words that are too long", async () => {
    const error = await answered("application/problem+json", JSON.stringify({ code: "X", detail: "y".repeat(100_000), facts: [1], advice: 3 }), 400);
    expect(error).toMatchObject({ code: "X", facts: {}, advice: undefined });
    expect(error.message.length).toBeLessThanOrEqual(4_000);
  });

  it("100 MB is cut off", async () => {
    let sentBytes = 0;
    const piece = Buffer.alloc(1_048_576, 0x20);
    daemon.answers["GET /v1/status"] = (_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = (): void => {
        if (response.destroyed || sentBytes >= 100 * piece.length) return void response.end();
        sentBytes += piece.length;
        response.write(piece, more);
      };
      more();
    };
    expect(await failure(self({ patienceMs: 50 }).why())).toMatchObject({ code: "answer-invalid" });
    expect(sentBytes).toBeLessThan(50 * piece.length);
  });

  it("one that never ends is left: timed-out for a question, answer-lost for a command", async () => {
    const endless = (_: unknown, response: import("node:http").ServerResponse) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write(" ");
    };
    daemon.answers["GET /v1/status"] = endless;
    daemon.answers["POST /v1/task/add"] = endless;
    expect(await failure(self().why({ withinMs: 1_000 }))).toMatchObject({ code: "timed-out", transient: true });
    expect(await failure(self().scheduleTask({ name: "a", type: "webhook" }, { withinMs: 1_000 }))).toMatchObject({ code: "answer-lost", transient: false });
  });

  it("one of another program that has the old port: the door is waited for, and the token shown once", async () => {
    daemon.answers["GET /v1/status"] = (_, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<html>");
    const asking = self().why();
    while (daemon.heard.length === 0) await new Promise(setImmediate);
    daemon.answers["GET /v1/status"] = () => ({ state: "idle" });
    const { url } = daemon;
    daemon.writeDoor({ url: url.replace("127.0.0.1", "localhost"), token: "first" });
    expect(await asking).toMatchObject({ state: "idle" });
    expect(daemon.heard).toHaveLength(2);
  });
});

describe("no door", () => {
  it("outside of Instar every call says so at once", async () => {
    const { INSTAR_DOOR: _, ...rest } = process.env;
    expect(rest.INSTAR_DOOR).toBeUndefined();
    expect(await failure(connect().why())).toMatchObject({ code: "no-door", transient: false });
  });

  it("a file that is away is no-door and transient", async () => {
    expect(await failure(connect({ door: `${daemon.folder}/none`, patienceMs: 30 }).why())).toMatchObject({ code: "no-door", transient: true });
  });

  it("the caller's signal ends a call, before and while it waits", async () => {
    await daemon.kill();
    expect(await failure(self().why({ signal: AbortSignal.abort() }))).toMatchObject({ code: "aborted" });
    const controller = new AbortController();
    const asking = failure(self().why({ signal: controller.signal }));
    setImmediate(() => controller.abort());
    expect(await asking).toMatchObject({ code: "aborted", facts: { mayBeDone: false } });
  });

  it("says whether what was aborted may have been done", async () => {
    const controller = new AbortController();
    daemon.answers["POST /v1/code/deploy"] = () => controller.abort();
    expect(await failure(self().deploy({ message: "x" }, { signal: controller.signal }))).toMatchObject({ code: "aborted", facts: { mayBeDone: true } });
  });
});
