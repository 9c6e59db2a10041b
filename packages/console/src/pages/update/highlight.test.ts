import { expect, test } from "vitest";
import { bringLanguage, languageOf } from "./highlight.ts";

test("a language is known by the end of a file's name, and a name that wants to be more is none", () => {
  expect(["src/a.TS", "Dockerfile", "x.constructor", "y.__proto__", "LICENSE", "a.tar.gz"].map(languageOf)).toEqual([
    "typescript",
    "docker",
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("code becomes nodes and never markup", async () => {
  const { highlight } = await bringLanguage("markup");
  const nodes = JSON.stringify(highlight("<script>alert(1)</script>", "markup"));
  expect(nodes).toContain('"type":"element"');
  expect(nodes).not.toContain("raw");
});
