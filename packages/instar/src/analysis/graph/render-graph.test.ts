import { describe, expect, it } from "vitest";
import { graphOf } from "./plant-tree.testing.ts";
import { renderGraph } from "./render-graph.ts";

const hostile = 'x"];evil[label="\n\\.js';

describe("a graph as text", () => {
  it("is DOT in which no name ends its quotes or its line", async () => {
    const dot = renderGraph(await graphOf({ "a.js": `import ${JSON.stringify(`./${hostile}`)}`, [hostile]: "", "notes.txt": "" }), "dot");
    expect(dot.split("\n")).toEqual([
      "digraph modules {",
      "  rankdir=LR;",
      '  node [shape=box, fontname="sans-serif"];',
      '  n0 [label="a.js"];',
      "  n0 -> n2;",
      '  n2 [label="x\\"];evil[label=\\"\\\\u000a\\\\.js"];',
      "}",
      "",
    ]);
  });

  it("is JSON that says what each module needs, and what leads nowhere", async () =>
    expect(JSON.parse(renderGraph(await graphOf({ "a.js": `import "./${"b.js"}"; import "node:fs"; import "./gone.js"`, "b.js": "{{" }), "json"))).toEqual({
      modules: [
        { path: "a.js", needs: ["b.js"] },
        { path: "b.js", needs: [] },
      ],
      externals: [{ name: "node:fs", importedBy: ["a.js"] }],
      unresolved: [{ path: "a.js", specifier: "./gone.js", line: 1, isOptional: false }],
      unreadable: [{ path: "b.js", because: "it could not be parsed" }],
    }));
});
