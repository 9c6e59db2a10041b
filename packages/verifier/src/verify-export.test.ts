import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Files, makeBundle, makeCheckpoint, makeExport, makeKey, makeLines, setDescription, signNote, writeFiles } from "./make-export.testing.ts";
import { run } from "./verify.mjs";

const key = makeKey("instar.local/one");
const stranger = makeKey("instar.local/one");
const lines = makeLines(1_000);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-verifier-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Answer {
  readonly verified: boolean;
  readonly because?: string;
  readonly shown?: number;
  readonly withheld?: number;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}
const verify = (...options: string[]): Answer => {
  const { status, text } = run([folder, "--json", ...options]);
  const answer = JSON.parse(text) as Answer;
  expect(status).toBe(answer.verified ? 0 : 1);
  return answer;
};
const verifyFiles = (files: Files, ...options: string[]) => {
  writeFiles(files, folder);
  return verify("--key", key.vkey, ...options);
};
const refused = (because: RegExp) => ({ verified: false, because: expect.stringMatching(because) });
const older = (text: string) => {
  const path = join(folder, "older");
  writeFileSync(path, text);
  return ["--since", path] as const;
};

describe("an export is verified", () => {
  for (const size of [0, 1, 2, 255, 256, 257, 1_000, 66_000])
    it(`of ${size} entries`, () => {
      const answer = verifyFiles(makeExport({ lines: makeLines(size), key }));
      expect(answer).toMatchObject({ verified: true, size, shown: size, withheld: 0, notes: [], warnings: [] });
    });

  it("with gzipped bundles", () => {
    expect(verifyFiles(makeExport({ lines, key, isPacked: true }))).toMatchObject({ verified: true, shown: 1_000 });
  });

  it("with withheld bundles, whose hashes stand for them, and the chain goes on behind them", () => {
    const answer = verifyFiles(makeExport({ lines, key, withheldBundles: [0, 2] }));
    expect(answer).toMatchObject({ verified: true, shown: 488, withheld: 512 });
    expect(answer.notes).toEqual([expect.stringContaining("taken up again: 2")]);
  });

  it("with nothing but hashes", () => {
    expect(verifyFiles(makeExport({ lines, key, withheldBundles: [0, 1, 2, 3] }))).toMatchObject({ verified: true, shown: 0, withheld: 1_000 });
  });

  it("with a missing bundle that two withheld ranges cover together, in any order", () => {
    const files = makeExport({ lines, key, withheldBundles: [1] });
    const because = "asked for";
    setDescription(files, {
      withheld: [
        { first: 300, count: 400, because },
        { first: 200, count: 100, because },
      ],
    });
    expect(verifyFiles(files)).toMatchObject({ verified: true, withheld: 256 });
  });

  it("with a note where time goes back", () => {
    const files = makeExport({ lines: makeLines(20, (line, index) => (index === 7 ? line.replace("2026-01-01", "2025-01-01") : line)), key });
    expect(verifyFiles(files)).toMatchObject({ verified: true, notes: [expect.stringContaining("goes back: 1, the first at entry 7")] });
  });

  it("without --key by the key that it brings, with a warning", () => {
    writeFiles(makeExport({ lines, key }), folder);
    expect(verify()).toMatchObject({ verified: true, warnings: [expect.stringContaining("not whose they are")] });
  });

  it("whose checkpoint others signed as well", () => {
    const files = makeExport({ lines, key });
    change(files, "checkpoint", (bytes) => cosign(bytes, "witness.example/w"));
    expect(verifyFiles(files)).toMatchObject({ verified: true });
  });

  for (const size of [0, 1, 255, 256, 257, 700, 999, 1_000])
    it(`since an older checkpoint of ${size} entries`, () => {
      expect(verifyFiles(makeExport({ lines, key }), ...older(makeCheckpoint(lines.slice(0, size), key)))).toMatchObject({ verified: true });
    });
});

