import { InstarError } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBundle, encodeBundle, entriesPath, hashesOfTile, type Tile, tilePath, tilesOf } from "./tile.ts";

describe("where a tile lies", () => {
  it.each([
    [0, 0, undefined, "tile/0/000"],
    [0, 999, undefined, "tile/0/999"],
    [0, 1_000, undefined, "tile/0/x001/000"],
    [2, 1_234_067, undefined, "tile/2/x001/x234/067"],
    [0, 273, 112, "tile/0/273.p/112"],
    [1, 1_234_067, 1, "tile/1/x001/x234/067.p/1"],
    [63, 0, 255, "tile/63/000.p/255"],
    [0, 5, 256, "tile/0/005"],
    [0, Number.MAX_SAFE_INTEGER, undefined, "tile/0/x009/x007/x199/x254/x740/991"],
  ])("level %i, index %i, width %s: %s", (level, index, width, path) => {
    expect(tilePath(level, index, width)).toBe(path);
    if (level === 0) expect(entriesPath(index, width)).toBe(path.replace("tile/0/", "tile/entries/"));
  });
  it.each([
    [-1, 0, 256],
    [64, 0, 256],
    [0.5, 0, 256],
    [0, -1, 256],
    [0, 1.5, 256],
    [0, 2 ** 53, 256],
    [0, Number.NaN, 256],
    [0, 0, 0],
    [0, 0, 257],
    [0, 0, 1.5],
  ])("bad input is refused: level %d, index %d, width %d", (level, index, width) => {
    expect(() => tilePath(level, index, width)).toThrow(expect.objectContaining({ code: "INPUT_INVALID" }));
    if (level === 0) expect(() => entriesPath(index, width)).toThrow(expect.objectContaining({ code: "INPUT_INVALID" }));
  });
  it("differs for every tile, and no tile stands where a folder of another must", () => {
    const paths = [...tilesOf(600_000), ...tilesOf(70_000)].map(({ level, index, width }) => tilePath(level, index, width));
    const folders = new Set(paths.flatMap((path) => path.split("/").map((_, end, parts) => parts.slice(0, end).join("/"))));
    expect(paths.filter((path) => folders.has(path))).toEqual([]);
    expect(new Set([...tilesOf(600_000)].map(({ level, index, width }) => tilePath(level, index, width))).size).toBe([...tilesOf(600_000)].length);
  });
});

describe("the tiles of a tree", () => {
  const summary = (size: number, since?: number) => {
    const count: Record<string, number> = {};
    for (const { level, width } of tilesOf(size, since)) count[`${level}/${width}`] = (count[`${level}/${width}`] ?? 0) + 1;
    return count;
  };
  it.each([
    [0, {}],
    [1, { "0/1": 1 }],
    [255, { "0/255": 1 }],
    [256, { "0/256": 1, "1/1": 1 }],
    [257, { "0/256": 1, "0/1": 1, "1/1": 1 }],
    [65_536, { "0/256": 256, "1/256": 1, "2/1": 1 }],
    [70_000, { "0/256": 273, "0/112": 1, "1/256": 1, "1/17": 1, "2/1": 1 }],
  ])("of %i leaves", (size, expected) => expect(summary(size)).toEqual(expected));

  it("are made one by one, however many there are", () => {
    const [first] = tilesOf(2 ** 52);
    expect(first).toEqual({ level: 0, index: 0, width: 256 });
  });
  it("since an older size are those that are new or wider, and with the older ones they are all", () => {
    expect([...tilesOf(70_000, 69_999)]).toEqual([{ level: 0, index: 273, width: 112 }]);
    expect([...tilesOf(512, 511)]).toEqual([
      { level: 0, index: 1, width: 256 },
      { level: 1, index: 0, width: 2 },
    ]);
    expect([...tilesOf(512, 512)]).toEqual([]);
    const widest = (tiles: Iterable<Tile>) => new Map([...tiles].map(({ level, index, width }) => [`${level}/${index}`, width]));
    fc.assert(
      fc.property(fc.nat(200_000), fc.nat(200_000), (a, b) => {
        const [since, size] = [Math.min(a, b), Math.max(a, b)];
        const all = widest(tilesOf(size));
        const older = widest(tilesOf(since));
        expect(new Map([...older, ...widest(tilesOf(size, since))])).toEqual(all);
        for (const { level, index, width } of tilesOf(size, since)) expect(older.get(`${level}/${index}`) ?? 0).toBeLessThan(width);
      }),
      { numRuns: 60 },
    );
  });
  it.each([
    [-1, 0],
    [1.5, 0],
    [2 ** 53, 0],
    [5, -1],
    [5, 6],
  ])("bad input is refused at once: %d since %d", (size, since) =>
    expect(() => tilesOf(size, since)).toThrow(expect.objectContaining({ code: "INPUT_INVALID" })),
  );
});

