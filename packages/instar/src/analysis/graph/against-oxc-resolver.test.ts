// Our resolver looks at listed paths alone; oxc-resolver looks at the disk, as bundlers and Node do. Where that one finds a file of the tree, ours must have an edge to it.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ResolverFactory } from "oxc-resolver";
import { describe, expect, it } from "vitest";
import type { SourceTree } from "../source-tree.ts";
import { buildGraph } from "./build-graph.ts";
import { languageOf } from "./module-facts.ts";
import { parseModule } from "./parse-module.ts";
import { edgesOf, plantTree } from "./plant-tree.testing.ts";

const judge = new ResolverFactory({
  extensions: [".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".json"],
  extensionAlias: { ".js": [".ts", ".tsx", ".js"], ".mjs": [".mts", ".mjs"], ".cjs": [".cts", ".cjs"] },
  conditionNames: ["node", "import", "require", "default"],
  mainFields: ["module", "main"],
  tsconfig: "auto",
});

/** What oxc-resolver finds inside the tree and we do not: `from → to by specifier`; with how much it found. */
async function compare(tree: SourceTree): Promise<{ found: number; missing: string[] }> {
  const { graph } = await buildGraph(tree);
  const ours = new Set(edgesOf(graph));
  const listed = new Set(tree.files.map(({ path }) => path));
  const missing: string[] = [];
  let found = 0;
  for (const { path } of tree.files) {
    const language = languageOf(path);
    if (language === undefined) continue;
    for (const { specifier, isPattern, kind } of parseModule(path, readFileSync(join(tree.root, path), "utf8")).imports) {
      if (isPattern || kind === "url" || kind === "program" || kind === "reference") continue;
      const { path: at } = judge.resolveFileSync(join(tree.root, path), specifier);
      const target = at === undefined ? undefined : relative(tree.root, at.replace(/\?.*$/, ""));
      if (target === undefined || !listed.has(target) || target === path) continue;
      found += 1;
      if (!ours.has(`${path} → ${target}`)) missing.push(`${path} → ${target} by ${specifier}`);
    }
  }
  return { found, missing };
}

describe("an edge that oxc-resolver finds is not missing", () => {
  it("in this project itself", async () => {
    const root = fileURLToPath(new URL("../../../../../", import.meta.url));
    const paths = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8" }).split("\0");
    const files = [...new Set(paths)]
      .filter((path) => path !== "" && existsSync(join(root, path)))
      .map((path) => ({ path, kind: "file" as const, sizeBytes: 0, content: path }));
    const { found, missing } = await compare({ root, files });
    expect(missing).toEqual([]);
    expect(found).toBeGreaterThan(1_000);
  });

  it("in a workspace with exports, private names, aliases and folders", async () => {
    const json = (value: unknown) => JSON.stringify(value);
    const tree = plantTree({
      "package.json": json({ name: "root", workspaces: ["packages/*"] }),
      "packages/core/package.json": json({
        name: "@acme/core",
        imports: { "#own/*": "./src/own/*.ts" },
        exports: { ".": { import: "./src/index.ts", require: "./src/index.cjs" }, "./deep/*": "./src/deep/*.ts", "./data": "./data.json" },
      }),
      "packages/core/src/index.ts": 'export * from "./deep/one.js"; import "#own/private"; import "@acme/core/deep/two";',
      "packages/core/src/index.cjs": 'require("./deep"); require("@acme/core/data");',
      "packages/core/src/deep/index.js": "",
      "packages/core/src/deep/one.ts": "",
      "packages/core/src/deep/two.ts": "",
      "packages/core/src/own/private.ts": "",
      "packages/core/data.json": "{}",
      "packages/app/package.json": json({ name: "app", main: "main" }),
      "packages/app/tsconfig.json": '{ /* a comment */ "extends": "../../tsconfig.base", "compilerOptions": { "paths": { "~/*": ["./src/*"] } } }',
      "tsconfig.base.json": json({ compilerOptions: { strict: true } }),
      "packages/app/main.js": "",
      "packages/app/src/a.tsx": 'import "@acme/core"; import "@acme/core/deep/one"; import x from "~/b"; import "../"; import "..";',
      "packages/app/src/b.mts": 'import "./c.mjs"; import y from "@acme/core/data" with { type: "json" };',
      "packages/app/src/c.mts": "",
    });
    // oxc-resolver needs what an installation makes; we do not.
    mkdirSync(join(tree.root, "node_modules/@acme"), { recursive: true });
    symlinkSync(join(tree.root, "packages/core"), join(tree.root, "node_modules/@acme/core"));
    const { found, missing } = await compare(tree);
    expect(missing).toEqual([]);
    expect(found).toBeGreaterThan(10);
  });
});
