import { expect, test } from "vitest";
import { parseTree, renderTree, type TreeEntry } from "./tree-format.ts";

const COMMON = { mode: 0o644, uid: 1, gid: 2, mtimeNs: -1n };
const ENTRIES: readonly TreeEntry[] = [
  { ...COMMON, path: "", kind: "folder" },
  { ...COMMON, path: "a\xff", kind: "file", size: 3, blobs: ["0".repeat(64)], isSparse: true },
  { ...COMMON, path: "b", kind: "link", target: "\xfe" },
  { ...COMMON, path: "c", kind: "same", sameAs: "a\xff" },
];
const HEAD = '["instar tree",1]\n';

test("a tree that is written is read as it was", () => expect([...parseTree(renderTree(ENTRIES))]).toEqual(ENTRIES));

test("a tree that is cut off, wherever, is damaged, and is not read for ever", () => {
  const whole = renderTree(ENTRIES);
  for (let at = 0; at < whole.length; at += 1)
    if (whole[at - 1] !== 0x0a) expect(() => [...parseTree(whole.subarray(0, at))]).toThrow(expect.objectContaining({ code: "DATA_DAMAGED" }));
});

test.each([
  ["nothing", ""],
  ["another head", '["instar tree",2]\n'],
  ["a line that is no JSON", `${HEAD}[\n`],
  ["a line that is no list", `${HEAD}null\n`],
  ["a kind that is none", `${HEAD}["pipe","a",1,1,1,"1"]\n`],
  ["no path", `${HEAD}["folder",null,1,1,1,"1"]\n`],
  ["a path that is no text", `${HEAD}["folder",{"base64":1},1,1,1,"1"]\n`],
  ["no time", `${HEAD}["folder","a",1,1,1]\n`],
  ["a time that is none", `${HEAD}["folder","a",1,1,1,"x"]\n`],
  ["a mode that is none", `${HEAD}["folder","a","1",1,1,"1"]\n`],
  ["a link that leads nowhere", `${HEAD}["link","a",1,1,1,"1"]\n`],
  ["a file without content", `${HEAD}["file","a",1,1,1,"1",3]\n`],
  ["a file without a size", `${HEAD}["file","a",1,1,1,"1","3",[]]\n`],
])("what should be a tree and has %s is damaged", (_, text) =>
  expect(() => [...parseTree(Buffer.from(text))]).toThrow(expect.objectContaining({ code: "DATA_DAMAGED" })),
);
