import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildGraph } from "./build-graph.ts";
import { createMemoryCache } from "./graph-cache.ts";
import { edgesOf, graphOf, needsOf, type Planted, plantTree } from "./plant-tree.testing.ts";

const json = (value: unknown) => JSON.stringify(value);
const A = "export const a = 1;";

describe("an import leads to", () => {
  for (const [name, from, files, edges] of [
    ["the file as written", "./b.js", { "b.js": A }, ["b.js"]],
    ["a file whose ending is left out", "./b", { "b.ts": A }, ["b.ts"]],
    ["the TypeScript that is written .js", "./b.js", { "b.ts": A }, ["b.ts"]],
    ["the TypeScript that is written .mjs", "./b.mjs", { "b.mts": A }, ["b.mts"]],
    ["a file and its declarations", "./b.js", { "b.js": A, "b.d.ts": A }, ["b.d.ts", "b.js"]],
    ["a folder's index", "./b", { "b/index.tsx": A }, ["b/index.tsx"]],
    ["what a folder's package.json says", "./b", { "b/package.json": json({ main: "x.js" }), "b/x.js": A }, ["b/x.js"]],
    ["JSON", "./b.json", { "b.json": "{}" }, ["b.json"]],
    ["a file that a bundler is told how to load", "./b.svg?raw", { "b.svg": "" }, ["b.svg"]],
    ["a package's own name", "self/b.js", { "package.json": json({ name: "self", exports: { "./*": "./lib/*" } }), "lib/b.js": A }, ["lib/b.js"]],
    ["the source of what its own package builds", "self", { "package.json": json({ name: "self", main: "./dist/b.js" }), "src/b.ts": A }, ["src/b.ts"]],
    ["the source of what is built beside it", "./dist/b.js", { "package.json": "{}", "src/b.ts": A }, ["src/b.ts"]],
    ["a file from the root", "/public/b.js", { "public/b.js": A }, ["public/b.js"]],
    ["a private name", "#b", { "package.json": json({ imports: { "#b": { node: "./b.js", default: "./c.js" } } }), "b.js": A, "c.js": A }, ["b.js", "c.js"]],
    ["a private name with a star", "#x/b", { "package.json": json({ imports: { "#x/*": "./src/*.ts" } }), "src/b.ts": A }, ["src/b.ts"]],
    [
      "an alias of the tsconfig",
      "@/b",
      { "tsconfig.json": '{ // why\n "compilerOptions": { "paths": { "@/*": ["./src/*"], }, }, }', "src/b.ts": A },
      ["src/b.ts"],
    ],
    ["a path from baseUrl", "src/b", { "tsconfig.json": json({ compilerOptions: { baseUrl: "." } }), "src/b.ts": A }, ["src/b.ts"]],
    [
      "an alias of what the tsconfig extends",
      "@/b",
      { "tsconfig.json": json({ extends: "./config/base" }), "config/base.json": json({ compilerOptions: { paths: { "@/*": ["../src/*"] } } }), "src/b.ts": A },
      ["src/b.ts"],
    ],
    [
      "an alias of what the tsconfig refers to",
      "@/b",
      {
        "tsconfig.json": json({ references: [{ path: "./tsconfig.app.json" }] }),
        "tsconfig.app.json": json({ compilerOptions: { paths: { "@/*": ["./src/*"] } } }),
        "src/b.ts": A,
      },
      ["src/b.ts"],
    ],
    [
      "a workspace",
      "@acme/core",
      {
        "package.json": json({ workspaces: ["packages/*"] }),
        "packages/core/package.json": json({ name: "@acme/core", main: "main.js" }),
        "packages/core/main.js": A,
      },
      ["packages/core/main.js"],
    ],
    [
      "a workspace of pnpm, from the source of what it builds",
      "@acme/core/deep",
      {
        "pnpm-workspace.yaml": "packages:\n  - 'libs/**'\n",
        "libs/x/core/package.json": json({ name: "@acme/core", exports: { "./*": { types: "./dist/*.d.ts", import: "./dist/*.js" } } }),
        "libs/x/core/src/deep.ts": A,
      },
      ["libs/x/core/src/deep.ts"],
    ],
    ["a file behind a link", "./l.js", { "l.js": { link: "real/b.js" }, "real/b.js": A }, ["l.js", "real/b.js"]],
    ["a file behind a linked folder", "./l/b.js", { l: { link: "./real" }, "real/b.js": A }, ["l", "real/b.js"]],
    ["nothing in a submodule", "./sub/b.js", { sub: { submodule: "x" } }, []],
  ] as const satisfies readonly (readonly [string, string, Planted, readonly string[]])[])
    it(name, async () => expect(needsOf(await graphOf({ "a.ts": `import "${from}";`, ...files }), "a.ts")).toEqual(edges));

  for (const [name, text, files, edges] of [
    ["what a pattern fits", "import(`./handlers/${x}.js`)", { "handlers/b.js": A, "handlers/c.ts": A, "other/d.js": A }, ["handlers/b.js", "handlers/c.ts"]],
    ["a worker beside it", `new Worker("./w.js")`, { "w.js": A }, ["w.js"]],
    ["a program from the root", `fork("jobs/w.js")`, { "jobs/w.js": A }, ["jobs/w.js"]],
    [
      "a folder by its URL",
      `new URL("./migrations/", import.meta.url)`,
      { "migrations/1.sql": "", "migrations/2.sql": "" },
      ["migrations/1.sql", "migrations/2.sql"],
    ],
    ["a prompt that it reads", `read(join(root, "prompts", "x.md"))`, { "prompts/x.md": "" }, ["prompts/x.md"]],
    ["prompts of a pattern", "read(`prompts/${x}.md`)", { "agent/prompts/x.md": "", "agent/prompts/y.md": "" }, ["agent/prompts/x.md", "agent/prompts/y.md"]],
  ] as const satisfies readonly (readonly [string, string, Planted, readonly string[]])[])
    it(name, async () => expect(needsOf(await graphOf({ "agent/a.js": "", "a.js": text, ...files }), "a.js")).toEqual(edges));

  it("all of a workspace where what it shows cannot be found, by way of its package.json", async () => {
    const graph = await graphOf({
      "a.ts": 'import "@acme/core"',
      "b.ts": 'import "@acme/core"',
      "package.json": json({ workspaces: { packages: ["core"] } }),
      "core/package.json": json({ name: "@acme/core", main: "./made/x.js" }),
      "core/one.ts": 'import "@acme/core"',
      "core/sub/two.ts": A,
      "core/sub/in/package.json": json({ name: "other" }),
      "core/sub/in/three.ts": A,
    });
    for (const path of ["a.ts", "b.ts", "core/one.ts"]) expect(needsOf(graph, path)).toEqual(["core/package.json"]);
    expect(needsOf(graph, "core/package.json")).toEqual(["core/one.ts", "core/sub/two.ts"]);
    expect(graph.unresolved).toEqual([]);
  });

  it("a package from outside, or Node's own", async () => {
    const { externals, paths } = await graphOf({
      "a.js": `import "lodash/fp"; import "@x/y/z"; import "fs"; import "node:test"; import "https://esm.sh/x"`,
      "node_modules/lodash/package.json": json({ name: "lodash" }),
    });
    expect([...externals.keys()].sort()).toEqual(["@x/y", "esm.sh", "lodash", "node:fs", "node:test"]);
    expect(externals.get("lodash")).toEqual([paths.indexOf("a.js")]);
  });

  it("a module from a program without an ending", async () =>
    expect(edgesOf(await graphOf({ "bin/run": "#!/usr/bin/env node\nrequire('../b')", "b.js": A, LICENSE: "import './b.js'" }))).toEqual(["bin/run → b.js"]));
});

