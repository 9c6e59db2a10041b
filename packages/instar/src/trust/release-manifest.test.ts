import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { Header, Pax } from "tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildManifest } from "./build-manifest.ts";
import { checkFiles } from "./check-files.ts";
import { findNameProblem } from "./find-name-problem.ts";
import { packRelease } from "./pack-release.ts";
import { readReleaseArchive } from "./read-release-archive.ts";
import { assertManifest, digestManifest, parseManifest, RELEASE_LIMITS, type ReleaseManifest, renderManifest } from "./release-manifest.ts";
import { ABOUT } from "./trust-room.testing.ts";

let place: string;
let folder: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "instar-manifest-"));
  folder = join(place, "release");
  mkdirSync(folder);
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

function write(path: string, body: string, mode = 0o644): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), body);
  chmodSync(join(folder, path), mode);
}

describe("the manifest of a folder", () => {
  it("names every file but itself, with digest, size and mode, in the order of the paths", async () => {
    write("lib/b.js", "b");
    write("bin/run", "run", 0o755);
    write("release.json", "{}");
    write("lib/a.js", "");
    const manifest = await buildManifest(folder, ABOUT);
    expect(manifest.files.map(({ path, sizeBytes, mode }) => [path, sizeBytes, mode])).toEqual([
      ["bin/run", 3, "755"],
      ["lib/a.js", 0, "644"],
      ["lib/b.js", 1, "644"],
    ]);
    expect(parseManifest(renderManifest(manifest))).toEqual(manifest);
    expect(await checkFiles(folder, manifest)).toEqual({ kind: "same" });
  });

  it("has one digest, whatever the order of its files", async () => {
    write("a", "a");
    write("b", "b");
    const manifest = await buildManifest(folder, ABOUT);
    expect(digestManifest({ ...manifest, files: manifest.files.toReversed() })).toBe(digestManifest(manifest));
    expect(digestManifest({ ...manifest, version: "1.0.1" })).not.toBe(digestManifest(manifest));
  });

  it("tells what is missing, changed, executable or new", async () => {
    for (const name of ["gone", "longer", "other", "mode"]) write(name, "text");
    const manifest = await buildManifest(folder, ABOUT);
    rmSync(join(folder, "gone"));
    write("longer", "text and more");
    write("other", "TEXT");
    write("mode", "text", 0o755);
    write("new", "");
    expect(await checkFiles(folder, manifest)).toEqual({
      kind: "different",
      because: ['"gone" is missing', '"longer" has 13 bytes, not 4', '"mode" has mode 755, not 644', '"other" has other content', '"new" is not listed'],
    });
  });

  it.each<[string, () => void]>([
    ["a link", () => symlinkSync("a", join(folder, "b"))],
    ["a link to a folder", () => symlinkSync("/", join(folder, "b"))],
    ["a hard link", () => linkSync(join(folder, "a"), join(folder, "b"))],
    ["a pipe", () => execFileSync("mkfifo", [join(folder, "b")])],
    ["a name with a backslash", () => writeFileSync(join(folder, "a\\b"), "")],
    ["a name with a line break", () => writeFileSync(join(folder, "a\nb"), "")],
    ["names that differ in case only", () => writeFileSync(join(folder, "A"), "")],
    ["a .git", () => mkdirSync(join(folder, ".git")) ?? writeFileSync(join(folder, ".git", "config"), "")],
  ])("refuses %s, when it is made and when it is checked", async (_, spoil) => {
    write("a", "a");
    const manifest = await buildManifest(folder, ABOUT);
    spoil();
    await expect(buildManifest(folder, ABOUT)).rejects.toMatchObject({ code: "PACKAGE_REFUSED" });
    await expect(checkFiles(folder, manifest)).rejects.toMatchObject({ code: "PACKAGE_REFUSED" });
  });

  it("refuses more bytes or files than allowed, and a link in the place of the folder", async () => {
    for (const name of ["a", "b", "c"]) write(name, "0123456789");
    await expect(buildManifest(folder, ABOUT, { unpackedBytes: 29, files: 10 })).rejects.toThrow(/larger than allowed/);
    await expect(buildManifest(folder, ABOUT, { unpackedBytes: 30, files: 2 })).rejects.toMatchObject({ code: "PACKAGE_REFUSED" });
    expect((await buildManifest(folder, ABOUT, { unpackedBytes: 30, files: 3 })).files).toHaveLength(3);
    for (let each = 0; each < 9; each += 1) mkdirSync(join(folder, `folder-${each}`));
    await expect(buildManifest(folder, ABOUT, { unpackedBytes: 30, files: 3 })).rejects.toMatchObject({ code: "PACKAGE_REFUSED" });
    symlinkSync(folder, join(place, "link"));
    await expect(buildManifest(join(place, "link"), ABOUT)).rejects.toMatchObject({ code: "PACKAGE_REFUSED" });
  });
});

