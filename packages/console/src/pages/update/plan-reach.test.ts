import { expect, test } from "vitest";
import { planReach } from "./plan-reach.ts";

const some = (...first: string[]) => ({ total: first.length, first });
const report = (parts: { files: string[]; directly: string[]; indirectly?: string[]; entries?: string[] }) => ({
  files: { changed: parts.files.length, added: 0, deleted: 0, addedLines: 1, deletedLines: 1, sample: parts.files },
  modules: { total: 9, directly: some(...parts.directly), indirectly: some(...(parts.indirectly ?? [])), unexplained: some(), isEverything: false },
  components: { directly: some(), indirectly: some() },
  entryPoints: some(...(parts.entries ?? [])),
});

test("a module that changed itself stands among the changed ones only", () => {
  const { columns } = planReach(report({ files: ["a.js"], directly: ["a.js", "b.js"], entries: ["b.js"] }));
  expect(columns.map(({ title, nodes, more }) => [title, nodes.map(({ name }) => name), more])).toEqual([
    ["Changed files", ["a.js"], 0],
    ["Use them", ["b.js"], 0],
    ["Reach them", [], 0],
    ["Entry points", ["b.js"], 0],
  ]);
});

test("long columns end with how many more there are, and all of it fits in the picture", () => {
  const many = Array.from({ length: 40 }, (_, at) => `m${at}.js`);
  const reach = planReach(report({ files: ["a.js"], directly: many }));
  expect(reach.columns[1]).toMatchObject({ more: 33 });
  for (const { nodes } of reach.columns) for (const node of nodes) expect(node.y + 22).toBeLessThanOrEqual(reach.height);
});

test("nothing is joined across a column that is empty but for its neighbours that are not", () => {
  expect(planReach(report({ files: ["a.js"], directly: [] })).curves).toEqual([]);
  expect(planReach(report({ files: ["a.js"], directly: ["a.js"], entries: ["a.js"] })).curves).toHaveLength(2);
});
