import { OPERATIONS } from "@instar/protocol";
import { expect, test } from "vitest";
import { CHANGES, parseChanges, queriesOf } from "./queries-of-change.ts";

const LOOKING = new Set<string>(OPERATIONS.filter((operation) => operation.kind === "query" || operation.needs === "look").map(({ name }) => name));

test("every change asks something again, and only questions", () => {
  for (const change of CHANGES) {
    const queries = [...queriesOf([change])];
    expect(queries.length).toBeGreaterThan(0);
    expect(queries.filter((name) => !LOOKING.has(name))).toEqual([]);
  }
});

test("words of a newer daemon are passed over", () => {
  expect(parseChanges('{"what":["updates","weather"]}')).toEqual(["updates"]);
  expect(parseChanges("{}")).toEqual([]);
});
