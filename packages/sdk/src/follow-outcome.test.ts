import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "./connect.ts";
import { deploymentShown, FakeDaemon, sendProblem, updateShown } from "./fake-daemon.testing.ts";

let daemon: FakeDaemon;
beforeEach(async () => {
  daemon = await FakeDaemon.create();
  daemon.answers["GET /v1/code/deployments"] = () => ({ deployments: [deploymentShown({ comment: "leave the tests alone" })] });
});
afterEach(() => daemon.end());

const follow = (more: object = {}) => connect({ door: daemon.door, patienceMs: 40 }).outcome("u1", { everyMs: 2, ...more });
const underWay = () => updateShown();
const refused = () => updateShown({ outcome: "refused", because: "a person rejected it", code: "REJECTED" });

/** Answers each look with the next of these, and then with the last. */
function answerInTurn(...answers: ((request: never, response: never) => unknown)[]): void {
  let turn = 0;
  daemon.answers["GET /v1/update/show"] = (request, response) => answers[Math.min(turn++, answers.length - 1)]?.(request as never, response as never);
}

describe("waiting for an outcome", () => {
  it("looks until it has ended, and says what a person said", async () => {
    answerInTurn(underWay, underWay, refused);
    expect(await follow()).toEqual({
      update: "u1",
      outcome: "refused",
      because: "a person rejected it",
      code: "REJECTED",
      versionFrom: "1.0.0",
      versionTo: "1.0.1",
      comment: "leave the tests alone",
    });
    expect(daemon.heard[0]?.query).toEqual({ update: "u1" });
  });

  it("goes on while the daemon is away longer than a call has patience, and finds it at its new port", async () => {
    answerInTurn(underWay, refused);
    const following = follow();
    while (daemon.heard.length === 0) await new Promise(setImmediate);
    await daemon.kill();
    const away = connect({ door: daemon.door, patienceMs: 120 });
    await expect(away.why()).rejects.toMatchObject({ code: "unreachable" });
    daemon.token = "second";
    await daemon.start();
    daemon.writeDoor();
    expect(await following).toMatchObject({ outcome: "refused" });
  });

  it("goes on where the daemon has no time, or somebody else answers at its port for a while", async () => {
    const busy = (_: never, response: never) => sendProblem(response, 503, { code: "NOT_RUNNING", detail: "not yet" });
    const other = (_: never, response: never) =>
      void (response as import("node:http").ServerResponse).writeHead(200, { "content-type": "text/html" }).end("hi");
    answerInTurn(busy, other, other, refused);
    expect(await follow()).toMatchObject({ outcome: "refused" });
  });

  it("ends where what answers stays strange", async () => {
    answerInTurn(() => []);
    await expect(follow()).rejects.toMatchObject({ code: "answer-invalid" });
    expect(daemon.heard).toHaveLength(20);
  });

  it("ends where there is no such update, or no such operation", async () => {
    answerInTurn((_, response) => sendProblem(response, 404, { code: "NOT_FOUND", detail: "there is no update u1" }));
    await expect(follow()).rejects.toMatchObject({ code: "NOT_FOUND" });
    delete daemon.answers["GET /v1/update/show"];
    await expect(follow()).rejects.toMatchObject({ code: "not-supported" });
  });

  it("ends by the caller's signal", async () => {
    answerInTurn(underWay);
    const controller = new AbortController();
    const following = follow({ signal: controller.signal, everyMs: 60_000 });
    while (daemon.heard.length === 0) await new Promise(setImmediate);
    controller.abort();
    await expect(following).rejects.toMatchObject({ code: "aborted" });
  });

  it("is known also where the deployments cannot be read, or do not have it", async () => {
    answerInTurn(refused);
    delete daemon.answers["GET /v1/code/deployments"];
    expect(await follow()).toMatchObject({ outcome: "refused", comment: null });
    daemon.answers["GET /v1/code/deployments"] = () => ({ deployments: [deploymentShown({ update: "u2", comment: "another's" })] });
    expect(await follow()).toMatchObject({ outcome: "refused", comment: null });
  });
});
