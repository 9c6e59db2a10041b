import { expect, test } from "vitest";
import { type GuideFacts, planGuide } from "./plan-guide.ts";

const NOTHING: GuideFacts = {
  status: undefined,
  doctor: undefined,
  settings: undefined,
  updates: undefined,
  backups: undefined,
  tokens: undefined,
  isKeyRemembered: false,
};
const done = (facts: Partial<Record<keyof GuideFacts, unknown>>) =>
  planGuide({ ...NOTHING, ...facts } as GuideFacts)
    .filter(({ isDone }) => isDone === true)
    .map(({ id }) => id);

test("what is not known is neither done nor to do", () => {
  const points = planGuide(NOTHING);
  expect(points.filter(({ isDone }) => isDone !== null).map(({ id }) => id)).toEqual(["key"]);
  expect(new Set(points.map(({ id }) => id)).size).toBe(points.length);
});

test("points are ticked off by what is", () => {
  const status = (parts: object) => ({
    running: { keeper: true, daemon: true },
    sources: [],
    agent: { version: null, health: "nodata", containment: "open" },
    ...parts,
  });
  expect(done({ status: status({}) })).toEqual(["runs"]);
  expect(done({ status: status({ sources: [{ lookedAt: "2026-11-29T18:00:00Z", failing: "gone" }] }) })).toEqual(["runs"]);
  expect(done({ status: status({ sources: [{ lookedAt: "2026-11-29T18:00:00Z", failing: null }] }) })).toEqual(["runs", "source"]);
  expect(done({ status: status({ agent: { version: "1.0.0", health: "nodata", containment: "sandboxed" } }) })).toEqual(["runs", "contained"]);
  expect(done({ backups: { backups: [{ state: "damaged" }] } })).toEqual([]);
  expect(done({ backups: { backups: [{ state: "whole" }] } })).toEqual(["state"]);
  expect(done({ tokens: { tokens: [{ state: "living", role: "agent" }] } })).toEqual([]);
  expect(done({ updates: { updates: [{ kind: "code", outcome: "committed", versionFrom: null }] } })).toEqual([]);
  expect(done({ updates: { updates: [{ kind: "code", outcome: "committed", versionFrom: "1.0.0" }] } })).toEqual(["updated"]);
});
