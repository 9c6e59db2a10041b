import { InstarError } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseEnvironmentFile } from "./parse-environment-file.ts";

describe("an environment file", () => {
  test.each<[string, string, Record<string, string>]>([
    ["is lines of NAME=value", "A=1\nB = two words \nC=\n", { A: "1", B: "two words", C: "" }],
    ["may be meant for a shell", "export A=1\n  export  B='x'\n", { A: "1", B: "x" }],
    ["may have comments, but # inside a word is a character", "# first\nA=1 # one\nB=a#b\nC= # nothing\nD='x' # y\n", { A: "1", B: "a#b", C: "", D: "x" }],
    ["takes single quotes literally", "A='a \\n \"$B\" # c'\n", { A: 'a \\n "$B" # c' }],
    ["knows escapes in double quotes", 'A="a\\n\\t\\"\\\\ \\$B \\x"\n', { A: 'a\n\t"\\ $B \\x' }],
    ["lets quotes go over several lines", "KEY=\"-----BEGIN\nabc\n-----END\"\nB='x\ny'\n", { KEY: "-----BEGIN\nabc\n-----END", B: "x\ny" }],
    ["lets the later line win", "A=1\nA=2", { A: "2" }],
    ["may come from Windows", "\uFEFFA=1\r\nB=2\r\n", { A: "1", B: "2" }],
    ["keeps an apostrophe and an equals sign", "A=it's\nB=a=b\n", { A: "it's", B: "a=b" }],
    ["may be empty", "", {}],
  ])("%s", (_, text, expected) => {
    expect(parseEnvironmentFile(text, ".env")).toEqual(expected);
  });

  test("may name a variable __proto__, and it is a variable", () => {
    const parsed = parseEnvironmentFile("__proto__=x\n", ".env");
    expect(Object.entries(parsed)).toEqual([["__proto__", "x"]]);
  });

  test("that quotes any text gives that text back", () => {
    const quoted = (value: string) => `"${value.replaceAll(/[\\"$]/g, "\\$&")}"`;
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }).filter((value) => !/[\0\r]/.test(value)),
        (value) => {
          expect(parseEnvironmentFile(`A=${quoted(value)}\nB=1`, ".env")).toEqual({ A: value, B: "1" });
        },
      ),
    );
  });
});

describe("a mistaken line is named, and what it says is not repeated", () => {
  test.each<[string, string, number, RegExp]>([
    ["no equals sign", "A=1\n\nhunter2\n", 3, /expected NAME=value/],
    ["a quote that stays open", "A=1\nB='hunter2\nC=3\n", 2, /a quote is not closed/],
    ["a double quote that stays open", 'B="hunter2\\"\n', 1, /a quote is not closed/],
    ["a name with a dash", "# x\nA-B=hunter2\n", 2, /the name must be/],
    ["a name that begins with a digit", "1A=hunter2\n", 1, /the name must be/],
    ["something after the quotes", "K='x\ny'\nA='hun'ter2\n", 3, /after the closing quote/],
    ["a NUL character", "A=hunter2\0\n", 1, /NUL/],
  ])("%s", (_, text, line, says) => {
    const error = refusal(text);
    expect(error.message).toMatch(says);
    expect(error.message).toContain(`line ${line}:`);
    expect(error.message + JSON.stringify(error.facts)).not.toMatch(/hun|ter2/);
  });
});

function refusal(text: string): InstarError {
  try {
    parseEnvironmentFile(text, ".env");
  } catch (error) {
    if (InstarError.is(error, "SETTINGS_INVALID")) return error;
    throw error;
  }
  throw new Error("the file was accepted");
}
