import type { UpdateView } from "@instar/protocol";
import { expect, test } from "vitest";
import { hasExchanged, planActions } from "./plan-actions.ts";

const at = (id: string, state: UpdateView["steps"][number]["state"], parts: Partial<UpdateView> = {}) => ({
  outcome: null,
  state: "applying" as const,
  kind: "code",
  steps: [{ id, title: id, state, because: "", startedAt: null, endedAt: null, evidence: null }],
  ...parts,
});
const namesOf = (update: Parameters<typeof planActions>[0]) => Object.entries(planActions(update)).flatMap(([name, can]) => (can ? [name] : []));

test("only an update that waits for people can be approved", () => {
  expect(namesOf(at("approve", "waiting"))).toEqual(["approve", "cancel", "hold", "mark"]);
  expect(namesOf(at("approve", "running"))).toEqual(["cancel", "hold", "mark"]);
  expect(namesOf(at("approve", "done", { outcome: "committed" }))).toEqual(["rollback", "mark"]);
});

test("one that is watched can be confirmed, a stuck one answered, and one that goes back by itself not cancelled", () => {
  expect(namesOf(at("watch", "waiting"))).toEqual(["confirm", "cancel", "hold", "mark"]);
  expect(namesOf(at("switch", "failed", { state: "error" }))).toEqual(["resolve", "hold", "mark"]);
  expect(namesOf(at("switch", "undoing", { state: "rolling_back" }))).toEqual(["hold", "mark"]);
});

test("a refused one and a change of the configuration are not gone back from here", () => {
  expect(namesOf(at("validate", "failed", { outcome: "refused" }))).toEqual(["mark"]);
  expect(namesOf(at("tidy-edits", "done", { outcome: "committed", kind: "configuration" }))).toEqual([]);
});

test("from the exchange on the new version has met requests", () => {
  expect(hasExchanged(at("switch", "ahead").steps)).toBe(false);
  expect(hasExchanged(at("switch", "running").steps)).toBe(true);
});
