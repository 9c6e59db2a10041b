import { describe, expect, test } from "vitest";
import { filesSourceSettings } from "../../settings/files-source-settings.ts";
import { compileGlob } from "./compile-glob.ts";
import { createPathRules } from "./path-rules.ts";

describe("a glob", () => {
  test.each([
    ["*.py", "a.py", true],
    ["*.py", ".a.py", true],
    ["*.py", "d/a.py", false],
    ["**/*.py", "a.py", true],
    ["**/*.py", "d/e/a.py", true],
    ["src/**", "src/a/b", true],
    ["src/**", "src", false],
    ["a?c", "abc", true],
    ["a?c", "a/c", false],
    ["[a-c]x", "bx", true],
    ["[!a-c]x", "bx", false],
    ["[!a-c]x", "/x", false],
    ["[]x]", "]", true],
    ["{a,b*}.js", "bcd.js", true],
    ["{a,b*}.js", "c.js", false],
    ["\\*", "*", true],
    ["\\*", "a", false],
    ["a.b+c(d)|$^", "a.b+c(d)|$^", true],
    ["a.b", "axb", false],
    ["*", "line\nfeed", true],
  ])("%s on %s: %s", (glob, path, fits) => expect(compileGlob(glob).test(path)).toBe(fits));

  test.each(["[a", "{a,b"])("%s, which is not closed, is a mistake", (glob) => expect(() => compileGlob(glob)).toThrow(/not closed/));
  test.each(["[z-a]", "[]-!]"])("%s, a range that ends before it begins, is a mistake", (glob) =>
    expect(() => compileGlob(glob)).toThrow(expect.objectContaining({ code: "SETTINGS_INVALID" })),
  );
  test("[a\\d], which escapes what needs no escape, is a choice", () => expect(compileGlob("[a\\d]").test("d")).toBe(true));
});

describe("what of a folder is the agent's", () => {
  const rules = createPathRules(filesSourceSettings.parse({ folder: "agent" }));

  test.each(["src/app.py", "a.json", ".eslintrc.json", "docs/a.md"])("%s counts", (path) => expect(rules.counts(path)).toBe(true));
  test.each([
    ...["picture.png", "Makefile"],
    ...["node_modules/a/index.js", ".git/config.json", "a/__pycache__/b.py", ".venv/lib/a.py"],
    ...[".app.py.swp", "app.py~", ".#app.py", "#app.py#", "4913", "app.py___jb_tmp___", "a.log", ".DS_Store"],
  ])("%s does not", (path) => expect(rules.counts(path)).toBe(false));

  test("a folder that came or went counts, unless it is ignored", () => {
    expect(rules.counts("src/")).toBe(true);
    expect(rules.counts("node_modules/")).toBe(false);
  });

  test("what is not included is none of it; its folders are still gone into", () => {
    const some = createPathRules({ include: ["src/**/*.py", "*.md"], watch: ["*"], ignore: ["src/old/"] });
    expect(["src/a.py", "src/b/c.py", "x/README.md", "src/a.js", "a.py", "src/old/a.py"].map(some.counts)).toEqual([true, true, true, false, false, false]);
    expect(some.isIgnored("src", "folder")).toBe(false);
    expect(some.isIgnored("src/old", "folder")).toBe(true);
  });

  test("git's own folder is never part of it, whatever the settings say", () => {
    expect(createPathRules({ include: ["**"], watch: ["*"], ignore: [] }).isIgnored("sub/.git", "folder")).toBe(true);
  });

  test("settings: a quiet time longer than the longest is a mistake", () => {
    expect(filesSourceSettings.safeParse({ folder: "a", quiet: "1m" }).success).toBe(false);
    expect(filesSourceSettings.parse({ folder: "a" })).toMatchObject({ quiet: 500, longest: 30_000 });
  });
});
