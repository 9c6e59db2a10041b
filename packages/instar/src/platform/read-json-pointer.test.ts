import { describe, expect, it } from "vitest";
import { readJsonPointer } from "./read-json-pointer.ts";

describe("a JSON Pointer", () => {
  // RFC 6901 §5.
  const document = { foo: ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8 };
  for (const [pointer, value] of [
    ["", document],
    ["/foo", ["bar", "baz"]],
    ["/foo/0", "bar"],
    ["/", 0],
    ["/a~1b", 1],
    ["/c%d", 2],
    ["/e^f", 3],
    ["/g|h", 4],
    ["/i\\j", 5],
    ['/k"l', 6],
    ["/ ", 7],
    ["/m~0n", 8],
  ] as const)
    it(`finds ${JSON.stringify(pointer)} of the specification's example`, () => expect(readJsonPointer(document, pointer)).toEqual(value));

  it("reads ~01 as the key ~1", () => expect(readJsonPointer({ "~1": "yes", "/": "no" }, "/~01")).toBe("yes"));

  for (const pointer of ["/constructor", "/__proto__", "/foo/length", "/foo/-", "/foo/00", "/foo/1e0", "/foo/9", "/foo/0/0", "foo"])
    it(`finds nothing at ${pointer}`, () => expect(readJsonPointer(document, pointer)).toBeUndefined());

  it("finds what a hostile document calls __proto__, as data", () => expect(readJsonPointer(JSON.parse('{"__proto__":{"a":1}}'), "/__proto__/a")).toBe(1));
});