describe("bad input is in the graph as what it is:", () => {
  it("cyclic imports", async () =>
    expect(edgesOf(await graphOf({ "a.js": 'import "./b.js"', "b.js": 'import "./a.js"' }))).toEqual(["a.js → b.js", "b.js → a.js"]));

  it("a broken import, and one that may be", async () => {
    const { unresolved } = await graphOf({ "a.js": '\nimport "./gone.js"; try { require("./b") } catch {}' });
    expect(unresolved.map(({ specifier, line, isOptional }) => [specifier, line, isOptional])).toEqual([
      ["./gone.js", 2, false],
      ["./b", 2, true],
    ]);
  });

  it("a file that does not parse, that is not UTF-8, that is too large, that is gone", async () => {
    const planted = plantTree({
      "broken.js": "import {{",
      "latin.js": Buffer.from([0x22, 0xe9, 0x22]),
      "big.js": `"${"x".repeat(10_000_000)}"`,
      "gone.js": A,
      "App.vue": "<script>",
    });
    rmSync(join(planted.root, "gone.js"));
    const { graph } = await buildGraph(planted);
    expect(graph.unreadable.map(({ id, because }) => [graph.paths[id], because])).toEqual([
      ["App.vue", "it is written in a language that is not read"],
      ["big.js", "it is too large to be read"],
      ["broken.js", "it could not be parsed"],
      ["gone.js", "it could not be opened"],
      ["latin.js", "it is not UTF-8"],
    ]);
    expect(Array.from(graph.isModule)).toEqual([0, 1, 1, 1, 1]);
  });

  it("names with line feeds, quotes and inherited words", async () => {
    const names = ["line\nfeed.js", 'quo"te.js', "__proto__.js", "constructor"];
    const text = names.map((name) => `import ${json(`./${name}`)};`).join("");
    expect(needsOf(await graphOf({ "a.js": text, ...Object.fromEntries(names.map((name) => [name, A])) }), "a.js")).toEqual([...names].sort());
  });

  it("links out of the tree, in a circle and into nothing lead nowhere", async () => {
    const graph = await graphOf({
      "a.js": 'import "./out.js"; import "./one.js"; import "./none.js"; import "./up/outside.js"; import "./absolute.js"',
      "out.js": { link: "../outside.js" },
      up: { link: ".." },
      "one.js": { link: "two.js" },
      "two.js": { link: "one.js" },
      "none.js": { link: "gone.js" },
      "absolute.js": { link: "/a.js" },
    });
    expect(edgesOf(graph)).toEqual([]);
    expect(graph.unresolved.map(({ specifier }) => specifier).sort()).toEqual(["./absolute.js", "./none.js", "./one.js", "./out.js", "./up/outside.js"]);
  });

  it("a file that became a link behind our back is not followed", async () => {
    const planted = plantTree({ "a.js": "", "dir/b.js": "" });
    rmSync(join(planted.root, "a.js"));
    symlinkSync("../outside.js", join(planted.root, "a.js"));
    rmSync(join(planted.root, "dir"), { recursive: true });
    symlinkSync("..", join(planted.root, "dir"));
    writeFileSync(join(planted.root, "..", "b.js"), "import './secret.js'");
    const { graph } = await buildGraph(planted);
    expect(graph.unreadable.map(({ because }) => because)).toEqual(["it could not be opened", "it lies outside the tree"]);
    expect(graph.unresolved).toEqual([]);
  });

  it("a path that leaves the tree is not read", async () => {
    const planted = plantTree({});
    const { graph } = await buildGraph({ root: planted.root, files: [{ path: "../outside.js", kind: "file", sizeBytes: 1, content: "x" }] });
    expect(graph.unreadable.map(({ because }) => because)).toEqual(["it lies outside the tree"]);
  });

  for (const [name, tsconfig, reported] of [
    ["extends itself", json({ extends: "./tsconfig.json" }), []],
    ["extends in a circle", json({ extends: "./other.json" }), []],
    ["extends a file outside", json({ extends: "../../../etc/passwd" }), ["../../../etc/passwd"]],
    ["extends an absolute file", json({ extends: "/etc/passwd" }), ["/etc/passwd"]],
    ["has paths out of the tree", json({ compilerOptions: { paths: { "x/*": ["../../*"] } } }), ["../../*"]],
    ["has a baseUrl out of the tree", json({ compilerOptions: { baseUrl: ".." } }), [".."]],
    ["is no JSON", "{{{", ["tsconfig.json"]],
    ["is ten megabytes long", `{"a":"${"x".repeat(10_000_000)}"}`, ["tsconfig.json"]],
    ["is a list", "[]", ["tsconfig.json"]],
    ["has inherited words for keys", '{"__proto__":{"extends":"../x"},"compilerOptions":{"paths":{"__proto__":["../y"],"constructor":5}}}', ["../y"]],
    ["is nested deep", "[".repeat(100_000), ["tsconfig.json"]],
  ] as const)
    it(`a tsconfig that ${name}`, async () => {
      const { unresolved, paths } = await graphOf({
        "a.ts": "import './b.js'",
        "b.ts": A,
        "tsconfig.json": tsconfig,
        "other.json": json({ extends: "./tsconfig.json" }),
      });
      expect(unresolved.map(({ specifier }) => specifier)).toEqual(reported);
      expect(unresolved.every(({ id }) => paths[id] === "tsconfig.json")).toBe(true);
    });

  for (const [name, manifest] of [
    ["is no JSON", "{"],
    [
      "has inherited words for keys",
      '{"__proto__":{"name":"x"},"exports":{"__proto__":"./a.js","constructor":"./b.js"},"imports":{"__proto__":"#__proto__"},"workspaces":{"__proto__":["../*"]}}',
    ],
    ["has workspaces out of the tree", json({ workspaces: ["../*", "/etc/*", "../../**", `{${"a,".repeat(500)}}`.repeat(4)] })],
    ["shows itself in a circle", json({ name: "self", exports: { ".": "./" }, main: "." })],
    ["has private names in a circle", json({ imports: { "#x": "#y", "#y": "#x" } })],
    ["shows what lies outside", json({ name: "self", exports: "../outside.js", imports: { "#x": "../outside.js" } })],
    ["is nested deep", `{"exports":${"[".repeat(5_000)}${"]".repeat(5_000)}}`],
    ["has a bomb of stars", json({ workspaces: ["**/".repeat(50) + "*a*".repeat(50)] })],
  ] as const)
    it(`a package.json that ${name}`, async () => {
      const graph = await graphOf({
        "a.js": 'import "./b.js"; import "#x"; import "self"',
        "b.js": A,
        "package.json": manifest,
        "aaaa/aaaa/aaaa/aaaa/aaaa/package.json": "{}",
      });
      expect(needsOf(graph, "a.js")).toContain("b.js");
      expect(graph.unresolved.map(({ specifier }) => specifier)).toContain("#x");
    });
});

