import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePythonModule } from "./parse-python-module.ts";

/** `name kind:line`, with `?` for what a module can live without. */
const importsOf = (text: string) =>
  parsePythonModule(text).imports.map(({ specifier, kind, line, isOptional, isPattern }) => {
    const short = kind === "python" ? "" : kind === "python-name" ? " name" : " text";
    return `${specifier}${isPattern ? " (pattern)" : ""}${short}:${line}${isOptional && kind !== "python-text" ? "?" : ""}`;
  });

describe("a module of Python imports", () => {
  for (const [name, text, found] of [
    ["what it says", "import a.b", ["a.b:1"]],
    ["each of several, by their own names", "import a.b as c, d as e, f", ["a.b:1", "d:1", "f:1"]],
    ["a module and what is taken from it", "from a.b import c, d as e", ["a.b:1", "a.b.c name:1", "a.b.d name:1"]],
    ["names in brackets over lines, with comments", "from a import (\n  b, # why\n  c as d,\n)", ["a:1", "a.b name:1", "a.c name:1"]],
    ["names behind a backslash", "from a \\\n  import b", ["a:1", "a.b name:1"]],
    ["its own package", "from . import x", [".:1", ".x name:1"]],
    ["a module beside it", "from .pkg import y", [".pkg:1", ".pkg.y name:1"]],
    ["packages above", "from ..pkg import y\nfrom .... import z", ["..pkg:1", "..pkg.y name:1", "....:2", "....z name:2"]],
    ["all that a module shows", "from x import *", ["x:1", "x.* (pattern) name:1"]],
    ["what stands after a semicolon", "import a; import b", ["a:1", "b:1"]],
    ["what stands in functions and classes", "class A:\n  def f(self):\n    import b", ["b:3"]],
    ["what may fail", "try:\n  import a\nexcept ImportError:\n  import b\nelse:\n  import c\nfinally:\n  import d", ["a:2?", "b:4?", "c:6", "d:8"]],
    ["what has to be there although it stands in a try", "try:\n  import a\nfinally:\n  x()", ["a:2"]],
    ["what may fail deep below", "try:\n  if x:\n    def f():\n      import a\nexcept E: pass\nimport b", ["a:4?", "b:6"]],
    ["for types alone", "if TYPE_CHECKING:\n\timport a\nelse:\n\timport b", ["a:2?", "b:4"]],
    ["for types alone, by the module's name", "import typing as t\nif t.TYPE_CHECKING:\n  import a", ["typing:1", "a:3?"]],
    ["what is suppressed", "with contextlib.suppress(ImportError):\n  import a", ["a:2?"]],
    ["what is said twice once, optional only where it is so everywhere", "try:\n  import a\nexcept E: pass\nimport a", ["a:2"]],
    ["by a call", 'importlib.import_module("a.b")', ["a.b:1", "a.b text:1"]],
    [
      "by a call under another name",
      'from importlib import import_module\nx = import_module(name="a")',
      ["importlib:1", "importlib.import_module name:1", "a:2"],
    ],
    ["by the oldest call", '__import__("a")', ["a:1"]],
    ["beside it by a call", 'import_module(".x", __package__)', [".x:1"]],
    ["in a package that a call names", 'import_module("..x", package="a.b")', ["a.x:1", "a.b text:1"]],
    ["anything in a package that is computed", 'import_module(".x", package=name)', ["* (pattern):1"]],
    ["anything", "import_module(name)", ["* (pattern):1"]],
    ["anything by a path", "spec_from_file_location(name, path)", ["* (pattern):1"]],
    ["what a format can be", 'import_module(f"app.plugins.{name}.main")', ["app.plugins.*.main (pattern):1"]],
    ["what a sum can be", 'import_module("app." + name)', ["app.* (pattern):1"]],
    ["what a template can be", 'import_module("app.%s" % name)\nimport_module("app.{}".format(x))', ["app.* (pattern):1"]],
    ["one of two", 'import_module("a" if x else "b")', ["a:1", "b:1"]],
    ["what a server is told by a string", 'uvicorn.run("app.main:app", reload=True)', ["app.main text:1"]],
    ["what a mock is told", 'patch("app.store.load")', ["app.store.load text:1"]],
    ["nothing by a word, a sentence or a version", 'x = "app"; y = "see app.main"; z = "1.2.3"', []],
    ["nothing in comments and texts", '# import a\n"""\nimport b\n"""\n', []],
    ["names in their compatible form", "import ﬁle", ["file:1"]],
    ["what a text with a mark of its order says", "\uFEFFimport a", ["a:1"]],
    ["what lines of Windows say", "import a\r\nimport b\r\n", ["a:1", "b:2"]],
    ["in new grammar", "type X = int\ndef f[T](x: T): ...\nmatch x:\n  case 1:\n    import a\n", ["a:5"]],
    ["nothing where it holds nothing", "", []],
    ["what stands beside a bare yield", "@fixture\ndef f():\n  import a\n  yield\n  x = yield # c\n  g((yield), [yield])", ["a:3"]],
    ["what stands beside numbers with a point at their end", "x = [0., 1.]\nimport a", ["a:2"]],
    [
      "what stands beside with, for and match as few write them",
      "with f() as self.x:\n  import a\nwith g() as (b, c):\n  for d, *e in b: pass\nmatch x:\n  case Y():\n    import f",
      ["a:2", "f:7"],
    ],
    ["nothing where it holds comments", "# one\n\n  # two", []],
    ["a module with an inherited name", "import __proto__, constructor", ["__proto__:1", "constructor:1"]],
  ] as const)
    it(name, () => {
      expect(importsOf(text)).toEqual(found);
      expect(parsePythonModule(text).unreadable).toBeNull();
    });

  it("and reads files by the strings that name them", () =>
    expect(parsePythonModule('open("prompts/system.md"); run(["node", "w.js"]); open(f"t/{x}.html"); p / "%s.sql"; "x.py"').reads).toEqual([
      "prompts/system.md",
      "w.js",
      "t/*.html",
      "x.py",
    ]));
});

