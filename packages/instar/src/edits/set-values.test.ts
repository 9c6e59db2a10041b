import { InstarError } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Json } from "../ledger/ledger-entry.ts";
import { setValues } from "./set-values.ts";

const set = (path: string, text: string | Buffer, values: Record<string, Json>, remove: string[] = []) =>
  setValues(Buffer.from(text as string), path, { values, remove }).toString("utf8");
const refused = (message: string) => (error: unknown) => InstarError.is(error, "EDIT_REFUSED") && error.message.includes(message);

describe("in JSON everything but the value stays as it is written:", () => {
  it.each([
    ["a value", '{ "a" :1,\n\t"b": [1,2,3] }\n', { "/a": 2 }, [], '{ "a" :2,\n\t"b": [1,2,3] }\n'],
    ["a number that no double holds stays", '{"id": 12345678901234567890, "x": 1.10}', { "/x": 2 }, [], '{"id": 12345678901234567890, "x": 2}'],
    [
      "a new key, in the style of its neighbours",
      '{\n    "a": 1\n}',
      { "/b": { c: [1] } },
      [],
      '{\n    "a": 1,\n    "b": {\n        "c": [\n            1\n        ]\n    }\n}',
    ],
    ["a new key on the same line", '{"a": 1}', { "/b": true }, [], '{"a": 1, "b": true}'],
    ["maps on the way are made", "{}", { "/a/b/c": 1 }, [], '{\n  "a": {\n    "b": {\n      "c": 1\n    }\n  }\n}'],
    ["an item of a list", '{"a": [1, {"b": 2}]}', { "/a/1/b": null }, [], '{"a": [1, {"b": null}]}'],
    ["the first, a middle and the last key go", '{"a": 1, "b": 2, "c": 3}', {}, ["/a", "/c"], '{"b": 2}'],
    ["two items go, and mean what they meant", '{"a": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}', {}, ["/a/2", "/a/10"], '{"a": [0, 1, 3, 4, 5, 6, 7, 8, 9]}'],
    ["what is not there is gone already", '{"a": 1}', {}, ["/b/c"], '{"a": 1}'],
    ["an escaped key", '{"a/b": 1, "~": 2, "\\u00e9": 3}', { "/a~1b": 4, "/~0": 5, "/é": 6 }, [], '{"a/b": 4, "~": 5, "\\u00e9": 6}'],
    ["a key that is called like something of the language", '{"__proto__": {"a": 1}}', { "/__proto__/a": 2 }, [], '{"__proto__": {"a": 2}}'],
  ])("%s", (_, text, values, remove, wanted) => expect(set("x.json", text, values as unknown as Record<string, Json>, remove)).toBe(wanted));

  it.each([
    ["a key that stands twice", '{"a": 1, "a": 2}', "/a", "stands twice"],
    ["a place inside of a value", '{"a": 1}', "/a/b", "no container"],
    ["a place in a list that is not there", '{"a": [1]}', "/a/1", "no item"],
    ["what is no JSON", "{a: 1}", "/a", "is not JSON"],
    ["bytes that are no text", Buffer.from([0xff, 0xfe, 0x00]).toString("latin1"), "/a", "is not"],
  ])("refuses %s", (_, text, pointer, message) =>
    expect(() => set("x.json", text, { [pointer]: 3 })).toThrow(expect.objectContaining({ message: expect.stringContaining(message) })),
  );

  it("whatever it holds, only what was set is different, and setting it back leaves every byte as it was", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue(), { minKeys: 1 }),
        fc.constantFrom(undefined, 2, "\t"),
        fc.nat(),
        fc.jsonValue(),
        (model, indent, pick, value) => {
          const text = JSON.stringify(model, null, indent);
          const keys = Object.keys(JSON.parse(text) as object);
          const key = keys[pick % keys.length] ?? "";
          const pointer = `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
          const changed = set("x.json", text, { [pointer]: JSON.parse(JSON.stringify(value)) as Json });
          expect(JSON.parse(changed)).toEqual({ ...(JSON.parse(text) as object), [key]: JSON.parse(JSON.stringify(value)) });
          const before = (JSON.parse(text) as Record<string, Json>)[key] ?? null;
          expect(JSON.parse(set("x.json", changed, { [pointer]: before }))).toEqual(JSON.parse(text));
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("in YAML comments, order and quotes stay:", () => {
  const TEXT = `# head
log:
  level: "info" # quiet
  to:
    - a # first
    - b

id: 12345678901234567890
rate: 1.10
list: [1, 2]
`;
  it("a value, a new key, an item", () =>
    expect(set("x.yaml", TEXT, { "/log/level": "debug", "/log/to/1": "c", "/new/inner": true })).toBe(
      TEXT.replace('"info"', '"debug"').replace("- b", "- c").replace("list: [1, 2]\n", "list: [ 1, 2 ]\nnew:\n  inner: true\n"),
    ));
  it("a key is removed", () =>
    expect(parse(set("x.yml", TEXT, {}, ["/log/to", "/rate"]), { intAsBigInt: true })).toEqual(
      parse(TEXT.replace(/ {2}to:\n.*\n.*\n/, "").replace("rate: 1.10\n", ""), { intAsBigInt: true }),
    ));
  it("a file that is empty but for a comment", () => expect(set("x.yaml", "# nothing yet\n", { "/a": 1 })).toContain("a: 1"));
  it.each([
    ["more than one document", "a: 1\n---\nb: 2\n", "more than one document"],
    ["a place behind an alias", "a: &x { b: 1 }\nc: *x\n", "alias"],
    ["a value that others are aliases of", "a: &x 1\nc: *x\n", "anchor"],
    ["a value that holds itself", "a: 1\nc: { b: 1 }\nd: &x [*x]\n", "is not YAML"],
    ["what is no YAML", "a: [1\n", "is not YAML"],
    ["a key that stands twice", "a: 1\na: 2\n", "is not YAML"],
  ])("refuses %s", (_, text, message) =>
    expect(() => set("x.yaml", text, { "/a": 2, "/c/b": 2 })).toThrow(expect.objectContaining({ message: expect.stringContaining(message) })),
  );
  it("refuses where another place would change too", () =>
    expect(() => set("x.yaml", "a: &x { b: 1 }\nc: *x\n", { "/a/b": 2 })).toThrow("without changing others"));
});

describe("in an environment file every other line stays:", () => {
  const TEXT = "# secrets\nexport A='1'\nB=\"two\nlines\" # why\nB=again\n";
  it.each([
    ["a variable", { "/A": "x y" }, [], '# secrets\nexport A="x y"\nB="two\nlines" # why\nB=again\n'],
    ["the last of two of a name, which is the one that counts", { "/B": 3 }, [], "# secrets\nexport A='1'\nB=\"two\nlines\" # why\nB=3\n"],
    ["all of a name go", {}, ["/B"], "# secrets\nexport A='1'\n"],
    ["a new one, with what must be quoted", { "/C": 'a"b$c\nd' }, [], `${TEXT}C="a\\"b\\$c\\nd"\n`],
  ])("%s", (_, values, remove, wanted) => expect(set("config/.env", TEXT, values as unknown as Record<string, Json>, remove)).toBe(wanted));
  it("refuses what is no variable", () => {
    expect(() => set(".env", TEXT, { "/A/B": 1 })).toThrow("a place in an environment file is /NAME");
    expect(() => set(".env", TEXT, { "/A": [1] })).toThrow("a variable is text");
  });
  it("whatever text, it is read as it was set", () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        fc.pre(!value.includes("\0"));
        const text = set("x.env", TEXT, { "/NEW": value });
        expect(text.startsWith(TEXT)).toBe(true);
      }),
    );
  });
});

it.each([
  ["x.json", '\uFEFF{\r\n  "a": 1\r\n}\r\n', '\uFEFF{\r\n  "a": 1,\r\n  "b": 2\r\n}\r\n'],
  ["x.yaml", "\uFEFFa: 1\r\n", "\uFEFFa: 1\r\nb: 2\r\n"],
  ["x.env", "\uFEFFa=1\r\n", "\uFEFFa=1\r\nb=2\r\n"],
])("byte order mark and line ends of %s stay", (path, before, after) => expect(set(path, before, { "/b": 2 })).toBe(after));

it("a file of another kind is refused", () => expect(() => set("x.toml", "a = 1", { "/a": 2 })).toThrow(expect.toSatisfy(refused("neither .json"))));
