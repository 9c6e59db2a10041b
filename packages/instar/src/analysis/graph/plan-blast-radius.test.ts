import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layEdges, turnEdges } from "./lay-edges.ts";
import type { ModuleGraph } from "./module-graph.ts";
import { type BlastRadiusQuestion, planBlastRadius } from "./plan-blast-radius.ts";
import { edgesOf, graphOf, type Planted } from "./plant-tree.testing.ts";

const isTest = (path: string) => path.includes("test");
const isHarmless = (path: string) => path.endsWith(".md");
const changed = (...paths: readonly string[]) => paths.map((path) => ({ path, status: "modified" as const }));

async function radiusOf(files: Planted, question: Partial<Omit<BlastRadiusQuestion, "after" | "before">>, before: Planted | null = null) {
  const after = await graphOf(files);
  return planBlastRadius({ before: before === null ? null : await graphOf(before), after, edits: [], entryPoints: [], isTest, isHarmless, ...question });
}

/** main → service → store; two tests; an island. */
const AGENT: Planted = {
  "main.js": 'import "./service.js"',
  "service.js": 'import "./store.js"; read("schema.sql")',
  "store.js": "",
  "island.js": "",
  "store.test.js": 'import "./store.js"',
  "main.test.js": 'import "./main.js"',
  "schema.sql": "",
  "data.bin": "",
  "README.md": "",
  "package.json": "{}",
};

describe("what a change reaches", () => {
  it("is nothing for an empty diff", async () =>
    expect(await radiusOf(AGENT, { entryPoints: ["main.js"] })).toEqual({
      directly: [],
      indirectly: [],
      unexplained: [],
      isEverything: false,
      entryPoints: [],
      tests: [],
      components: { directly: [], indirectly: [] },
      total: 6,
    }));

  it("is the module and those that import it, then those behind, with the nearest test first", async () =>
    expect(await radiusOf(AGENT, { edits: changed("store.js"), entryPoints: ["main.js", "island.js"] })).toMatchObject({
      directly: ["service.js", "store.js", "store.test.js"],
      indirectly: ["main.js", "main.test.js"],
      entryPoints: ["main.js"],
      tests: ["store.test.js", "main.test.js"],
      isEverything: false,
    }));

  it("begins with a test that changed itself", async () =>
    expect((await radiusOf(AGENT, { edits: changed("store.js", "main.test.js") })).tests).toEqual(["main.test.js", "store.test.js"]));

  it("is all of it for a diff of everything", async () => {
    const radius = await radiusOf(AGENT, { edits: changed(...Object.keys(AGENT).filter((path) => path !== "data.bin")) });
    expect(radius.directly).toHaveLength(radius.total);
    expect(radius.indirectly).toEqual([]);
  });

  it("is who reads a file that is no module", async () =>
    expect(await radiusOf(AGENT, { edits: changed("schema.sql") })).toMatchObject({
      directly: ["service.js"],
      indirectly: ["main.js", "main.test.js"],
      unexplained: [],
    }));

  it("is everything for a file that nobody is known to read, with every test and entry point", async () =>
    expect(await radiusOf(AGENT, { edits: changed("data.bin"), entryPoints: ["main.js"] })).toMatchObject({
      unexplained: ["data.bin"],
      isEverything: true,
      entryPoints: ["main.js"],
      tests: ["main.test.js", "store.test.js"],
    }));

  it("is everything for an added file that nobody is known to read", async () =>
    expect((await radiusOf({ ...AGENT, "x.bin": "" }, { edits: [{ path: "x.bin", status: "added" }] }, AGENT)).isEverything).toBe(true));

  it("is nothing for a document", async () =>
    expect(await radiusOf(AGENT, { edits: changed("README.md") })).toMatchObject({ directly: [], unexplained: [], isEverything: false }));

  it("is the entry points below a package.json", async () =>
    expect(await radiusOf(AGENT, { edits: changed("package.json"), entryPoints: ["main.js"] })).toMatchObject({
      directly: ["main.js"],
      indirectly: ["main.test.js"],
      unexplained: [],
    }));

  it("is who imported a file that is gone", async () => {
    const { "store.js": _, ...rest } = AGENT;
    expect(await radiusOf(rest, { edits: [{ path: "store.js", status: "deleted" }] }, AGENT)).toMatchObject({
      directly: ["service.js", "store.js", "store.test.js"],
      indirectly: ["main.js", "main.test.js"],
    });
  });

  it("is who imported a file by its name before", async () => {
    const { "store.js": _, ...rest } = AGENT;
    const radius = await radiusOf({ ...rest, "depot.js": "" }, { edits: [{ path: "depot.js", from: "store.js", status: "renamed" }] }, AGENT);
    expect(radius.directly).toEqual(["depot.js", "service.js", "store.js", "store.test.js"]);
  });

  it("is a module whose import leads elsewhere than before, although its text is the same", async () => {
    const tree = (to: string): Planted => ({
      "a.ts": 'import "@/x"',
      "b.ts": 'import "./a.ts"',
      "one/x.ts": "",
      "two/x.ts": "",
      "tsconfig.json": JSON.stringify({ compilerOptions: { paths: { "@/*": [`./${to}/*`] } } }),
    });
    expect(await radiusOf(tree("two"), { edits: changed("tsconfig.json") }, tree("one"))).toMatchObject({
      directly: ["a.ts"],
      indirectly: ["b.ts"],
      unexplained: [],
    });
  });

  it("is who imports a package with another version", async () =>
    expect(await radiusOf({ "a.js": 'import "left-pad"', "b.js": "" }, { edits: changed("package-lock.json"), changedPackages: ["left-pad"] })).toMatchObject({
      directly: ["a.js"],
      isEverything: false,
    }));

  it("is a module that could not be read, and who imports it: it may import anything", async () =>
    expect(await radiusOf({ "a.js": "", "odd.js": "{{", "c.js": 'import "./odd.js"', "d.js": "" }, { edits: changed("a.js") })).toMatchObject({
      directly: ["a.js"],
      indirectly: ["c.js", "odd.js"],
    }));

  it("is a module that computes what it imports, where nobody names what changed", async () => {
    const files = { "load.js": "import(name)", "plugin.js": "", "named.js": "", "user.js": 'import "./named.js"' };
    expect(await radiusOf(files, { edits: changed("plugin.js") })).toMatchObject({ directly: ["plugin.js"], indirectly: ["load.js"] });
    expect(await radiusOf(files, { edits: changed("named.js"), entryPoints: ["user.js"] })).toMatchObject({
      directly: ["named.js", "user.js"],
      indirectly: [],
    });
  });

  it("is who imports a package that is not built, for each of its modules, and not who imports another", async () => {
    const files: Planted = {
      "package.json": JSON.stringify({ workspaces: ["*"] }),
      "core/package.json": JSON.stringify({ name: "core", main: "./made/x.js" }),
      "core/one.js": "",
      "core/two.js": "",
      "a.js": 'import "core"',
      "b.js": 'import "./a.js"',
      "c.js": "",
    };
    for (const path of ["core/one.js", "core/two.js"])
      expect(await radiusOf(files, { edits: changed(path), entryPoints: ["b.js", "c.js"] })).toMatchObject({
        directly: ["a.js", path],
        indirectly: ["b.js"],
        entryPoints: ["b.js"],
        isEverything: false,
      });
    const { "core/two.js": _, ...rest } = files;
    expect(await radiusOf(rest, { edits: [{ path: "core/two.js", status: "deleted" }] }, files)).toMatchObject({
      directly: ["a.js", "core/two.js"],
      indirectly: ["b.js"],
    });
    expect(await radiusOf(files, { edits: changed("core/package.json") }, files)).toMatchObject({ directly: ["a.js"], indirectly: ["b.js"] });
  });

  it("is who imports a package that is not built, where another file belongs to it than before", async () => {
    const files: Planted = {
      "package.json": JSON.stringify({ workspaces: ["*"] }),
      "core/package.json": JSON.stringify({ name: "core", main: "./made/x.js" }),
      "core/one.js": "",
      "core/in/two.js": "",
      "a.js": 'import "core"',
    };
    expect((await radiusOf(files, { edits: changed("core/in/package.json") }, { ...files, "core/in/package.json": "{}" })).directly).toEqual(["a.js"]);
  });

  it("names tests by what is asked, whatever was asked before", async () => {
    const after = await graphOf(AGENT);
    const question = { before: null, after, edits: changed("store.js"), entryPoints: [], isHarmless };
    expect(planBlastRadius({ ...question, isTest }).tests).toEqual(["store.test.js", "main.test.js"]);
    expect(planBlastRadius({ ...question, isTest: (path) => path === "main.js" }).tests).toEqual(["main.js"]);
    expect(planBlastRadius({ ...question, isTest, packageFolders: ["x"] }).components).toEqual(planBlastRadius({ ...question, isTest }).components);
  });

  it("goes once round a circle", async () =>
    expect(await radiusOf({ "a.js": 'import "./b.js"', "b.js": 'import "./c.js"', "c.js": 'import "./a.js"' }, { edits: changed("a.js") })).toMatchObject({
      directly: ["a.js", "c.js"],
      indirectly: ["b.js"],
    }));

  it("names components by package, by folder, or by the file at the root", async () =>
    expect(
      (
        await radiusOf(
          {
            "src/one/a.js": "",
            "src/two/b.js": 'import "../one/a.js"',
            "main.js": 'import "./src/two/b.js"',
            "packages/p/package.json": "{}",
            "packages/p/src/x/c.js": 'import "../../../../main.js"',
          },
          { edits: changed("src/one/a.js") },
        )
      ).components,
    ).toEqual({ directly: ["src/one", "src/two"], indirectly: ["main.js", "packages/p"] }));
});

