import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseStyleOutput, type StyleFormat } from "./parse-style-output.ts";
import { parseTscOutput } from "./parse-tsc-output.ts";
import { placeInTree } from "./place-in-tree.ts";

const tsc = (text: string) => parseTscOutput(text, "/tree").found.map(({ path, line, rule, message }) => [path, line, rule, message]);

describe("what the compiler says", () => {
  for (const [name, text, expected] of [
    ["a finding", "src/a.ts(3,14): error TS2322: Type 'x'.\n", [["src/a.ts", 3, "TS2322", "Type 'x'."]]],
    ["blanks and brackets in a path", "a (b)/x (1,2).ts(3,14): error TS2322: No.\r\n", [["a (b)/x (1,2).ts", 3, "TS2322", "No."]]],
    ["a colon in a path", "a: b/x.ts(3,1): error TS1: No.", [["a: b/x.ts", 3, "TS1", "No."]]],
    ["an absolute path inside", "/tree/a.ts(1,1): error TS1: No.", [["a.ts", 1, "TS1", "No."]]],
    ["nothing outside", "../b.ts(1,1): error TS1: No.\n/else/a.ts(1,1): error TS1: No.\nnode_modules/x/i.d.ts(1,1): error TS1: No.", []],
    ["a finding of no file", "error TS18003: No inputs were found.\n", [["", null, "TS18003", "No inputs were found."]]],
    ["a finding that goes on", "a.ts(1,1): error TS2345: No.\n  Types of 'x' differ.\n    b.ts is meant\n", [["a.ts", 1, "TS2345", "No."]]],
    ["a message that quotes another", "a.ts(1,1): error TS1: saw b.ts(2,2): error TS2: x", [["a.ts", 1, "TS1", "saw b.ts(2,2): error TS2: x"]]],
    ["an output that begins in the middle", "ot assignable to b.\nb.ts(2,1): error TS2: x", [["b.ts", 2, "TS2", "x"]]],
    ["an output that ends in the middle", "a.ts(1,1): error TS1: x\nb.ts(2,", [["a.ts", 1, "TS1", "x"]]],
    ["words of something else", "Compiling…\nFound 3 errors.\n", []],
  ] as const)
    it(`holds ${name}`, () => expect(tsc(text)).toEqual(expected));

  it("is no answer about code where it is about the settings", () => {
    expect(parseTscOutput("error TS5023: Unknown compiler option.", "/tree").obstacle).toContain("TS5023");
    expect(parseTscOutput("tsconfig.json(1,5): error TS5069: No.", "/tree").obstacle).toContain("TS5069");
    expect(parseTscOutput("a.ts(1,5): error TS2322: No.", "/tree").obstacle).toBeNull();
  });
});

const samples: Record<StyleFormat, string> = {
  eslint: JSON.stringify([
    { filePath: "/tree/a.js", messages: [{ ruleId: "no-var", severity: 2, message: "Unexpected var.", line: 3, column: 1 }], errorCount: 1 },
    { filePath: "/tree/b.js", messages: [{ ruleId: null, fatal: true, severity: 2, message: "Parsing error: x", line: 1 }] },
    { filePath: "/tree/c.js", messages: [{ ruleId: null, fatal: false, severity: 1, message: "File ignored because of a matching ignore pattern." }] },
    { filePath: "/etc/passwd", messages: [{ ruleId: "no-var", severity: 2, message: "x", line: 1 }] },
  ]),
  biome: `The \`json\` reporter is experimental.\n${JSON.stringify({
    summary: { errors: 1, warnings: 0, diagnosticsNotPrinted: 0 },
    diagnostics: [
      {
        severity: "error",
        message: "This is an unexpected use of the debugger statement.",
        category: "lint/suspicious/noDebugger",
        location: { path: "a.js", start: { line: 2, column: 1 } },
        advices: [],
      },
      { severity: "warning", description: "An older form.", category: "lint/x", location: { path: { file: "b.js" }, span: [1, 2] } },
      { severity: "error", message: "x", category: "lint/x", location: { path: "../out.js" } },
    ],
    command: "ci",
  })}\nci ━━━\n\n  × Some errors were emitted while running checks.\n`,
  oxlint: `{ "diagnostics": [{"message": "Expected \`)\`","severity": "error","filename": "bad.ts","labels": [{"span": {"offset": 6,"length": 0,"line": 2,"column": 1}}]},
{"message": "debugger","code": "eslint(no-debugger)","severity": "warning","filename": "a b/x.ts","labels": []}],
              "number_of_files": 2,
              "number_of_rules": 96
            }
            `,
  ruff: JSON.stringify([
    { cell: null, code: "F401", filename: "/tree/a.py", location: { column: 8, row: 1 }, message: "`os` imported but unused", fix: null },
    { code: null, filename: "/tree/b.py", location: { column: 1, row: 2 }, message: "SyntaxError: x" },
  ]),
  flake8: "./a.py:1:1: F401 'os' imported but unused\n./a b:c.py:12:80: E501 line too long\n/else.py:1:1: E501 x\n",
};
const style = (format: StyleFormat, text: string) => {
  const report = parseStyleOutput(format, text, "/tree");
  return report.kind === "found" ? report.found.map(({ path, line, rule, severity }) => [path, line, rule, severity]) : report.kind;
};

