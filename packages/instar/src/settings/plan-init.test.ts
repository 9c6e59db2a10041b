import { expect, test } from "vitest";
import type { AgentDetection } from "./detect-agent.ts";
import { found, notFound } from "./finding.ts";
import { planInit } from "./plan-init.ts";

const detection: AgentDetection = {
  name: found("ana", "certain", "e"),
  source: found({ git: "../x", branch: "main" }, "certain", "e"),
  directory: found(".", "certain", "e"),
  start: found(["node", "a.js"], "certain", "e"),
  path: found(["/usr/bin"], "certain", "e"),
  install: notFound("e"),
  build: notFound("e"),
  tests: found(["npm", "test"], "certain", "e"),
  environmentFile: notFound("e"),
  port: found({ port: "given", variable: "AGENT_PORT", usual: 3000 }, "certain", "e"),
  health: found({ http: { path: "/healthz" } }, "likely", "e"),
  state: found({ kind: "none" }, "guess", "e", "nothing is backed up"),
  frontPort: found(3000, "certain", "e"),
  trust: notFound("e"),
};

test("what was found becomes settings, and what a finding warns of is passed on", () => {
  const plan = ready(detection, {});
  expect(plan.settings).toEqual({
    version: 1,
    name: "ana",
    source: { git: "../x", branch: "main" },
    agent: { start: ["node", "a.js"], path: ["/usr/bin"], port: "given", portVariable: "AGENT_PORT" },
    tests: { command: ["npm", "test"] },
    health: { http: { path: "/healthz" } },
    state: { kind: "none" },
    exchange: { strategy: "recreate" },
    front: { port: 3000 },
  });
  expect(plan.warnings).toEqual(["Nothing is backed up.", expect.stringContaining("Nobody has said that two versions"), expect.stringContaining("loopback")]);
});

test("a state that was only guessed is never opened by two versions; one that somebody vouches for may be", () => {
  expect(ready(detection, { state: "none" }).settings.exchange).toBeUndefined();
  expect(ready(detection, { state: "external" }).settings.exchange).toBeUndefined();
  expect(ready({ ...detection, state: found({ kind: "external" }, "likely", "e") }, {}).settings.exchange).toEqual({ strategy: "recreate" });
  expect(ready({ ...detection, state: notFound("e") }, {}).settings.exchange).toEqual({ strategy: "recreate" });
  expect(ready({ ...detection, state: found({ kind: "exclusive", directory: "data" }, "guess", "e") }, {}).settings.exchange).toBeUndefined();
});

test("an agent that trusts callers from its own machine is spoken of", () => {
  const trust = found("connection" as const, "likely", "e", "a.js treats callers from this machine specially");
  expect(ready({ ...detection, trust }, {}).warnings).toContain("A.js treats callers from this machine specially.");
});

test("an answer wins, and the warning about what it replaces goes", () => {
  const plan = ready(detection, {
    start: "node b.js --x",
    tests: "make test && x",
    state: "/srv/d",
    stateVariable: "D",
    source: "../y",
    frontPort: "4000",
    automatic: "never",
  });
  expect(plan.settings).toMatchObject({
    source: { git: "../y" },
    agent: { start: ["node", "b.js", "--x"] },
    tests: { command: "make test && x" },
    state: { kind: "exclusive", directory: "/srv/d", variable: "D" },
    front: { port: 4000 },
    updates: { automatic: "never" },
  });
  expect(plan.settings.source).not.toHaveProperty("branch");
  expect(plan.warnings.join()).not.toMatch(/backed up/);
});

test("none leaves a part out, and without tests it is said that nothing proceeds by itself", () => {
  const plan = ready(detection, { tests: "none", healthPath: "none" });
  expect(plan.settings).not.toHaveProperty("tests");
  expect(plan.settings).not.toHaveProperty("health");
  expect(plan.warnings[0]).toMatch(/nothing will proceed by itself without tests/);
});

test("a command may be written as a JSON list", () => {
  expect(ready(detection, { start: '["node", "a b.js"]' }).settings.agent.start).toEqual(["node", "a b.js"]);
});

test("an agent without a port gets no front, no path that is asked, and needs another sign of health", () => {
  expect(planInit(detection, { port: "none" })).toMatchObject({ kind: "incomplete", missing: [{ question: "healthLog" }] });
  const plan = ready(detection, { port: "none", heartbeat: "beat" });
  expect(plan.settings.health).toEqual({ heartbeat: { file: "beat", within: "1m" } });
  expect(plan.settings).not.toHaveProperty("front");
  expect(plan.warnings.join()).not.toMatch(/loopback/);
});

test("everything that is missing is named at once", () => {
  const empty = { ...detection, source: notFound("no git"), start: notFound("no start"), port: notFound("no port") };
  const plan = planInit(empty, { install: "make deps" });
  expect(plan.kind === "incomplete" && plan.missing.map(({ question }) => question)).toEqual(["source", "start", "port", "lockfiles", "produces"]);
});

function ready(...[seen, answers]: Parameters<typeof planInit>) {
  const plan = planInit(seen, answers);
  if (plan.kind !== "ready") throw new Error(`not ready: ${JSON.stringify(plan)}`);
  return plan;
}
