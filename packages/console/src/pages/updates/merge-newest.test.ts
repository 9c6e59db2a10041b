import { expect, test } from "vitest";
import { mergeNewest } from "./merge-newest.ts";

const rows = (...ids: string[]) => ids.map((id) => ({ id }));

test("new ones come on top, and what they push down stays", () => {
  expect(mergeNewest([], rows("b", "a"))).toEqual(rows("b", "a"));
  expect(mergeNewest(rows("d", "c", "b", "a"), rows("f", "e", "d"))).toEqual(rows("f", "e", "d", "c", "b", "a"));
});

test("what was read just now is what is shown", () => {
  const old = { id: "b", state: "running" };
  const now = { id: "b", state: "ended" };
  expect(mergeNewest([old, { id: "a", state: "ended" }], [now])).toEqual([now, { id: "a", state: "ended" }]);
});
