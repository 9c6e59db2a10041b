import { applyPatch, createTwoFilesPatch, parsePatch } from "diff";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyHunks } from "./apply-hunks.ts";
import { assertPatchText, parsePatchText, planPatch } from "./plan-patch.ts";

const plan = (text: string) => {
  assertPatchText(text);
  return planPatch(parsePatchText(parsePatch, text));
};
const said = (text: string): string => {
  try {
    return plan(text)
      .map(({ from, to, mode }) => `${from?.join("/") ?? "-"} ${to?.join("/") ?? "-"} ${mode ?? "as it was"}`)
      .join(", ");
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
};
const HUNK = "@@ -1 +1 @@\n-a\n+b\n";

describe("a patch", () => {
  it.each([
    ["of a file in git's way", `diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n${HUNK}`, "x x as it was"],
    ["of a file with a quoted name", `diff --git "a/x\\ty" "b/x\\ty"\n--- "a/x\\ty"\n+++ "b/x\\ty"\n${HUNK}`, "x\ty x\ty as it was"],
    ["of a file with spaces", `diff --git a/x b/y z b/x b/y z\n--- a/x b/y z\t\n+++ b/x b/y z\t\n${HUNK}`, "x b/y z x b/y z as it was"],
    ["of a file without letters before", `--- d/x\n+++ d/x\n${HUNK}`, "d/x d/x as it was"],
    ["with times behind the names", `--- a/x\t2026-01-01\n+++ b/x\t2026-01-02\n${HUNK}`, "x x as it was"],
    ["of a new file", "--- /dev/null\n+++ b/d/x\n@@ -0,0 +1 @@\n+b\n", "- d/x as it was"],
    ["of a new program", "diff --git a/x b/x\nnew file mode 100755\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+b\n", "- x 755"],
    ["of a new empty file", "diff --git a/x b/x\nnew file mode 100644\nindex 0..0\n", "- x 644"],
    ["that removes a file", "--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-b\n", "x - as it was"],
    ["that removes an empty file", "diff --git a/x b/x\ndeleted file mode 100644\nindex 0..0\n", "x - as it was"],
    ["that renames a file", "diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n", "x y as it was"],
    ["that renames and changes one", `diff --git a/x b/y\nrename from x\nrename to y\n--- a/x\n+++ b/y\n${HUNK}`, "x y as it was"],
    ["of a mode", "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n", "x x 755"],
    ["of two files after words of a letter", `Subject: it\n\n--- a/x\n+++ b/x\n${HUNK}--- a/y\n+++ b/y\n${HUNK}`, "x x as it was, y y as it was"],
  ])("%s", (_name, text, expected) => expect(said(text)).toBe(expected));

  it.each([
    ["that leads outside", `--- a/../x\n+++ b/../x\n${HUNK}`, /^FORBIDDEN: .*"\.\."/],
    ["of an absolute path", `--- /etc/x\n+++ /etc/x\n${HUNK}`, /^FORBIDDEN: .*absolute/],
    ["that is absolute behind a letter", `--- a//etc/x\n+++ b//etc/x\n${HUNK}`, /^FORBIDDEN: .*absolute/],
    ["of git's files", `--- a/.git/config\n+++ b/.git/config\n${HUNK}`, /^FORBIDDEN: .*git's own/],
    ["that renames a file to git's", "diff --git a/x b/.git/hooks/x\nrename from x\nrename to .git/hooks/x\n", /^FORBIDDEN: .*git's own/],
    ["of a quoted path outside", `--- "a/\\056\\056/x"\n+++ "b/\\056\\056/x"\n${HUNK}`, /^FORBIDDEN: .*"\.\."/],
    [
      "that makes a link",
      "diff --git a/x b/x\nnew file mode 120000\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n",
      /^FORBIDDEN: .*symbolic link/,
    ],
    ["that removes a link", "diff --git a/x b/x\ndeleted file mode 120000\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-y\n", /^FORBIDDEN: .*symbolic link/],
    ["that makes a submodule", "diff --git a/x b/x\nnew file mode 160000\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+x\n", /^FORBIDDEN: .*submodule/],
    ["of setuid", "diff --git a/x b/x\nold mode 100644\nnew mode 104755\n", /^INPUT_INVALID: .*mode/],
    ["of a binary file", "diff --git a/x b/x\nGIT binary patch\nliteral 1\nIc\n", /^INPUT_INVALID: .*binary/],
    ["of a binary file that differs", "diff --git a/x b/x\nBinary files a/x and b/x differ\n", /^INPUT_INVALID: .*binary/],
    ["that copies", "diff --git a/x b/y\ncopy from x\ncopy to y\n", /^INPUT_INVALID: .*copies/],
    ["of two names without a rename", `--- a/x\n+++ b/y\n${HUNK}`, /^INPUT_INVALID: .*two files/],
    ["of a file twice", `--- a/x\n+++ b/x\n${HUNK}--- a/x\n+++ b/x\n${HUNK}`, /^INPUT_INVALID: .*more than once/],
    ["of a file twice in other words", `--- a/x\n+++ b/x\n${HUNK}--- a/./x\n+++ b/./x\n${HUNK}`, /^INPUT_INVALID: .*more than once/],
    ["of nothing", "", /^INPUT_INVALID: .*changes nothing/],
    ["of words", "please change it\n", /^INPUT_INVALID: .*changes nothing/],
    ["without names", HUNK, /^INPUT_INVALID: .*without names/],
    ["without hunks", "--- a/x\n+++ b/x\n", /^INPUT_INVALID: .*no hunk/],
    ["with a header that is no hunk's", `--- a/x\n+++ b/x\n${HUNK}@@-5 +5@@\n-a\n+b\n`, /^INPUT_INVALID: .*"@@"/],
    ["whose hunks go back", `--- a/x\n+++ b/x\n@@ -9 +9 @@\n-a\n+b\n${HUNK}`, /^INPUT_INVALID: .*overlaps/],
    ["whose hunks overlap", "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+b\n c\n@@ -2 +2 @@\n-c\n+d\n", /^INPUT_INVALID: .*overlaps/],
    ["whose hunk has no line of the file", "--- a/x\n+++ b/x\n@@ -900000000000,0 +1 @@\n+b\n", /^INPUT_INVALID: .*not known/],
    ["whose second hunk has none", `--- a/x\n+++ b/x\n${HUNK}@@ -5,0 +5 @@\n+b\n`, /^INPUT_INVALID: .*not known/],
    ["of a new file with lines that were there", "--- /dev/null\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", /^INPUT_INVALID: .*new/],
    ["of half a letter", `--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+\ud800\n`, /^INPUT_INVALID: .*no text/],
    ["of a NUL", `--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+\0\n`, /^INPUT_INVALID: .*no text/],
    ["of five million letters", "x".repeat(5_000_000), /^INPUT_INVALID: .*longer/],
    ["of 501 files", Array.from({ length: 501 }, (_, each) => `--- a/${each}\n+++ b/${each}\n${HUNK}`).join(""), /^INPUT_INVALID: .*500/],
    ["with a header without an end", `diff --git ${"a b/ ".repeat(2_000)}\n`, /^INPUT_INVALID: .*header/],
    ["whose names are another file's", `diff --git a/x b/x\nold mode 100644\nnew mode 100755\n--- a/y\n+++ b/y\n${HUNK}`, /^INPUT_INVALID: .*not that line's/],
    ["that makes one file of two", `diff --git a/x b/x\nnew file mode 100644\n--- a/y\n+++ b/y\n${HUNK}`, /^INPUT_INVALID: .*not that line's/],
    ["of the top", `--- a/.\n+++ b/.\n${HUNK}`, /^INPUT_INVALID: .*top/],
  ])("%s is refused", (_name, text, sentence) => expect(said(text)).toMatch(sentence));
});

describe("hunks", () => {
  const apply = (source: string, text: string) => {
    const [first] = plan(text);
    if (first === undefined) throw new Error("no file");
    return applyHunks(applyPatch, source, first.parsed, { steps: 0 });
  };

  it("made by a diff of any two texts give the one from the other", () => {
    const text = fc.array(fc.constantFrom("a", "b", "", "\r", " x", "+y", "-z", "@@", "--- a", "\\ n"), { maxLength: 12 }).map((lines) => lines.join("\n"));
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 4 }), (old, fresh, context) => {
        fc.pre(old !== fresh);
        const made = createTwoFilesPatch(old === "" ? "/dev/null" : "a/x", "b/x", old, fresh, undefined, undefined, { context });
        expect(apply(old, made)).toBe(fresh);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["at another line are found", "x\ny\na\n", "b\n", "x\ny\nb\n"],
    ["that are not there do not fit", "x\ny\n", "b\n", undefined],
    ["that differ by a space do not fit", "a \n", "b\n", undefined],
    ["of a file without an end of line do not fit one that has it", "a", "b\n", "b"],
  ])("%s", (_name, source, _fresh, result) => expect(apply(source, `--- a/x\n+++ b/x\n${HUNK}`)).toBe(result));

  it("without a line of the file fit only an empty one", () => {
    const text = "--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+b\n";
    expect([apply("", text), apply("a\n", text)]).toEqual(["b\n", undefined]);
  });

  it.each([
    ["many lines that are nearly right", "x\n".repeat(40_000), `@@ -1,20001 +1,20001 @@\n${" x\n".repeat(20_000)}-y\n+z\n`],
    ["many lines to add at each place", "x\n".repeat(40_000), `@@ -1,2 +1,20001 @@\n x\n${"+y\n".repeat(20_000)}-z\n`],
    ["a place that no file has", "x\n", `@@ -9000000000000000,1 +1,1 @@\n-y\n+z\n`],
  ])("that are made to be slow are given up: %s", (_name, source, hunks) =>
    expect(() => apply(source, `--- a/x\n+++ b/x\n${hunks}`)).toThrow(/takes too long/),
  );
});