describe("a known content", () => {
  it("is not read again, whatever the file is called", async () => {
    const planted = plantTree({ "a.js": 'import "./b.js"', "b.js": A, "package.json": "{}" });
    const cache = createMemoryCache();
    expect(await buildGraph(planted, { cache })).toMatchObject({ parsed: 2, reused: 0 });
    rmSync(planted.root, { recursive: true });
    const again = await buildGraph(
      { root: planted.root, files: planted.files.map((file) => (file.path === "a.js" ? { ...file, path: "c.js" } : file)) },
      { cache },
    );
    expect(again).toMatchObject({ parsed: 0, reused: 2 });
    expect(edgesOf(again.graph)).toEqual(["c.js → b.js"]);
  });

  it("is parsed again in another language", async () => {
    const cache = createMemoryCache();
    const { graph } = await buildGraph(plantTree({ "a.ts": "let a = <b>c;", "a.tsx": "let a = <b>c;" }), { cache });
    expect(graph.unreadable.map(({ id }) => graph.paths[id])).toEqual(["a.tsx"]);
  });

  it("that is unfit to be read is not tried again", async () => {
    const planted = plantTree({ "a.js": Buffer.from([0xff]) });
    const cache = createMemoryCache();
    await buildGraph(planted, { cache });
    expect(await buildGraph(planted, { cache })).toMatchObject({ reused: 1, graph: { unreadable: [{ because: "it is not UTF-8" }] } });
  });

  it("that could not be read is tried again", async () => {
    const planted = plantTree({ "a.js": "" });
    const cache = createMemoryCache();
    rmSync(join(planted.root, "a.js"));
    await buildGraph(planted, { cache });
    writeFileSync(join(planted.root, "a.js"), "");
    expect((await buildGraph(planted, { cache })).graph.unreadable).toEqual([]);
  });

  it("makes no graph for whom nobody waits", async () => {
    await expect(graphOf({ "a.js": "" }, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
});
