import { needOf, OPERATIONS, type Operation, type OutputOf, routeOf } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from "vitest";
import type { CallOptions } from "./call-operation.ts";
import { connect, type SelfUpgrade, type TaskPlan } from "./connect.ts";
import { deploymentShown, FakeDaemon, updateShown } from "./fake-daemon.testing.ts";
import type { Begun, Check, Deployed, Deployment, Health, Seen, Task } from "./views.ts";

let daemon: FakeDaemon;
beforeEach(async () => {
  daemon = await FakeDaemon.create();
  for (const operation of OPERATIONS as readonly Operation[]) {
    const { method, path } = routeOf(operation);
    daemon.answers[`${method} ${path}`] = () => ({
      ...deploymentShown(),
      ...updateShown({ outcome: "committed" }),
      deployments: [deploymentShown()],
      deployment: deploymentShown(),
      decision: "start",
      name: "a",
      verdict: "pass",
      checks: [],
      versions: [],
      state: "idle",
      id: "a",
      steps: [],
    });
  }
});
afterEach(() => daemon.end());

const task = (more: Partial<TaskPlan> = {}): TaskPlan => ({ name: "a", type: "check-for-updates", every: "1h", ...more });
const calls: readonly [string, (self: SelfUpgrade) => unknown][] = [
  ["checkForUpdates", (self) => self.checkForUpdates()],
  ["checkForUpdates of one source", (self) => self.checkForUpdates({ source: "git" })],
  ["upgrade", (self) => self.upgrade()],
  ["upgrade to one version", (self) => self.upgrade({ target: "v1", because: "due" })],
  ["check", (self) => self.check()],
  ["logEvent", (self) => self.logEvent({ what: "model.changed", text: "it is another one" })],
  ["logEvent, with all there is", (self) => self.logEvent({ what: "a", text: "b", success: false, facts: { n: 1, b: true, t: "x" } })],
  ["deploy", (self) => self.deploy({ message: "m" })],
  ["deploy, with all there is", (self) => self.deploy({ message: "m", asker: "a", revises: "u", push: true })],
  ["deployments", (self) => self.deployments()],
  ["deployments, with all there is", (self) => self.deployments({ limit: 3, unseen: true })],
  ["acknowledge", (self) => self.acknowledge("u")],
  ["outcome", (self) => self.outcome("u")],
  ["scheduleTask", (self) => self.scheduleTask(task())],
  [
    "scheduleTask, with all there is",
    (self) =>
      self.scheduleTask(
        task({
          cron: "@daily",
          timeZone: "Europe/Berlin",
          missed: "skip",
          within: "10s",
          failures: 3,
          source: "git",
          keepDays: 3,
          keepBytes: "1MiB",
          url: "https://example.org",
          body: "{}",
          secretVariable: "S",
          path: "/a",
          text: "t",
        }),
      ),
  ],
  ["removeTask", (self) => self.removeTask("a")],
  ["healthCheck", (self) => self.healthCheck()],
  ["getMetrics", (self) => self.getMetrics({ since: "10m" })],
  ["why", (self) => self.why()],
];

describe("what this SDK asks is what the protocol has, and what an agent may", () => {
  it.each(calls)("%s", async (_, call) => {
    await call(connect({ door: daemon.door }));
    expect(daemon.heard.length).toBeGreaterThan(0);
    for (const { route, body, query } of daemon.heard) {
      const operation = (OPERATIONS as readonly Operation[]).find((one) => route === `${routeOf(one).method} ${routeOf(one).path}`);
      if (operation === undefined) throw new Error(`there is no ${route}`);
      operation.input.parse(body ?? query);
      expect(["look", "propose"]).toContain(needOf(operation));
    }
  });

  it("resume", async () => {
    const resumption = connect({ door: daemon.door, release: "r" }).resume(() => undefined);
    while (!daemon.routes().includes("POST /v1/code/acknowledge")) await new Promise(setImmediate);
    await resumption.stop();
    expect((OPERATIONS as readonly Operation[]).map((one) => `${routeOf(one).method} ${routeOf(one).path}`)).toEqual(expect.arrayContaining(daemon.routes()));
  });

  it("every call has limits of its caller's", () => {
    expectTypeOf<CallOptions>().toExtend<NonNullable<Parameters<SelfUpgrade["why"]>[0]>>();
  });
});

describe("what this SDK understands is what the protocol answers", () => {
  it("by its types", () => {
    expectTypeOf<OutputOf<"update.check">>().toExtend<Check>();
    expectTypeOf<OutputOf<"update.propose">>().toExtend<Begun>();
    expectTypeOf<OutputOf<"code.deploy">>().toExtend<Deployed>();
    expectTypeOf<OutputOf<"code.deployments">["deployments"][number]>().toExtend<Deployment>();
    expectTypeOf<OutputOf<"task.add">>().toExtend<Task>();
    expectTypeOf<OutputOf<"health">>().toExtend<Health>();
    expectTypeOf<OutputOf<"metrics">["versions"][number]>().toExtend<Seen>();
  });
});
