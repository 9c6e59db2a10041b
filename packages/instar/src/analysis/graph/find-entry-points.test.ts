import { describe, expect, it } from "vitest";
import { findEntryPoints } from "./find-entry-points.ts";
import { graphOf, type Planted } from "./plant-tree.testing.ts";

const FILES: Planted = {
  "a.js": 'import "./b.js"',
  "b.js": "",
  "bin/run": "#!/usr/bin/env node",
  "src/index.ts": "",
  "agent/start.js": "",
  "a.test.js": "",
  "notes.txt": "",
};

async function entries(manifest: unknown, start: string | readonly string[] = [], directory = ".") {
  const graph = await graphOf(FILES);
  const text = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
  return findEntryPoints({ graph, packages: [{ path: "package.json", text }], start, directory, isTest: (path) => path.includes("test") });
}

describe("an entry point is", () => {
  for (const [name, manifest, start, directory, found] of [
    ["what the agent is started with", {}, ["node", "--watch", "a.js"], ".", ["a.js"]],
    ["what a line for the shell starts", {}, "cd x && node a.js | tee log", ".", ["a.js"]],
    ["what the agent is started with in its folder", {}, ["node", "start.js"], "agent", ["agent/start.js"]],
    ["what the agent is started with from the release's root", {}, ["node", "{release}/a.js"], "agent", ["a.js"]],
    ["a program of a package", { bin: { run: "./bin/run" } }, [], ".", ["bin/run"]],
    ["what a package shows", { main: "a.js", exports: { "./b": { import: "./b.js" } } }, [], ".", ["a.js", "b.js"]],
    ["the source of what a package shows when it is built", { main: "./dist/index.js" }, [], ".", ["src/index.ts"]],
    ["what a script runs", { scripts: { start: "NODE_ENV=x node ./b.js --flag" } }, [], ".", ["b.js"]],
    ["what nobody imports, where nothing else is said", {}, [], ".", ["a.js", "agent/start.js", "bin/run", "src/index.ts"]],
    ["nothing outside of the tree", { main: "../outside.js", bin: "/etc/passwd", exports: "./a.js" }, ["node", "../../x.js"], ".", ["a.js"]],
    ["not asked of a package.json that is no JSON", "{", ["a.js"], ".", ["a.js"]],
    ["not asked of inherited words", '{"bin":{"__proto__":"./b.js"},"scripts":[null,5],"main":"a.js"}', [], ".", ["a.js", "b.js"]],
  ] as const)
    it(name, async () => expect(await entries(manifest, start, directory)).toEqual(found));
});