describe("what a linter says", () => {
  for (const [format, expected] of [
    [
      "eslint",
      [
        ["a.js", 3, "no-var", "error"],
        ["b.js", 1, "fatal", "error"],
        ["c.js", null, "ignored", "note"],
      ],
    ],
    [
      "biome",
      [
        ["a.js", 2, "lint/suspicious/noDebugger", "error"],
        ["b.js", null, "lint/x", "warning"],
      ],
    ],
    [
      "oxlint",
      [
        ["bad.ts", 2, "parse", "error"],
        ["a b/x.ts", null, "eslint(no-debugger)", "warning"],
      ],
    ],
    [
      "ruff",
      [
        ["a.py", 1, "F401", "error"],
        ["b.py", 2, "syntax", "error"],
      ],
    ],
    [
      "flake8",
      [
        ["a.py", 1, "F401", "error"],
        ["a b:c.py", 12, "E501", "warning"],
      ],
    ],
  ] as const)
    it(`is read in the form of ${format}`, () => expect(style(format, samples[format])).toEqual(expected));

  for (const [name, format, text] of [
    ["nothing", "eslint", ""],
    ["words", "eslint", "Oops! Something went wrong!"],
    ["half of it", "eslint", samples.eslint.slice(0, -20)],
    ["another form", "eslint", `[{"files":[]}]`],
    ["an object for a list", "ruff", "{}"],
    ["no files at all", "oxlint", `{ "diagnostics": [], "number_of_files": 0 }`],
    ["findings that were not printed", "biome", `{"summary":{"diagnosticsNotPrinted":3},"diagnostics":[]}`],
    ["a stack trace", "flake8", "Traceback (most recent call last):"],
  ] as const)
    it(`is no answer where it is ${name}`, () => expect(style(format, text)).toBe("broken"));

  it("may be anything, and nothing throws", () =>
    fc.assert(
      fc.property(fc.constantFrom(...(Object.keys(samples) as StyleFormat[])), fc.oneof(fc.string(), fc.json(), fc.nat(400)), (format, made) => {
        const text = typeof made === "number" ? samples[format].slice(0, made) + samples[format].slice(made + 3) : made;
        expect(["found", "broken"]).toContain(parseStyleOutput(format, text, "/tree").kind);
        parseTscOutput(text, "/tree");
      }),
    ));

  it("may be fifty megabytes", () => {
    const flood = "a.ts(1,1): error TS1: x\n".repeat(2_200_000);
    expect(parseTscOutput(flood, "/tree").found.length).toBeLessThanOrEqual(10_000);
    expect(parseTscOutput("x".repeat(50_000_000), "/tree").found).toEqual([]);
    for (const format of Object.keys(samples) as StyleFormat[]) expect(parseStyleOutput(format, "[\n{\n".repeat(12_000_000), "/tree").kind).toBe("broken");
  });
});

describe("a file that a tool names", () => {
  for (const [file, expected] of [
    ["a.ts", "a.ts"],
    ["./a/../b.ts", "b.ts"],
    ["/tree/a.ts", "a.ts"],
    ["/tree/../etc/passwd", undefined],
    ["/treetop/a.ts", undefined],
    ["../a.ts", undefined],
    ["a/../../b.ts", undefined],
    ["/tree", undefined],
    ["", undefined],
    ["node_modules/x/a.ts", undefined],
    ["a\nb.ts", "a\nb.ts"],
  ] as const)
    it(`${JSON.stringify(file)} is ${expected === undefined ? "not of the tree" : JSON.stringify(expected)}`, () =>
      expect(placeInTree(file, "/tree")).toBe(expected));
});
