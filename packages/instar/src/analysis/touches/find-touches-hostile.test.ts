import { TOUCH_KINDS, type Touch } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Edit, TEXT_LIMIT_BYTES } from "../edit.ts";
import { added, changed, FACTS, unread } from "./describe-edits.testing.ts";
import { findTouches } from "./find-touches.ts";
import { countsMoreThan, isNestedTooDeep } from "./source/is-nested-too-deep.ts";
import { mayBeNestedDeeper } from "./source/may-be-nested-deeper.ts";

const find = (...edits: Edit[]): Touch[] => findTouches(edits, FACTS);
const MANY = 100_000;

describe("hostile texts", () => {
  test.each<[string, string]>([
    ["brackets", "[".repeat(MANY) + "]".repeat(MANY)],
    ["brackets that never close", "(".repeat(MANY)],
    ["negations", `${"!".repeat(MANY)}1`],
    ["functions", `${"x=>".repeat(MANY)}1`],
    ["functions on lines of their own", `${"x\n=>\n".repeat(MANY)}1`],
    ["conditions", `${"a?b:".repeat(MANY)}1`],
    ["ifs", `${"if(a)\n".repeat(MANY)};`],
    ["elses", `${"if(a);else ".repeat(MANY)};`],
    ["templates", `${"`${".repeat(MANY)}1${"}`".repeat(MANY)}`],
    ["elements", "<a>".repeat(MANY) + "</a>".repeat(MANY)],
    ["types", `let a:${"A<".repeat(MANY)}B${">".repeat(MANY)}`],
    ["types of arrays", `let a:B${"[]".repeat(MANY)}`],
    ["sums", `1${"+1".repeat(MANY)}`],
    ["members", `a${".b".repeat(MANY)}`],
    ["words", `${"typeof ".repeat(MANY)}a`],
    ["labels", `${"a:".repeat(MANY)};`],
    ["brackets behind strings that seem to close them", `("')]}' + `.repeat(MANY)],
    ["brackets behind comments that seem to close them", "[/* )]} */ ".repeat(MANY)],
    ["brackets behind comments of a line", "{ // )]}\n".repeat(MANY)],
    ["elses behind an end", `${"if(a){};else ".repeat(MANY)};`],
  ])("%s nested a hundred thousand deep end no process, and it is said that a test of them was read by its lines", (_, text) => {
    const touches = find(changed("a.test.tsx", "test('a', () => {});", text));
    expect(touches.some(({ because }) => because.includes("nested too deep"))).toBe(true);
  });

  test.each<[string, string, string]>([
    ["an unclosed string", "a.js", '"\\'.repeat(MANY)],
    ["unclosed comments", "a.js", "/*".repeat(MANY)],
    ["one line of blanks", "a.js", " ".repeat(TEXT_LIMIT_BYTES)],
    ["one line of words", "a.ts", "a ".repeat(TEXT_LIMIT_BYTES / 2)],
    ["one line of statements that drop nothing", "a.sql", "ALTER TABLE ".repeat(MANY)],
    ["one line of deletions", "a.sql", "DELETE FROM a ".repeat(MANY)],
    ["nested brackets of Python", "tests/test_a.py", "(".repeat(20_000)],
    ["nested lists of settings", "instar.yaml", "[".repeat(MANY)],
    ["nested lines of settings", "instar.yaml", "- ".repeat(MANY)],
    [
      "settings that name themselves again and again",
      "instar.yaml",
      `a: &a [x,x]\n${Array.from({ length: 26 }, (_, at) => `b${at}: &b${at} [${at === 0 ? "*a,*a" : `*b${at - 1},*b${at - 1}`}]`).join("\n")}`,
    ],
    ["nested JSON", "package.json", `{"dependencies":${'{"a":'.repeat(MANY)}1${"}".repeat(MANY)}}`],
    ["many equal lines", "a.test.js", "expect(a).toBe(1);\n".repeat(20_000)],
    ["many equal tests", "a.test.js", 'test("a", () => { expect(a).toBe(1); });\n'.repeat(5_000)],
    ["many blanks in a setting", "vitest.config.ts", `retries${" ".repeat(MANY)}x`],
    ["half a pair of a letter", "a.test.js", 'test("\uD800", () => {});'],
    ["a mark at the beginning", "a.test.js", '\uFEFFtest("a", () => {});'],
  ])("%s is looked at in both directions without an end", (_, path, text) => {
    expect(find(added(path, text), changed(path, text, `${text}x`), changed(path, text, ""))).toBeInstanceOf(Array);
  });

  test("a file that is larger than what is read is never called harmless", () => {
    for (const path of ["src/huge.js", "tests/huge.test.js", "instar.yaml", "package.json", ".github/workflows/ci.yml", "src/login.py"])
      expect(find(unread(path)).some(({ because }) => because.includes("could not be read"))).toBe(true);
  });

  test("names from the tree stand on one line in every reason, and are short", () => {
    const title = `a\nb\u0000${"c".repeat(10_000)}`;
    const text = `test(${JSON.stringify(title)}, () => { expect(a).toBe(1); }); f(process.env[${JSON.stringify(title)}]); import ${JSON.stringify(title)};`;
    const touches = find(changed("te\nst/a.test.js", text, ""), added("te\nst/b.test.js", text), {
      ...changed("x\ny.js", text, text),
      from: "te\nst/x.test.js",
      status: "renamed",
    });
    expect(touches.length).toBeGreaterThan(4);
    for (const { because } of touches) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(because).not.toMatch(/[\u0000-\u001f]/);
      expect(because.length).toBeLessThan(500);
    }
  });

  test("names of prototypes are names", () => {
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
    const before = names.map((name) => `test("${name}", () => { expect(${name}).toBe(1); });`).join("\n");
    expect(find(changed("a.test.js", before, "")).filter(({ because }) => because.includes("is deleted"))).toHaveLength(names.length);
    expect(find(changed("package.json", "{}", '{"__proto__": {"test": "x"}, "scripts": {"__proto__": "x", "test": "true"}}'))).not.toEqual([]);
    expect(find(changed("instar.yaml", "__proto__: { a: 1 }", "constructor: { watch: 1 }\nwatch: { errorShare: 1 }"))[0]?.weakens).toBe(true);
  });

  test("a change with very many touches of a kind says how many more there are", () => {
    const touches = find(added("a.ts", Array.from({ length: 500 }, (_, at) => `f(process.env.A${at});`).join("\n")));
    expect(touches.filter(({ kind }) => kind === "environment")).toHaveLength(51);
    expect(touches.at(-1)?.because === "and 450 more of this kind" || touches.some(({ because }) => because === "and 450 more of this kind")).toBe(true);
  });

  test("what the exact count calls deep, the quick one never lets pass", () => {
    const parts = [
      "(",
      ")",
      "[",
      "]",
      "{",
      "}",
      "`",
      "${",
      "'",
      '"',
      "\\",
      "/",
      "*",
      "//",
      "/*",
      "*/",
      "<",
      "</",
      "/>",
      ">",
      "!",
      "=>",
      "?",
      ":",
      ",",
      ";",
      "\n",
      " ",
      "\u00a0",
      "else ",
      "if",
      "new ",
      "a",
      "é",
    ];
    const text = fc.tuple(fc.array(fc.constantFrom(...parts), { maxLength: 6 }), fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 8 }));
    let deep = 0;
    fc.assert(
      fc.property(text, ([before, again]) => {
        const all = before.join("") + again.join("").repeat(200);
        if (!countsMoreThan(all, 100)) return;
        deep++;
        expect(mayBeNestedDeeper(all, 100)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(deep).toBeGreaterThan(200);
  });

  test("an ordinary program is not taken for a deep one", () => {
    const plain = "export function f(a) {\n  if (a > 1) return g(a.b.c, [1, 2], { d: !a })\n  else if (a) return 2\n  return a\n}\n";
    expect(isNestedTooDeep(plain.repeat(5_000))).toBe(false);
  });
});

const PATHS = [
  "a.test.ts",
  "src/a.ts",
  "src/a.py",
  "tests/test_a.py",
  "package.json",
  "instar.yaml",
  "Dockerfile",
  ".github/workflows/a.yml",
  "prisma/schema.prisma",
  "src/login.ts",
  "vitest.config.ts",
  "README.md",
  "AGENTS.md",
  "a.sql",
  ".npmrc",
  "policies/a.cedar",
  "pyproject.toml",
  "requirements.txt",
  "src/server.js",
  "bin/x",
  "a.go",
  ".env.example",
];
const PIECES = [
  'test("a", () => { expect(f()).toBe(1); });',
  'it.skip("b", () => {',
  "});",
  "assert True",
  "def test_a():\n    assert f() == 1\n",
  "@pytest.mark.skip\n",
  "process.env.X",
  "os.environ['X']",
  "DROP TABLE a;",
  '"DROP TABLE a"',
  "requireAuth(req);",
  'import "child_process";',
  "// eslint-disable",
  "continue-on-error: true",
  "strict: false",
  '{"scripts":{"test":"true"}}',
  "errorShare: 0.5",
  "\n",
  "  ",
  "(",
  "}",
  "\u0000",
];
const text = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join("\n")),
  fc.string({ unit: "binary", maxLength: 80 }),
);
const mode = fc.constantFrom(0o100644, 0o100755, 0o120000, 0o160000, 0o104755);
const anyEdit: fc.Arbitrary<Edit> = fc.record({
  path: fc.oneof(fc.constantFrom(...PATHS), fc.string({ unit: "binary", minLength: 1, maxLength: 20 })),
  status: fc.constantFrom("added", "modified", "deleted", "renamed", "type-changed"),
  addedLines: fc.nat(9),
  deletedLines: fc.nat(9),
  modeBefore: mode,
  modeAfter: mode,
  before: fc.option(text),
  after: fc.option(text),
  hasText: fc.boolean(),
});
const edits = fc.uniqueArray(anyEdit, { selector: ({ path }) => path, maxLength: 6 });