/** What an attacker with the writer's place but without its key could do, or a disk. Bundle 1 holds the entries 256 to 511. */
const bundle = "tile/entries/001";
const part = (first = 256, end = 512) => lines.slice(first, end);
const change = (files: Files, path: string, edit: (bytes: Buffer) => Buffer) => files.set(path, edit(Buffer.from(files.get(path) ?? [])));
const flip = (at: number) => (bytes: Buffer) => {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
};
const say = (before: string, after: string) => (bytes: Buffer) => Buffer.from(bytes.toString("latin1").replace(before, after), "latin1");
const rename = (files: Files, from: string, to: string) => {
  files.set(to, files.get(from) ?? Buffer.alloc(0));
  files.delete(from);
};

describe("an export is refused, and the place is named:", () => {
  for (const [fault, damage, because] of [
    ["a truncated bundle", (f) => change(f, bundle, (b) => b.subarray(0, -3)), /001 ends in the middle of entry 511$/],
    ["a bundle cut between two bytes of a length", (f) => change(f, bundle, (b) => b.subarray(0, 1)), /001 ends in the middle of entry 256$/],
    ["a bundle with an entry less", (f) => f.set(bundle, makeBundle(part(256, 511))), /001 ends in the middle of entry 511$/],
    ["an empty bundle", (f) => f.set(bundle, Buffer.alloc(0)), /001 ends in the middle of entry 256$/],
    ["reordered entries", (f) => f.set(bundle, makeBundle([lines[257] ?? "", lines[256] ?? "", ...part(258)])), /^entry 256 in .*001 is not the one that was/],
    ["reordered bundles", (f) => f.set(bundle, f.get("tile/entries/000") ?? Buffer.alloc(0)), /^entry 256 in .*001 is not the one that was recorded/],
    ["an edited entry", (f) => change(f, bundle, say("entry 300", "entry 399")), /^entry 300 in .*001/],
    ["an edited newest entry", (f) => change(f, "tile/entries/003.p/232", say("entry 999", "entry 990")), /^entry 999 in .*232 is not/],
    ["a duplicated entry", (f) => f.set(bundle, makeBundle([...part(256, 258), ...part(257, 511)])), /^entry 258 in .*001 is not the one/],
    ["an extra entry", (f) => f.set(bundle, makeBundle([...part(), "{}"])), /001 has 4 bytes more than its 256 entries$/],
    ["an extra entry at the end", (f) => f.set("tile/entries/003.p/232", makeBundle([...part(768, 1_000), "{}"])), /232 has 4 bytes more than its 232/],
    ["trailing bytes", (f) => change(f, bundle, (b) => Buffer.concat([b, Buffer.of(0)])), /001 has 1 bytes more/],
    ["an entry between entries that is empty", (f) => f.set(bundle, makeBundle(["", ...part(257)])), /^entry 256 in/],
    ["a missing bundle", (f) => f.delete(bundle), /^tile\/entries\/001 is missing, and bundle\.json does not name/],
    ["a missing bundle of which most is withheld", (f) => withhold(f, 257, 300), /^tile\/entries\/001 is missing/],
    ["a missing bundle whose last entry is not withheld", (f) => withhold(f, 0, 511), /^tile\/entries\/001 is missing/],
    ["a gzipped bundle beside the plain one", (f) => f.set(`${bundle}.gz`, gzipSync(makeBundle(part()))), /001 is there twice/],
    ["a gzipped bundle that is none", (f) => rename(f, bundle, `${bundle}.gz`), /001\.gz cannot be unpacked/],
    ["a gzipped bundle with bytes behind its end", (f) => pack(f, Buffer.concat([gzipSync(makeBundle(part())), Buffer.alloc(3)])), /001\.gz has bytes behind/],
    ["a gzipped bundle that unpacks to too much", (f) => pack(f, gzipSync(Buffer.alloc(17_000_000))), /001\.gz cannot be unpacked within/],
    ["a bundle that is too large", (f) => f.set(bundle, Buffer.alloc(17_000_000)), /^tile\/entries\/001 is larger than/],
    ["a missing tile", (f) => f.delete("tile/0/001"), /^tile\/0\/001 is missing$/],
    ["a missing tile of level 1", (f) => f.delete("tile/1/000.p/3"), /^tile\/1\/000\.p\/3 is missing$/],
    ["a truncated tile", (f) => change(f, "tile/0/001", (b) => b.subarray(0, -32)), /^tile\/0\/001 has 8160 bytes instead of 8192$/],
    ["a tile with trailing bytes", (f) => change(f, "tile/0/003.p/232", (b) => Buffer.concat([b, b.subarray(0, 1)])), /^tile\/0\/003\.p\/232 has 7425 bytes/],
    ["a tile of no whole hashes", (f) => change(f, "tile/0/001", (b) => b.subarray(0, -1)), /^tile\/0\/001 has 8191 bytes/],
    ["an edited tile", (f) => change(f, "tile/0/001", flip(40)), /^tile\/1\/000\.p\/3: hash 1 is not what the tiles below give$/],
    ["an edited last tile", (f) => change(f, "tile/0/003.p/232", flip(40)), /^the tiles give another root than the checkpoint/],
    ["an edited tile of level 1", (f) => change(f, "tile/1/000.p/3", flip(64)), /^tile\/1\/000\.p\/3: hash 2 is not/],
    ["reordered tiles", (f) => f.set("tile/0/001", f.get("tile/0/000") ?? Buffer.alloc(0)), /^tile\/1\/000\.p\/3: hash 1 is not/],
    ["a full tile where a partial one belongs", (f) => rename(f, "tile/0/003.p/232", "tile/0/003"), /^tile\/0\/003\.p\/232 is missing$/],
    ["a withheld bundle whose tile hash was changed", (f) => withhold(change(f, "tile/0/001", flip(0)), 256, 256), /^tile\/1\/000\.p\/3: hash 1 is not/],
    ["a bundle that the tree does not have", (f) => f.set("tile/entries/004", Buffer.alloc(2)), /^tile\/entries\/004 is not part of the ledger/],
    ["a narrower tile beside the right one", (f) => f.set("tile/0/003.p/200", Buffer.alloc(2)), /^tile\/0\/003\.p\/200 is not part/],
    ["a level that the tree does not have", (f) => f.set("tile/2/000.p/1", Buffer.alloc(32)), /^tile\/2\/000\.p\/1 is not part/],
    ["a tile of no width", (f) => f.set("tile/2/000.p/0", Buffer.alloc(0)), /^tile\/2\/000\.p\/0 is not part/],
    ["a gzipped tile", (f) => f.set("tile/0/000.gz", Buffer.alloc(2)), /^tile\/0\/000\.gz is not part/],
    ["a folder of something else", (f) => f.set("tile/notes/a", Buffer.alloc(2)), /^tile\/notes is not part/],
    ["no checkpoint", (f) => f.delete("checkpoint"), /^checkpoint is missing$/],
    [
      "a checkpoint of another log",
      (f) => f.set("checkpoint", Buffer.from(makeCheckpoint(lines, key, "instar.local/two"))),
      /^another log: bundle\.json names/,
    ],
    ["a checkpoint of a longer ledger", (f) => f.set("checkpoint", Buffer.from(makeCheckpoint(makeLines(1_001), key))), /speaks of 1000 entries, .* of 1001$/],
    [
      "a checkpoint with an edited root",
      (f) => edit(f, "checkpoint", /\n.{43}=\n\n/, `\n${"A".repeat(43)}=\n\n`),
      /^checkpoint: the signature of .* is wrong$/,
    ],
    ["a checkpoint signed by another key", (f) => f.set("checkpoint", Buffer.from(makeCheckpoint(lines, stranger))), /^checkpoint is not signed by the key/],
    ["a checkpoint with another key's signature under this key's id", (f) => f.set("checkpoint", forge()), /^checkpoint: the signature of .* is wrong$/],
    ["a checkpoint with this key's signature under another name", (f) => edit(f, "checkpoint", /— \S+/, "— instar.local/two"), /^checkpoint is not signed by/],
    ["a checkpoint with extension lines", (f) => f.set("checkpoint", extend("more\n")), /^checkpoint has lines behind the root hash/],
    ["a checkpoint without signature", (f) => edit(f, "checkpoint", /— .*\n/, ""), /^checkpoint has a signature line that is none$/],
    ["a checkpoint with a signature under a name that is none", (f) => change(f, "checkpoint", (b) => cosign(b, "a+b")), /signature line that is none$/],
    ["a checkpoint with a size of leading zeros", (f) => f.set("checkpoint", resign("1000", "01000")), /^checkpoint does not name a log, a size and/],
    [
      "a checkpoint with a size beyond all numbers",
      (f) => f.set("checkpoint", resign("1000", "9999999999999999")),
      /^checkpoint does not name a log, a size and/,
    ],
    ["a checkpoint with control characters", (f) => f.set("checkpoint", resign("one", "one\u0007")), /^checkpoint is not a signed note$/],
    ["a checkpoint with Windows' line ends", (f) => edit(f, "checkpoint", /\n/g, "\r\n"), /^checkpoint is not a signed note$/],
    ["a checkpoint that is too large", (f) => f.set("checkpoint", Buffer.alloc(1_100_000, "a")), /^checkpoint is larger than/],
    ["no bundle.json", (f) => f.delete("bundle.json"), /^bundle\.json is missing$/],
    ["a bundle.json of a format of the future", (f) => setDescription(f, { format: "instar-ledger-export/2" }), /^bundle\.json is not of the format/],
    ["a bundle.json that lies about size", (f) => setDescription(f, { size: 999 }), /^bundle\.json speaks of 999 entries, the checkpoint of 1000$/],
    ["a bundle.json that lies about the log", (f) => setDescription(f, { origin: "x" }), /^another log: bundle\.json names x/],
    ["a bundle.json that withholds what is not there", (f) => setDescription(f, { withheld: [{ first: 900, count: 101, because: "" }] }), /list of withheld/],
    [
      "a bundle.json with ranges without end",
      (f) => setDescription(f, { withheld: Array(1_001).fill({ first: 0, count: 1, because: "" }) }),
      /list of withheld/,
    ],
    ["a bundle.json with negative numbers", (f) => setDescription(f, { withheld: [{ first: -1, count: 5, because: "" }] }), /list of withheld/],
    ["a bundle.json with a time that is none", (f) => setDescription(f, { madeAt: "yesterday" }), /^bundle\.json has a time that is none$/],
    ["a bundle.json that is a list", (f) => f.set("bundle.json", Buffer.from("[]")), /^bundle\.json is not of the format/],
    ["a bundle.json that is not JSON", (f) => f.set("bundle.json", Buffer.from("{")), /^bundle\.json is not JSON$/],
    ["a bundle.json that is not text", (f) => f.set("bundle.json", Buffer.of(0xff)), /^bundle\.json is not UTF-8 text$/],
  ] as [string, (files: Files) => unknown, RegExp][])
    it(fault, () => {
      const files = makeExport({ lines, key });
      damage(files);
      expect(verifyFiles(files)).toMatchObject(refused(because));
    });

  it("an edited tile that 65,536 entries have filled, above the first level", () => {
    const files = makeExport({ lines: makeLines(65_536), key, withheldBundles: Array.from({ length: 256 }, (_, number) => number) });
    change(files, "tile/1/000", flip(8_000));
    expect(verifyFiles(files)).toMatchObject(refused(/^tile\/1\/000: hash 250 is not what the tiles below give$/));
  });

  it("the key that was given is not its key", () => {
    writeFiles(makeExport({ lines, key: stranger }), folder);
    expect(verify()).toMatchObject({ verified: true });
    expect(verify("--key", key.vkey)).toMatchObject(refused(/^checkpoint is not signed by the key instar\.local\/one\+/));
  });

  it("the key that it brings is none", () => {
    const files = makeExport({ lines, key });
    setDescription(files, { key: key.vkey.replace(/\+[0-9a-f]{8}\+/, "+00000000+") });
    writeFiles(files, folder);
    expect(verify()).toMatchObject(refused(/^bundle\.json: its key is not/));
    expect(verify("--key", key.vkey)).toMatchObject({ verified: true, notes: [expect.stringContaining("names another key")] });
  });

  it("links are not followed, neither to a file nor to a folder", () => {
    const elsewhere = join(folder, "elsewhere");
    writeFiles(makeExport({ lines, key }), elsewhere);
    writeFiles(makeExport({ lines, key }), folder);
    rmSync(join(folder, "tile/0/001"));
    symlinkSync(join(elsewhere, "tile/0/001"), join(folder, "tile/0/001"));
    expect(verify()).toMatchObject(refused(/^tile\/0\/001 is not a plain file in plain folders, and links are not followed$/));
    rmSync(join(folder, "tile"), { recursive: true });
    symlinkSync(join(elsewhere, "tile"), join(folder, "tile"));
    expect(verify()).toMatchObject(refused(/^tile\/0\/000 is not a plain file/));
    writeFiles(makeExport({ lines: [], key }), folder);
    expect(verify()).toMatchObject(refused(/^tile is not a plain file/));
  });

  it("a folder where a file belongs", () => {
    const files = makeExport({ lines, key });
    files.delete(bundle);
    mkdirSync(join(folder, bundle), { recursive: true });
    expect(verifyFiles(files)).toMatchObject(refused(/^tile\/entries\/001 is not a plain file/));
  });
});