describe("a bundle of entries", () => {
  const bundle = fc.array(fc.uint8Array({ maxLength: 600 }), { minLength: 1, maxLength: 256 });
  it("has the length of each entry before it, the higher byte first", () => {
    expect(encodeBundle([Buffer.from("ab"), Buffer.alloc(0), Buffer.alloc(258, "c")]).toString("latin1")).toBe(`\x00\x02ab\x00\x00\x01\x02${"c".repeat(258)}`);
  });
  it("comes out as it went in", () => {
    fc.assert(
      fc.property(bundle, (entries) => {
        expect(decodeBundle(encodeBundle(entries), entries.length)).toEqual(entries.map((entry) => Buffer.from(entry)));
      }),
    );
    expect(decodeBundle(encodeBundle([Buffer.alloc(65_535, 7)]), 1)).toEqual([Buffer.alloc(65_535, 7)]);
  });
  it("that is cut anywhere, goes on, or has other entries than so many is refused", () => {
    const damaged = expect.objectContaining({ code: "LEDGER_DAMAGED" });
    fc.assert(
      fc.property(bundle, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 5 }), (entries, at, more) => {
        const bytes = encodeBundle(entries);
        expect(() => decodeBundle(bytes.subarray(0, at % bytes.length), entries.length)).toThrow(damaged);
        expect(() => decodeBundle(Buffer.concat([bytes, more]), entries.length)).toThrow(damaged);
        if (entries.length > 1) expect(() => decodeBundle(bytes, entries.length - 1)).toThrow(damaged);
        if (entries.length < 256) expect(() => decodeBundle(bytes, entries.length + 1)).toThrow(damaged);
      }),
    );
  });
  it("of any bytes gives so many entries or is refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.integer({ min: 1, max: 256 }), (bytes, count) => {
        try {
          const entries = decodeBundle(bytes, count);
          expect(entries.length).toBe(count);
          expect(encodeBundle(entries)).toEqual(Buffer.from(bytes));
        } catch (error) {
          expect(InstarError.is(error, "LEDGER_DAMAGED"), String(error)).toBe(true);
        }
      }),
    );
  });
  it.each([
    ["no entries", () => encodeBundle([])],
    ["too many entries", () => encodeBundle(Array.from({ length: 257 }, () => Buffer.alloc(1)))],
    ["an entry of 65,536 bytes", () => encodeBundle([Buffer.alloc(1), Buffer.alloc(65_536)])],
    ["none expected", () => decodeBundle(Buffer.alloc(0), 0)],
    ["more expected than fit", () => decodeBundle(Buffer.alloc(514), 257)],
    ["half an entry expected", () => decodeBundle(Buffer.alloc(4), 1.5)],
  ])("bad input is refused: %s", (_, act) => expect(act).toThrow(expect.objectContaining({ code: "INPUT_INVALID" })));
});

describe("the hashes of a tile", () => {
  it("are 32 bytes each, in their order, also of bytes in the middle of others", () => {
    const bytes = Buffer.concat([Buffer.alloc(5), Buffer.alloc(32, 1), Buffer.alloc(32, 2)]).subarray(5);
    expect(hashesOfTile(bytes, 2)).toEqual([Buffer.alloc(32, 1), Buffer.alloc(32, 2)]);
    expect(hashesOfTile(new Uint8Array(8_192))).toHaveLength(256);
  });
  it.each([0, 31, 33, 63, 65, 8_191, 8_193])("of %i bytes are refused as two or as 256", (length) => {
    for (const width of [2, 256]) expect(() => hashesOfTile(Buffer.alloc(length), width)).toThrow(expect.objectContaining({ code: "LEDGER_DAMAGED" }));
  });
  it.each([0, 257, 1.5, Number.NaN])("are never %d", (width) =>
    expect(() => hashesOfTile(Buffer.alloc(64), width)).toThrow(expect.objectContaining({ code: "INPUT_INVALID" })),
  );
});