describe("a manifest", () => {
  const good: ReleaseManifest = { formatVersion: 1, ...ABOUT, files: [{ path: "a", digest: "0".repeat(64), sizeBytes: 1, mode: "644" }] };
  const bad: [string, unknown][] = [
    ["null", null],
    ["a list", []],
    ["of another format", { ...good, formatVersion: 2 }],
    ["with something unknown", { ...good, more: 1 }],
    ["without files", { ...good, files: [] }],
    ["with a version that is none", { ...good, version: "1.0" }],
    ["with a version with v", { ...good, version: "v1.0.0" }],
    ["with build metadata", { ...good, version: "1.0.0+1" }],
    ["with a component that is a path", { ...good, component: "../agent" }],
    ["with a component in capitals", { ...good, component: "Agent" }],
    ["with a component that ends in a number", { ...good, component: "agent-1" }],
    ["without a way back", { ...good, rollbackPlan: { text: "", steps: [] } }],
    ["with a short digest", { ...good, files: [{ ...good.files[0], digest: "00" }] }],
    ["with a negative size", { ...good, files: [{ ...good.files[0], sizeBytes: -1 }] }],
    ["with a size that is no number", { ...good, files: [{ ...good.files[0], sizeBytes: Number.POSITIVE_INFINITY }] }],
    ["with setuid", { ...good, files: [{ ...good.files[0], mode: "4755" }] }],
    ["with a file twice", { ...good, files: [good.files[0], good.files[0]] }],
    ["with itself as a file", { ...good, files: [{ ...good.files[0], path: "release.json" }] }],
    ["with itself as a file in capitals", { ...good, files: [{ ...good.files[0], path: "RELEASE.json" }] }],
    ["with itself as a folder", { ...good, files: [{ ...good.files[0], path: "release.json/x" }] }],
    ["with too many files", { ...good, files: Array.from({ length: RELEASE_LIMITS.files + 1 }, () => 1) }],
    ["with too many bytes", { ...good, files: [{ ...good.files[0], sizeBytes: RELEASE_LIMITS.unpackedBytes + 1 }] }],
  ];
  it.each(bad)("bad input: %s is refused", (_, value) => expect(() => assertManifest(value)).toThrow(expect.objectContaining({ code: "PACKAGE_REFUSED" })));
  it.each(["", "{", "garbage", "[".repeat(5_000), `"${"x".repeat(5_000_000)}"`])("bad input: a text that is none is refused (%#)", (text) =>
    expect(() => parseManifest(text)).toThrow(expect.objectContaining({ code: "PACKAGE_REFUSED" })),
  );
});

describe("a name", () => {
  it.each(["a", "a/b", ".env", "..a", "a..b", "-rf", "com", "com10", "console", "nul_", "ünï/ß", "a b", ".github/x", "@scope/x", "x.tar.gz"])(
    "may be %j",
    (path) => expect(findNameProblem([path])).toBeUndefined(),
  );

  it.each([
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "../a",
    "a/../b",
    "a/./b",
    "./a",
    "C:/a",
    "c:a",
    "a:b",
    "a:$DATA",
    "\\a",
    "a\\b",
    "a\0b",
    "a\nb",
    "a\u0085b",
    "\u001b[2J",
    "a.",
    "a ",
    "a./b",
    "a /b",
    "con",
    "CON",
    "Con.txt",
    "a/nul/b",
    "aux.",
    "com1",
    "LPT9.log",
    "com\u00b9",
    "conin$",
    "prn .txt",
    "<",
    "a|b",
    "a?b",
    "a*b",
    'a"b',
    ".git",
    ".GIT/config",
    "git~1",
    ".g\u200cit",
    "a\u202eb",
    "\ufeffa",
    "\ud800",
    "x".repeat(256),
    "ü".repeat(128),
    `${"d/".repeat(32)}x`,
    `${"ab/".repeat(341)}xyz`,
  ])("may not be %j", (path) => expect(findNameProblem([path])).toBeTypeOf("string"));

  it.each([
    ["a", "A"],
    ["a/x", "A/y"],
    ["a", "a"],
    ["a", "a/b"],
    ["a/b", "a"],
    ["A/b", "a"],
    ["\u00e9", "e\u0301"],
    ["e\u0301/x", "\u00e9/y"],
    ["stra\u00dfe", "STRASSE"],
    ["\u212a", "k"],
    ["\ufb01", "FI"],
  ])("may not be %j beside %j", (one, other) => expect(findNameProblem([one, other])).toBeTypeOf("string"));

  it("that is accepted stays inside, whatever it is", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "B", ".", "..", "/", "\\", ":", " ", "con", "\0", "é"), { maxLength: 8 }), (parts) => {
        const path = parts.join("");
        if (findNameProblem([path]) !== undefined) return;
        expect(join("/root", path).startsWith("/root/")).toBe(true);
        expect(path.split("/").every((part) => part !== "" && part !== "." && part !== "..")).toBe(true);
      }),
    );
  });
});