/** What only the writer itself could do: it recorded and signed these. */
describe("a ledger that was written wrongly is refused:", () => {
  for (const [fault, odd, because] of [
    ["an entry with spaces", (line) => line.replace('"event":', '"event": '), /^entry 5 in .* is not canonical JSON$/],
    ["an entry with its keys in another order", (line) => line.replace(/"event":"STEP",(.*)}$/, '$1,"event":"STEP"}'), /not canonical/],
    ["an entry with a key twice", (line) => line.replace('"event"', '"event":"STEP","event"'), /not canonical/],
    ["an entry with a number in another spelling", (line) => line.replace('"index":5', '"index":5.0'), /not canonical/],
    ["an entry with half a character", (line) => line.replace("entry 5", "\\ud83d"), /not canonical/],
    ["an entry with half a character in a key", (line) => line.replace('"event"', '"details":{"\\ud83d":1},"event"'), /not canonical/],
    ["an entry with a newline behind it", (line) => `${line}\n`, /not canonical/],
    ["an entry with a byte order mark", (line) => `\ufeff${line}`, /^entry 5 in .* is not JSON$/],
    ["an entry that is nested without end", (line) => line.replace('"event"', `"details":${"[".repeat(20_000)}${"]".repeat(20_000)},"event"`), /not canonical/],
    ["an entry that is a list", () => "[]", /^entry 5 in .* lacks a field/],
    ["an entry without actor", (line) => line.replace(/^\{"actor":\{.*?\},/, "{"), /^entry 5 in .* lacks a field/],
    ["an entry without success", (line) => line.replace(',"success":true', ""), /lacks a field/],
    ["an entry with a time that is none", (line) => line.replace(/"at":"[^"]*"/, '"at":"2026-13-01T00:00:00Z"'), /lacks a field/],
    ["an entry with the index of another", (line) => line.replace('"index":5', '"index":6'), /^entry 5 in .* says that it is at another place$/],
    ["an entry that is not chained", (line) => line.replace(/"previous":".{8}/, '"previous":"00000000'), /^entry 5 in .* does not follow the entry before/],
    ["an entry that is chained to a list", (line) => line.replace(/"previous":("[^"]*")/, '"previous":[$1]'), /lacks a field/],
    ["an entry that is empty", () => "", /^entry 5 in .* is not JSON$/],
  ] as [string, (line: string) => string, RegExp][])
    it(fault, () => {
      const files = makeExport({ lines: makeLines(20, (line, index) => (index === 5 ? odd(line) : line)), key });
      expect(verifyFiles(files)).toMatchObject(refused(because));
    });

  it("an entry that is not UTF-8 text", () => {
    const files = makeExport({ lines: makeLines(2, (line) => line.replace("STEP", "ST\ufffdP")), key });
    change(files, "tile/entries/000.p/2", say("\xef\xbf\xbd", "\xf0\x90\x80"));
    expect(verifyFiles(files)).toMatchObject(refused(/^entry 0 in .* is not the one that was recorded/));
  });

  it("a first entry that follows something", () => {
    const files = makeExport({ lines: makeLines(2, (line) => line.replace(/"previous":".{8}/, '"previous":"00000000')), key });
    expect(verifyFiles(files)).toMatchObject(refused(/^entry 0 in .* does not follow the entry before it/));
  });
});

describe("since an older checkpoint", () => {
  it("a truncated, rolled back ledger goes back, also where it was signed anew", () => {
    const options = older(makeCheckpoint(lines, key));
    expect(verifyFiles(makeExport({ lines: lines.slice(0, 900), key }), ...options)).toMatchObject(refused(/^goes back: .* covers 1000 .* only 900$/));
  });

  for (const size of [1, 256, 300, 512, 513, 1_000])
    it(`history was changed where the first of ${size} entries was written anew`, () => {
      const anew = makeLines(1_000, (line, index) => (index === 0 ? line.replace("entry 0", "nothing") : line));
      const options = older(makeCheckpoint(lines.slice(0, size), key));
      expect(verifyFiles(makeExport({ lines: anew, key }), ...options)).toMatchObject(refused(/^history was changed: the first/));
    });

  it("history was changed where the empty ledger had another root", () => {
    const options = older(signNote(`${key.name}\n0\n${"A".repeat(43)}=\n`, key));
    expect(verifyFiles(makeExport({ lines, key }), ...options)).toMatchObject(refused(/^history was changed: the first 0/));
  });

  it("another log is told from a changed one", () => {
    const options = older(makeCheckpoint(lines, key, "instar.local/two"));
    expect(verifyFiles(makeExport({ lines, key }), ...options)).toMatchObject(refused(/^another log: the older checkpoint is of instar\.local\/two/));
  });

  it("a checkpoint that another key signed proves nothing", () => {
    const options = older(makeCheckpoint(lines.slice(0, 10), stranger));
    expect(verifyFiles(makeExport({ lines, key }), ...options)).toMatchObject(refused(/^the older checkpoint is not signed by the key/));
  });

  it("a checkpoint that was edited proves nothing", () => {
    const options = older(makeCheckpoint(lines.slice(0, 10), key).replace("\n10\n", "\n11\n"));
    expect(verifyFiles(makeExport({ lines, key }), ...options)).toMatchObject(refused(/^the older checkpoint: the signature of .* is wrong$/));
  });
});

function withhold(files: Files, first: number, count: number): void {
  files.delete(bundle);
  setDescription(files, { withheld: [{ first, count, because: "archived" }] });
}

function pack(files: Files, bytes: Buffer): void {
  files.delete(bundle);
  files.set(`${bundle}.gz`, bytes);
}

function edit(files: Files, path: string, from: RegExp, to: string): void {
  files.set(path, Buffer.from(`${files.get(path)}`.replace(from, to)));
}

function cosign(checkpoint: Buffer, name: string): Buffer {
  return Buffer.from(`${checkpoint}${makeCheckpoint(lines, makeKey(name)).split("\n\n")[1]}`);
}

const body = () => `${makeCheckpoint(lines, key).split("\n\n")[0]}\n`;
const extend = (more: string) => Buffer.from(signNote(`${body()}${more}`, key));
const resign = (from: string, to: string) => Buffer.from(signNote(body().replace(from, to), key));
const forge = () => Buffer.from(signNote(body(), { ...stranger, id: key.id }));