describe("what cannot be parsed says so and keeps what its lines seem to import:", () => {
  for (const [name, text, found] of [
    ["broken syntax", "import a\ndef (:\nfrom .b import c, d as e", ["a:1?", ".b:3?", ".b.c name:3?", ".b.d name:3?"]],
    ["tabs and spaces that do not agree", "import a\nif x:\n    import b\n  import c\n", ["a:1?", "b:3?", "c:4?"]],
    ["a hundred thousand brackets", `import a\nx = ${"[".repeat(100_000)}${"]".repeat(100_000)}`, ["a:1?"]],
    ["brackets of all kinds that stay open", `import a\n${"([{".repeat(100_000)}`, ["a:1?"]],
    ["brackets that were never opened", `import a\n${"}".repeat(2_000_000)}`, ["a:1?"]],
    ["words without order", `import a\n${"a b ".repeat(500_000)}`, ["a:1?"]],
    ["a text without an end", `import a\n"""${"x".repeat(2_000_000)}`, ["a:1?"]],
    ["signs of no language", `import a\n${"$?!".repeat(600_000)}`, ["a:1?"]],
  ] as const)
    it(name, () => {
      expect(parsePythonModule(text).unreadable).toBe("it could not be parsed");
      expect(importsOf(text)).toEqual(found);
    });

  it("more imports than anybody writes", () => {
    const { imports, unreadable } = parsePythonModule(`import ${Array.from({ length: 30_000 }, (_, at) => `m${at}`).join(",")}`);
    expect(imports).toHaveLength(20_000);
    expect(unreadable).toBe("it imports more than is looked at");
  });

  it("a name without an end is none", () => expect(importsOf(`import a${".a".repeat(500_000)}, b`)).toEqual(["b:1"]));
});

describe("whatever a text holds,", () => {
  const words = [
    "import ",
    "from ",
    "a",
    ".",
    "b",
    ",",
    " as ",
    "*",
    "(",
    ")",
    "\n",
    "  ",
    "\t",
    "try:",
    "except:",
    '"""',
    "'",
    "f'{",
    "}",
    "\\",
    "\0",
    ":",
    "é",
  ];
  it("parsing it gives plain facts", () =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 60 }), (parts) => {
        const facts = parsePythonModule(parts.join(""));
        expect(JSON.parse(JSON.stringify(facts))).toEqual(facts);
        for (const { line } of facts.imports) expect(line).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    ));

  it("an import that parses is found on its line", () =>
    fc.assert(
      fc.property(fc.nat(50), fc.stringMatching(/^[a-z]{1,8}(\.[a-z]{1,8}){0,3}$/), (above, name) => {
        fc.pre(
          !name
            .split(".")
            .some((part) =>
              /^(?:as|if|in|is|or|and|def|del|for|not|try|elif|else|from|pass|with|async|await|break|class|raise|while|yield|assert|except|global|import|lambda|return|finally|continue|nonlocal|print|exec|match|case|type)$/.test(
                part,
              ),
            ),
        );
        expect(importsOf(`${"x = 1\n".repeat(above)}import ${name}`)).toEqual([`${name}:${above + 1}`]);
      }),
    ));
});
