import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseModule } from "./parse-module.ts";

const saidBy = (text: string, path = "a.tsx") =>
  parseModule(path, text).imports.map(({ kind, specifier, isOptional }) => `${kind} ${specifier}${isOptional ? " ?" : ""}`);

describe("what a module imports", () => {
  for (const [name, text, said] of [
    ["a static import", `import a from "./a.js"`, ["static ./a.js"]],
    ["one for its effect", `import "./a.js"`, ["static ./a.js"]],
    ["one of types alone", `import type a from "./a.js"`, ["type ./a.js ?"]],
    ["one of marked types alone", `import { type a } from "./a.js"`, ["type ./a.js ?"]],
    ["one of a type and a value", `import { type a, b } from "./a.js"`, ["static ./a.js"]],
    ["everything exported again", `export * from "./a.js"`, ["static ./a.js"]],
    ["a type exported again", `export type { T } from "./a.js"`, ["type ./a.js ?"]],
    ["JSON with attributes", `import a from "./a.json" with { type: "json" }`, ["static ./a.json"]],
    ["a dynamic import", `await import("./a.js")`, ["dynamic ./a.js"]],
    ["a dynamic import in a try", `try { await import("./a.js") } catch {}`, ["dynamic ./a.js ?"]],
    ["a dynamic import whose failure is caught", `import("./a.js").catch(() => 0)`, ["dynamic ./a.js ?"]],
    ["a dynamic import in what handles a failure", `try { f() } catch { await import("./a.js") }`, ["dynamic ./a.js"]],
    ["a try without catch", `try { require("./a") } finally { f() }`, ["require ./a"]],
    ["a template without holes", "import(`./a.js`)", ["dynamic ./a.js"]],
    ["a template with holes", "import(`./handlers/${name}.js`)", ["dynamic ./handlers/*.js"]],
    ["texts put together", `require("./h/" + name + ".js")`, ["require ./h/*.js"]],
    ["one of two", `require(is ? "./a" : "./b")`, ["require ./a", "require ./b"]],
    ["what it computes", `import(name)`, ["dynamic *"]],
    ["require", `const a = require("./a")`, ["require ./a"]],
    ["require with backticks", "require(`./a`)", ["require ./a"]],
    ["require of a joined path", `require(path.join(__dirname, "lib", "a.js"))`, ["require ./lib/a.js"]],
    ["require.resolve", `require.resolve("./a")`, ["require ./a"]],
    ["module.require", `module.require("./a")`, ["require ./a"]],
    ["a created require", `const load = createRequire(import.meta.url); load("./a")`, ["require ./a"]],
    ["a created require, called at once", `createRequire(import.meta.url)("./a")`, ["require ./a"]],
    ["a require by another name", `const r = require; r("./a")`, ["require ./a"]],
    ["a require spelt with an escape", `requir\\u0065("./a")`, ["require ./a"]],
    ["import x = require()", `import a = require("./a")`, ["require ./a"]],
    ["a worker", `new Worker("./w.js")`, ["program ./w.js"]],
    ["a worker by its URL", `new Worker(new URL("./w.js", import.meta.url))`, ["program ./w.js", "url ./w.js ?"]],
    ["a forked program", `child_process.fork("./x.js")`, ["program ./x.js"]],
    ["a forked program, by the name alone", `fork(fileURLToPath(new URL("x.js", import.meta.url)))`, ["program ./x.js", "url x.js ?"]],
    ["a URL of its own", `new URL("./x.txt", import.meta.url)`, ["url ./x.txt ?"]],
    ["a URL of somewhere else", `new URL("./x.txt", base)`, []],
    ["a mock of jest", `jest.mock("./a", () => ({}))`, ["mock ./a ?"]],
    ["a mock of vitest", `vi.mock("./a")`, ["mock ./a ?"]],
    ["the real one beside a mock", `await vi.importActual("./a")`, ["mock ./a ?"]],
    ["a glob of Vite", `import.meta.glob("./pages/*.ts")`, ["dynamic ./pages/*.ts"]],
    ["a referenced path", `/// <reference path="./a.d.ts" />`, ["reference ./a.d.ts ?"]],
    ["referenced types", `/// <reference types="vitest" />`, ["type vitest ?"]],
    ["a type's import", `let a: import("./a").T`, ["type ./a ?"]],
    ["a type's import in a comment", `/** @type {import("./a").T} */`, ["type ./a ?"]],
    ["a component beside JSX", `import A from "./a"; const b = <A>text</A>`, ["static ./a"]],
    ["nothing by a comment", `// require("./a")\n/* import "./b" */`, []],
    ["nothing by a string", `const a = 'require("./a")'`, []],
  ] as const)
    it(`is ${name}`, () => expect(saidBy(text)).toEqual(said));

  it("has the line of its first place", () =>
    expect(parseModule("a.js", "\n\nimport './a.js';\nimport './b.js'").imports.map(({ line }) => line)).toEqual([3, 4]));
  it("is needed where one of two places needs it", () => expect(saidBy(`try { require("./a") } catch {}; require("./a")`)).toEqual(["require ./a"]));
  it("is read in a script that returns", () => expect(saidBy(`return; require("./a")`, "a.js")).toEqual(["require ./a"]));
  it("is read in TypeScript under the name of JavaScript", () => expect(saidBy(`import a from "./a"; let b: string`, "a.js")).toEqual(["static ./a"]));
});

describe("a hostile text", () => {
  for (const [name, text] of [
    ["brackets", "(".repeat(50_000)],
    ["words", "new ".repeat(50_000)],
    ["operators", `${"!".repeat(50_000)}x`],
    ["elements", "<a>".repeat(50_000)],
    ["no sense", "import {{{{ from"],
  ] as const)
    it(`of ${name} is said to be unreadable, and keeps what its lines seem to import`, () => {
      const facts = parseModule("a.jsx", `import "./a.js";\n${text}`);
      expect(facts.unreadable).toMatch(/too deep|could not be parsed/);
      expect(facts.imports.map(({ specifier }) => specifier)).toContain("./a.js");
    });

  it("of a name put together from too many parts can be anything that ends so", () =>
    expect(saidBy(`require(${'"a" + '.repeat(200)}"b")`)).toEqual([expect.stringMatching(/^require \*a{1,40}b$/)]));

  it("of too many names is taken for a table: the rest stays unexplained", () =>
    expect(parseModule("a.js", `f(${Array.from({ length: 3_000 }, (_, each) => `"x${each}.md"`).join(",")})`).reads).toHaveLength(2_000));

  it("never throws, whatever it holds", () =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom("import", "require(", '"./a"', "`${", "}", "\\u", "new URL(", "'", "\n", "\0", "<", "/*", "try{", " ")), (parts) => {
        expect(parseModule("a.ts", parts.join(""))).toHaveProperty("imports");
      }),
    ));
});

describe("what a module may read", () => {
  for (const [name, text, reads] of [
    ["a quoted file", `readFileSync("prompts/system.md")`, ["prompts/system.md"]],
    ["the last part of a joined path", `join(root, "prompts", "x.md")`, ["x.md"]],
    ["a template with holes", "read(`prompts/${name}.md`)", ["prompts/*.md"]],
    ["one from a folder above", `open("../../schema.sql")`, ["schema.sql"]],
    ["no module", `import("./a.js")`, []],
    ["no address", `fetch("https://example.org/a.md")`, []],
  ] as const)
    it(`is ${name}`, () => expect(parseModule("a.ts", text).reads).toEqual(reads));
});