describe("for every change", () => {
  test("it never throws, names known kinds, and says each thing once", () => {
    fc.assert(
      fc.property(edits, (some) => {
        const touches = findTouches(some, FACTS);
        for (const { kind, because, line } of touches) {
          expect(TOUCH_KINDS).toContain(kind);
          expect(because).not.toBe("");
          expect(line === null || line >= 1).toBe(true);
        }
        const keys = touches.map(({ kind, path, because }) => JSON.stringify([kind, path, because]));
        expect(new Set(keys).size).toBe(keys.length);
        expect(touches.map(({ weakens }) => weakens)).toEqual([...touches.map(({ weakens }) => weakens)].sort((one, other) => Number(other) - Number(one)));
      }),
      { numRuns: 300 },
    );
  });

  test("another edit takes no touch away, and none is added to the first", () => {
    fc.assert(
      fc.property(edits, anyEdit, (some, other) => {
        fc.pre(some.every(({ path }) => path !== other.path));
        const alone = findTouches(some, FACTS);
        const together = findTouches([...some, other], FACTS);
        expect(together.filter(({ path }) => path !== other.path)).toEqual(alone);
      }),
      { numRuns: 200 },
    );
  });

  test("the order of the edits does not matter", () => {
    fc.assert(
      fc.property(edits, (some) => {
        expect(findTouches([...some].reverse(), FACTS)).toEqual(findTouches(some, FACTS));
      }),
      { numRuns: 200 },
    );
  });

  test("a text that was not read is never judged by its content", () => {
    fc.assert(
      fc.property(anyEdit, (edit) => {
        const touches = findTouches([{ ...edit, hasText: false }], FACTS);
        expect(touches.filter(({ by, because }) => by === "content" && !/executed|owner|could not be read/.test(because))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