describe("a packed release", () => {
  const digest = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
  const manifest: ReleaseManifest = { formatVersion: 1, ...ABOUT, files: [{ path: "a", digest, sizeBytes: 1, mode: "644" }] };
  const its = { path: "release.json", body: renderManifest(manifest) };
  const a = { path: "a", body: "a" };
  const limits = { unpackedBytes: 1_000_000, files: 20 };
  const read = (bytes: Buffer) => {
    writeFileSync(join(place, "made.tgz"), bytes);
    return readReleaseArchive(join(place, "made.tgz"), limits);
  };

  it("is the same bytes each time, and is read back", async () => {
    write("lib/a.js", "a");
    write("@odd", "b", 0o755);
    const made = await buildManifest(folder, ABOUT);
    write("release.json", renderManifest(made));
    await packRelease(folder, join(place, "one.tgz"), RELEASE_LIMITS);
    write("lib/a.js", "a");
    await packRelease(folder, join(place, "two.tgz"), RELEASE_LIMITS);
    expect(readFileSync(join(place, "one.tgz")).equals(readFileSync(join(place, "two.tgz")))).toBe(true);
    expect(await readReleaseArchive(join(place, "one.tgz"), RELEASE_LIMITS)).toEqual(made);
  });

  it("may have folders and a dot before its names", async () => {
    expect(await read(makeTgz([{ path: "./", type: "Directory" }, { ...its, path: "./release.json" }, a]))).toEqual(manifest);
  });

  it("is not unpacked further than allowed, whatever it says", async () => {
    await expect(read(makeTgz([its, { path: "a", body: Buffer.alloc(20_000_000) }]))).rejects.toThrow(/more than 1000000 bytes/);
  });

  const refused: [string, Buffer][] = [
    ["without a manifest", makeTgz([a])],
    ["with two manifests", makeTgz([its, its, a])],
    ["with a file less", makeTgz([its])],
    ["with a file more", makeTgz([its, a, { path: "b", body: "" }])],
    ["with another file", makeTgz([its, { path: "a", body: "b" }])],
    ["with another mode", makeTgz([its, { ...a, mode: 0o755 }])],
    ["with a file twice", makeTgz([its, a, a])],
    ["with a file twice, the good one last", makeTgz([its, { path: "a", body: "evil" }, a])],
    ["with a link", makeTgz([its, a, { path: "b", type: "SymbolicLink", link: "a" }])],
    ["with a hard link", makeTgz([its, a, { path: "b", type: "Link", link: "a" }])],
    ["with a device", makeTgz([its, a, { path: "b", type: "CharacterDevice" }])],
    ["with a pipe", makeTgz([its, a, { path: "b", type: "FIFO" }])],
    ["with ..", makeTgz([its, a, { path: "../b", body: "" }])],
    ["with an absolute path", makeTgz([its, a, { path: "/b", body: "" }])],
    ["with a folder that leads out", makeTgz([its, a, { path: "../b/", type: "Directory" }])],
    ["with a folder in the place of a file", makeTgz([its, a, { path: "a/", type: "Directory" }])],
    ["with a folder of another spelling", makeTgz([its, a, { path: "A/", type: "Directory" }])],
    ["with too many files", makeTgz([its, ...Array.from({ length: 50 }, (_, index) => ({ path: `f${index}`, body: "" }))])],
    ["that is a bomb", makeTgz([its, { path: "a", body: Buffer.alloc(20_000_000) }])],
    ["that is not packed", makeTar([its, a])],
    ["that is packed twice", gzipSync(makeTgz([its, a]))],
    ["that is cut off", makeTgz([its, a]).subarray(0, -10)],
    ["that is cut off between files", gzipSync(makeTar([its, a]).subarray(0, -1_024))],
    ["that is garbage", Buffer.from("garbage")],
    ["that is empty", Buffer.alloc(0)],
  ];
  it.each(refused)("%s is refused", async (_, bytes) => {
    await expect(read(bytes)).rejects.toMatchObject({ code: "PACKAGE_REFUSED" });
  });
});

interface MadeEntry {
  readonly path: string;
  readonly body?: string | Buffer;
  readonly type?: "File" | "Directory" | "SymbolicLink" | "Link" | "CharacterDevice" | "FIFO";
  readonly link?: string;
  readonly mode?: number;
}

/** Also what no packer makes. */
function makeTar(entries: readonly MadeEntry[]): Buffer {
  const encoded = entries.map(({ path, body = "", type = "File", link, mode = 0o644 }) => {
    const bytes = Buffer.from(body);
    const header = Buffer.alloc(512);
    const linked = link === undefined ? {} : { linkpath: link };
    const needsMore = new Header({ path, type, mode, size: bytes.length, mtime: new Date(0), ...linked }).encode(header);
    const more = needsMore ? new Pax({ path, ...linked }).encode() : Buffer.alloc(0);
    return Buffer.concat([more, header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
  });
  return Buffer.concat([...encoded, Buffer.alloc(1_024)]);
}

const makeTgz = (entries: readonly MadeEntry[]): Buffer => gzipSync(makeTar(entries));
