import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ImportFact, PythonKind } from "../module-facts.ts";
import { createTreePaths } from "../tree-paths.ts";
import { createPythonResolver } from "./resolve-python-import.ts";

const names = fc.constantFrom("a", "b", "src", "__init__", "__proto__", "os", "pyproject", "li\nne", "x*");
const path = fc
  .tuple(fc.array(names, { maxLength: 4 }), names, fc.constantFrom(".py", ".pyi", ".toml", ""))
  .map(([folders, name, ending]) => `${[...folders, name].join("/")}${ending}`);
const tree = fc.uniqueArray(path, { minLength: 1, maxLength: 25 }).map((paths) => paths.sort());
const kind = fc.constantFrom<PythonKind>("python", "python-name", "python-text");
const specifier = fc.oneof(
  fc.tuple(fc.constantFrom("", "", ".", "..", "....."), fc.array(names, { maxLength: 4 })).map(([dots, parts]) => dots + parts.join(".")),
  fc.string({ maxLength: 20 }),
);
const fact = (written: string, as: PythonKind, isPattern = written.includes("*")): ImportFact => ({
  specifier: written,
  isPattern,
  kind: as,
  line: 1,
  isOptional: false,
});
const resolverOf = (paths: readonly string[], links = new Map<string, string>()) =>
  createPythonResolver({ tree: createTreePaths(paths, links), links: links.keys(), facts: new Map([[0, { imports: [fact("a.b", "python")] }]]) });

describe("whatever a tree and an import are called,", () => {
  it("it leads to files of the tree, out of it by its first name, or nowhere", () =>
    fc.assert(
      fc.property(tree, fc.nat(), specifier, kind, (paths, at, written, as) => {
        const found = resolverOf(paths)(paths[at % paths.length] ?? "", fact(written, as));
        for (const id of found.targets) expect(paths[id]).toBeDefined();
        for (const name of found.externals) expect(name).toBe(`python:${written.split(".")[0]}`);
        expect(found.isMissing && found.externals.length > 0).toBe(false);
      }),
      { numRuns: 1_000 },
    ));

  it("a module is found by its whole name from anywhere", () =>
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^m[a-z]{0,5}$/), { minLength: 1, maxLength: 5 }), path, fc.boolean(), (parts, from, isPackage) => {
        const wanted = `${parts.join("/")}${isPackage ? "/__init__" : ""}.py`;
        const paths = [...new Set([wanted, from])].sort();
        expect(resolverOf(paths)(from, fact(parts.join("."), "python")).targets).toContain(paths.indexOf(wanted));
      }),
    ));

  it("what climbs above the root is missing", () =>
    fc.assert(
      fc.property(tree, fc.nat(), fc.integer({ min: 1, max: 50 }), (paths, at, more) => {
        const from = paths[at % paths.length] ?? "";
        const dots = ".".repeat(from.split("/").length + more);
        expect(resolverOf(paths)(from, fact(`${dots}a`, "python"))).toMatchObject({ targets: [], isMissing: true });
      }),
    ));

  it("it is told the same when it is asked again", () =>
    fc.assert(
      fc.property(tree, specifier, kind, (paths, written, as) => {
        const resolve = resolverOf(paths);
        expect(resolve(paths[0] ?? "", fact(written, as))).toEqual(resolve(paths[0] ?? "", fact(written, as)));
      }),
    ));
});
