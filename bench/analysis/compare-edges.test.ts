import { describe, expect, it } from "vitest";
import { compareEdges, type Edge } from "./compare-edges.ts";

const PATHS = ["a.js", "b.js", "c.js"];

describe("edges of two tools are compared", () => {
  it.each<[string, Edge[], Edge[], Partial<ReturnType<typeof compareEdges>>]>([
    ["what both find is neither missing nor extra", [["a.js", "b.js"]], [["a.js", "b.js"]], { ours: 1, theirs: 1, missing: [], extra: [] }],
    ["what we lack is missing", [], [["a.js", "b.js"]], { missing: [["a.js", "b.js"]], extra: [] }],
    ["what they lack is extra", [["a.js", "b.js"]], [], { missing: [], extra: [["a.js", "b.js"]] }],
    ["an edge has a direction", [["b.js", "a.js"]], [["a.js", "b.js"]], { missing: [["a.js", "b.js"]], extra: [["b.js", "a.js"]] }],
    [
      "what is said twice counts once",
      [],
      [
        ["a.js", "b.js"],
        ["a.js", "b.js"],
      ],
      { theirs: 1, missing: [["a.js", "b.js"]] },
    ],
    ["what leads out of the tree does not count", [["a.js", "fs"]], [["../x.js", "a.js"]], { ours: 0, theirs: 0, missing: [], extra: [] }],
    [
      "in order, whatever the order was",
      [],
      [
        ["c.js", "a.js"],
        ["a.js", "c.js"],
        ["a.js", "b.js"],
      ],
      {
        missing: [
          ["a.js", "b.js"],
          ["a.js", "c.js"],
          ["c.js", "a.js"],
        ],
      },
    ],
  ])("%s", (_, ours, theirs, expected) => {
    expect(compareEdges(ours, theirs, PATHS)).toMatchObject(expected);
  });
});
