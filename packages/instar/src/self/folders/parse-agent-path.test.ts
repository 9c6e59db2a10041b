import { isAbsolute, join, relative } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isGitName, parseAgentPath } from "./parse-agent-path.ts";

const endingOf = (path: string): string => {
  try {
    return parseAgentPath(path).join("|");
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("a path of an agent", () => {
  it.each([
    ["", ""],
    [".", ""],
    ["./", ""],
    ["a", "a"],
    ["./a/b.ts", "a|b.ts"],
    ["a//b/", "a|b"],
    ["a/./b", "a|b"],
    [".gitignore", ".gitignore"],
    [".github/x", ".github|x"],
    ["git", "git"],
    ["...", "..."],
    ["a b/ü", "a b|ü"],
  ])("%j is taken as %j", (path, names) => expect(endingOf(path)).toBe(names));

  it.each([
    ["..", "FORBIDDEN"],
    ["a/../../b", "FORBIDDEN"],
    ["a/..", "FORBIDDEN"],
    ["/etc/passwd", "FORBIDDEN"],
    ["//a", "FORBIDDEN"],
    ["C:/a", "FORBIDDEN"],
    ["c:a", "INPUT_INVALID"],
    ["./c:/a", "INPUT_INVALID"],
    ["a\\..\\b", "INPUT_INVALID"],
    ["a\0b", "INPUT_INVALID"],
    ["a\ud800b", "INPUT_INVALID"],
    ["x".repeat(256), "INPUT_INVALID"],
    ["ü".repeat(128), "INPUT_INVALID"],
    [`${"d/".repeat(64)}x`, "INPUT_INVALID"],
    ["a/".repeat(600), "INPUT_INVALID"],
  ])("%j is refused with %s", (path, code) => expect(endingOf(path)).toBe(code));

  it.each(["file:stream", "NUL", "con.txt", "a/aux", "Com1.log", "a.", "b ", "a\nb", "a?"])("%j is refused on Windows only", (path) => {
    expect(() => parseAgentPath(path, "win32")).toThrow(/takes for something else/);
    expect(parseAgentPath(path, "linux").join("/")).toBe(path);
  });

  it.each([
    ".git",
    ".git/config",
    ".GIT/hooks/post-commit",
    "a/.Git/x",
    ".git.",
    ".git ",
    ".git . .",
    ".git::$INDEX_ALLOCATION/config",
    ".git:x",
    "GIT~1/config",
    "git~12",
    ".g\u200cit",
    ".\ufeffgit",
    ".gi\u00adt",
    ".G\u0130T",
    ".g\u0131t",
    "\uff0egit",
    ".git\ufe0f",
  ])("%j is git's own", (path) => expect(endingOf(path)).toBe("FORBIDDEN"));

  it("of any letters leads below the root or nowhere", () => {
    const part = fc.oneof(
      fc.constantFrom("..", ".", "", ".git", ".GIT", "a", "~", "\\", "C:", "\0", "...", " "),
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.string({ maxLength: 12 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        let names: readonly string[];
        try {
          names = parseAgentPath(parts.join("/"));
        } catch (error) {
          expect(["FORBIDDEN", "INPUT_INVALID"]).toContain((error as { code: string }).code);
          return;
        }
        const way = relative("/root/folder", join("/root/folder", ...names));
        expect(way.split("/")[0]).not.toBe("..");
        expect(isAbsolute(way)).toBe(false);
        expect(way).toBe(names.join("/"));
        for (const name of names) expect([name !== "", name !== ".", name !== "..", !/[/\\\0]/.test(name), !isGitName(name)]).not.toContain(false);
        expect(parseAgentPath(names.join("/"))).toEqual(names);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is git's own in any case, with any letters without a width between, and with any dots behind", () => {
    const invisible = fc.constantFrom("", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u180b");
    fc.assert(
      fc.property(
        fc.tuple(invisible, invisible, invisible),
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
        fc.constantFrom("", ".", " ", ". ."),
        (gaps, upper, end) => {
          const letters = [...".git"].map((letter, at) => `${gaps[at] ?? ""}${upper[at] === true ? letter.toUpperCase() : letter}`);
          expect(isGitName(letters.join("") + end)).toBe(true);
        },
      ),
    );
  });
});
