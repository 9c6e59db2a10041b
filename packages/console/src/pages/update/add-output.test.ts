import { expect, test } from "vitest";
import { addOutput, NO_OUTPUT } from "./add-output.ts";

const textOf = (...texts: string[]) => texts.reduce(addOutput, NO_OUTPUT).lines.map(({ text }) => text);

test("a line that came in two pieces is one line, and has the same name in both", () => {
  expect(textOf("one\ntw", "o\nthree\n")).toEqual(["one", "two", "three", ""]);
  const half = addOutput(NO_OUTPUT, "one\ntw");
  expect(addOutput(half, "o\n").lines[1]?.at).toBe(half.lines[1]?.at);
});

test("colours go, other escapes stay to be seen", () => {
  expect(textOf("\u001B[32mok\u001B[0m \u001B]0;title\u0007")).toEqual(["ok \u001B]0;title\u0007"]);
});

test("a log without end keeps its end", () => {
  const { lines, isCut } = addOutput(NO_OUTPUT, Array.from({ length: 10_000 }, (_, at) => String(at)).join("\n"));
  expect(isCut).toBe(true);
  expect(lines).toHaveLength(3_000);
  expect(lines.at(-1)).toEqual({ at: 9_999, text: "9999" });
  expect(textOf("x".repeat(1_000_000))[0]).toHaveLength(4_001);
});
