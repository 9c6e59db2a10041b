import { expect, test } from "vitest";
import { asksForHealth, planHealth } from "./plan-health.ts";

test.each([
  [
    { isClosing: false, isHolding: false, hasAgent: true },
    { status: 200, word: "serving" },
  ],
  [
    { isClosing: false, isHolding: true, hasAgent: true },
    { status: 200, word: "holding" },
  ],
  [
    { isClosing: false, isHolding: true, hasAgent: false },
    { status: 200, word: "holding" },
  ],
  [
    { isClosing: false, isHolding: false, hasAgent: false },
    { status: 503, word: "no-agent" },
  ],
  [
    { isClosing: true, isHolding: false, hasAgent: true },
    { status: 503, word: "closing" },
  ],
  [
    { isClosing: true, isHolding: true, hasAgent: false },
    { status: 503, word: "closing" },
  ],
] as const)("%o is %o", (state, health) => {
  expect(planHealth(state)).toEqual(health);
});

test.each([
  ["/.instar/front", true],
  ["/.instar/front?since=1", true],
  ["/.instar/front?", true],
  ["http://agent.example:80/.instar/front", true],
  ["HTTP://agent.example/.instar/front?x", true],
  ["/.instar/front/", false],
  ["/.instar/frontier", false],
  ["/x?/.instar/front", false],
  ["/x/.instar/front", false],
  ["//.instar/front", false],
  ["/.INSTAR/front", false],
  ["/%2einstar/front", false],
  ["http://agent.example/x?http://agent.example/.instar/front", false],
  ["*", false],
])("%s is the front's own: %s", (target, isOwn) => {
  expect(asksForHealth(target, "/.instar/front")).toBe(isOwn);
  expect(asksForHealth(target, undefined)).toBe(false);
});