describe("edges", () => {
  const random = fc
    .integer({ min: 1, max: 12 })
    .chain((size) => fc.array(fc.array(fc.integer({ min: 0, max: size - 1 })), { minLength: size, maxLength: size }));

  it("say the same from both ends", () =>
    fc.assert(
      fc.property(random, (targets) => {
        const graph = drawn(targets);
        const turned = edgesOf({ ...graph, dependencies: graph.dependents }).map((edge) => edge.split(" → ").reverse().join(" → "));
        expect(turned.sort()).toEqual(edgesOf(graph).sort());
      }),
    ));

  it("reach exactly what a plain search reaches", () =>
    fc.assert(
      fc.property(random, (targets) => {
        const graph = drawn(targets);
        const { directly, indirectly } = planBlastRadius({
          before: null,
          after: graph,
          edits: changed("m00"),
          entryPoints: [],
          isTest: () => false,
          isHarmless: () => false,
        });
        const reached = new Set([0]);
        for (let size = 0; size !== reached.size; ) {
          size = reached.size;
          targets.forEach((each, id) => void (each.some((target) => reached.has(target)) && reached.add(id)));
        }
        expect([...directly, ...indirectly].sort()).toEqual([...reached].map((id) => graph.paths[id]).sort());
      }),
    ));
});

function drawn(targets: readonly (readonly number[])[]): ModuleGraph {
  const dependencies = layEdges(targets);
  return {
    paths: targets.map((_, id) => `m${String(id).padStart(2, "0")}`),
    isModule: new Uint8Array(targets.length).fill(1),
    dependencies,
    dependents: turnEdges(dependencies),
    externals: new Map(),
    unresolved: [],
    unreadable: [],
  };
}
