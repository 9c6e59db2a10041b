import { expect, test } from "vitest";
import { parsePolicyTests } from "./parse-policy-tests.ts";

const bomb = Array.from(
  { length: 12 },
  (_, at) =>
    `a${at}: &a${at} [${
      at === 0
        ? "x"
        : Array(9)
            .fill(`*a${at - 1}`)
            .join(", ")
    }]\n`,
).join("");

test.each([
  ["that is no YAML", "tests: [\n"],
  ["that is empty", ""],
  ["without a test", "tests: []\n"],
  ["whose alias leads nowhere", "tests: [*a]\n"],
  ["whose aliases grow into too much", `${bomb}tests: [*a11]\n`],
  ["whose tests hold themselves", "tests: &a [*a]\n"],
])("a file of policy tests %s is a problem, and holds no test", (_, text) => {
  const { tests, problems } = parsePolicyTests(text);
  expect(tests).toEqual([]);
  expect(problems).toHaveLength(1);
});
