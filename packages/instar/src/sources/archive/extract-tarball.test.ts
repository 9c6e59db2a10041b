import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ArchiveLimits } from "./archive-chunks.ts";
import { extractTarball } from "./extract-tarball.ts";
import { type MadeEntry, makeTar, makeTgz } from "./make-archive.testing.ts";

let place: string;
let into: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "instar-archive-"));
  into = join(place, "deep", "into");
  mkdirSync(into, { recursive: true });
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const unpack = (bytes: Buffer, limits: Partial<ArchiveLimits> = {}, signal?: AbortSignal): Promise<void> => {
  const tarball = join(place, "archive.tgz");
  writeFileSync(tarball, bytes);
  return extractTarball({ tarball, into, limits, signal });
};
const list = (folder = place) => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
const read = (path: string) => readFileSync(join(into, path), "utf8");
const modeOf = (path: string) => (statSync(join(into, path)).mode & 0o7777).toString(8);

describe("an archive", () => {
  it("of npm is unpacked without its folder", async () => {
    await unpack(
      makeTgz([
        { path: "package/package.json", body: "{}" },
        { path: "package/bin/run.js", body: "run", mode: 0o755 },
        { path: "package/empty", body: "" },
      ]),
    );
    expect(list(into)).toEqual(["bin", "bin/run.js", "empty", "package.json"]);
    expect([read("bin/run.js"), read("empty")]).toEqual(["run", ""]);
  });

  it("may call its folder anything, and may begin with a dot", async () => {
    await unpack(
      makeTgz([
        { path: "./", type: "Directory" },
        { path: "./agent-1.2/", type: "Directory" },
        { path: "./agent-1.2/a", body: "a" },
      ]),
    );
    expect(list(into)).toEqual(["a"]);
  });

  it("keeps its folders where it has more than one, or a file beside it", async () => {
    await unpack(makeTgz([{ path: "a/x" }, { path: "b/x" }]));
    expect(list(into)).toEqual(["a", "a/x", "b", "b/x"]);
  });

  it("that is one file stays one file", async () => {
    await unpack(makeTgz([{ path: "agent.js", body: "1" }]));
    expect(list(into)).toEqual(["agent.js"]);
  });

  it("that is not packed is taken as well", async () => {
    await unpack(makeTar([{ path: "p/a", body: "x".repeat(3_000) }]));
    expect(read("a")).toHaveLength(3_000);
  });

  it("of the machine's own tar comes out as it went in", async () => {
    const from = join(place, "from", "agent");
    mkdirSync(join(from, "lib", `${"long".repeat(40)}`), { recursive: true });
    writeFileSync(join(from, "lib", `${"long".repeat(40)}`, "ünï.txt"), "text");
    writeFileSync(join(from, "big"), Buffer.alloc(3_000_000, "a b c d "));
    for (let each = 0; each < 300; each += 1) writeFileSync(join(from, `f${each}`), `${each}`);
    execFileSync("tar", ["czf", join(place, "made.tgz"), "-C", join(place, "from"), "agent"]);
    await extractTarball({ tarball: join(place, "made.tgz"), into });
    expect(list(into)).toEqual(list(from));
    expect(readFileSync(join(into, "big")).equals(readFileSync(join(from, "big")))).toBe(true);
    expect([read("f299"), read(`lib/${"long".repeat(40)}/ünï.txt`)]).toEqual(["299", "text"]);
  });

  it("has modes of 644 and 755, whatever it says and whatever the umask is; setuid never", async () => {
    const before = process.umask(0o077);
    try {
      await unpack(
        makeTgz([
          { path: "p/suid", mode: 0o4777 },
          { path: "p/open", mode: 0o666 },
          { path: "p/none", mode: 0 },
          { path: "p/d/", type: "Directory", mode: 0o7777 },
          { path: "p/d/x", mode: 0o100 },
        ]),
      );
    } finally {
      process.umask(before);
    }
    expect(["suid", "open", "none", "d", "d/x"].map(modeOf)).toEqual(["755", "644", "644", "755", "755"]);
  });

  it("may hold links that stay inside, and hard links, which become files of their own", async () => {
    await unpack(
      makeTgz([
        { path: "p/lib/a", body: "a", mode: 0o755 },
        { path: "p/link", type: "SymbolicLink", link: "lib/a" },
        { path: "p/lib/up", type: "SymbolicLink", link: "../link" },
        { path: "p/hard", type: "Link", link: "p/lib/a" },
      ]),
    );
    expect([readlinkSync(join(into, "link")), read("link"), read("lib/up"), read("hard"), modeOf("hard")]).toEqual(["lib/a", "a", "a", "a", "755"]);
    expect(statSync(join(into, "hard")).nlink).toBe(1);
  });

  it("is not unpacked into a folder that is not empty", async () => {
    writeFileSync(join(into, "old"), "");
    await expect(unpack(makeTgz([{ path: "p/a" }]))).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("is not unpacked further once that is called off", async () => {
    await expect(unpack(makeTgz([{ path: "p/a" }]), {}, AbortSignal.abort(new Error("called off")))).rejects.toThrow("called off");
    expect(list(into)).toEqual([]);
  });
});

describe("an archive is refused, and nothing of it is written,", () => {
  const file: MadeEntry = { path: "package/index.js", body: "x" };
  const zeros = Buffer.alloc(12 * 1_024 ** 2);
  const cases: readonly [string, Buffer, RegExp, Partial<ArchiveLimits>?][] = [
    ["with an absolute path", makeTgz([file, { path: "/tmp/instar-evil" }]), /absolute path/],
    ["with a path of a drive", makeTgz([file, { path: "C:/evil" }]), /absolute path/],
    ["with a path of a drive behind a dot", makeTgz([file, { path: "./C:/evil" }]), /absolute path/],
    ["with a path of a drive behind the folder that is left out", makeTgz([file, { path: "package/c:evil" }]), /absolute path/],
    ["with ..", makeTgz([file, { path: "package/../../evil" }]), /leads out of the archive/],
    ["with .. in a folder", makeTgz([file, { path: "../evil/", type: "Directory" }]), /leads out of the archive/],
    ["with backslashes", makeTgz([file, { path: "package/..\\..\\evil" }]), /backslash/],
    ["with a .git", makeTgz([file, { path: "package/.git/hooks/post-checkout", mode: 0o755 }]), /not safe to write/],
    ["with a link out of the folder", makeTgz([file, { path: "package/l", type: "SymbolicLink", link: "../../deep" }]), /points out/],
    ["with a link out of the folder that is left out", makeTgz([file, { path: "package/l", type: "SymbolicLink", link: "../package/index.js" }]), /points out/],
    ["with an absolute link", makeTgz([file, { path: "package/l", type: "SymbolicLink", link: "/etc/passwd" }]), /points out/],
    [
      "with a link that leads out through another",
      makeTgz([file, { path: "package/d/l", type: "SymbolicLink", link: ".." }, { path: "package/m", type: "SymbolicLink", link: "d/l/../../x" }]),
      /points out/,
    ],
    [
      "with a file that is written through a link",
      makeTgz([file, { path: "package/l", type: "SymbolicLink", link: "." }, { path: "package/l/evil" }]),
      /is there twice/,
    ],
    ["with a hard link out of the folder", makeTgz([file, { path: "package/h", type: "Link", link: "../../etc/passwd" }]), /no file of the archive/],
    ["with an absolute hard link", makeTgz([file, { path: "package/h", type: "Link", link: "/etc/passwd" }]), /no file of the archive/],
    [
      "with a hard link to a link",
      makeTgz([file, { path: "package/l", type: "SymbolicLink", link: "index.js" }, { path: "package/h", type: "Link", link: "package/l" }]),
      /no file of the archive/,
    ],
    ["with a character device", makeTgz([file, { path: "package/d", type: "CharacterDevice" }]), /but a CharacterDevice/],
    ["with a block device", makeTgz([file, { path: "package/d", type: "BlockDevice" }]), /but a BlockDevice/],
    ["with a pipe", makeTgz([file, { path: "package/d", type: "FIFO" }]), /but a FIFO/],
    ["with duplicate entries", makeTgz([file, file]), /"index.js" is there twice/],
    ["with a file that is a folder too", makeTgz([file, { path: "package/index.js/x" }]), /is there twice/],
    ["with names that differ in case only", makeTgz([file, { path: "package/INDEX.js" }]), /same name on some systems/],
    ["with no file", makeTgz([{ path: "package/", type: "Directory" }]), /holds no file/],
    ["with a name that is too long", makeTgz([file, { path: `package/${"a/b".repeat(600)}` }]), /a name of more than/],
    ["with folders that are too deep", makeTgz([file, { path: `package/${"d/".repeat(80)}x` }]), /folders deep/],
    ["with too many files", makeTgz(Array.from({ length: 30 }, (_, each) => ({ path: `package/${each}` }))), /more than 20 files$/, { files: 20 }],
    [
      "with too many folders",
      makeTgz(Array.from({ length: 5 }, (_, each) => ({ path: `package/${each}/a/b/c/d/x` }))),
      /more than 20 files and folders/,
      { files: 20 },
    ],
    ["that is a bomb", makeTgz([file, { path: "package/zeros", body: zeros }]), /more than 200 times as large/],
    [
      "that is larger than allowed",
      makeTgz([file, { path: "package/zeros", body: Buffer.alloc(200_000) }]),
      /more than 100000 bytes/,
      { unpackedBytes: 100_000 },
    ],
    [
      "that grows by hard links",
      makeTgz([
        { path: "package/big", body: Buffer.alloc(50_000) },
        ...Array.from({ length: 4 }, (_, each): MadeEntry => ({ path: `package/h${each}`, type: "Link", link: "package/big" })),
      ]),
      /hard links are 250000 bytes/,
      { unpackedBytes: 100_000 },
    ],
    ["that is packed twice", gzipSync(makeTgz([file])), /no tar archive/],
    ["that is cut off in its packed bytes", makeTgz([{ path: "p/a", body: randomBytes(100_000) }]).subarray(0, 50_000), /cut off|damaged/],
    ["that is cut off by a few bytes", makeTgz([file]).subarray(0, -4), /cut off/],
    ["that is cut off within a file", makeTar([{ path: "p/a", body: "abc", sizeBytes: 9_000 }], Buffer.alloc(0)), /no tar archive, or is damaged/],
    ["that is cut off between two files", makeTar([file], Buffer.alloc(0)), /no end mark/],
    ["whose checksum is wrong", gzipSync(makeTar([file]).fill("7", 0, 3)), /no tar archive, or is damaged/],
    ["that is damaged", makeTgz([file]).fill(0xff, 20, 40), /damaged/],
    ["that is a page", Buffer.from(`<!doctype html>${"<p>".repeat(400)}`), /no tar archive/],
    ["that is a packed page", gzipSync(`<!doctype html>${"<p>".repeat(400)}`), /no tar archive/],
    ["that is a few bytes", Buffer.from("abc"), /no tar archive|no end mark/],
    ["that is empty", Buffer.alloc(0), /is empty/],
  ];
  for (const [name, bytes, words, limits] of cases)
    it(name, async () => {
      const error: unknown = await unpack(bytes, limits).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "PACKAGE_REFUSED", message: expect.stringMatching(words) });
      expect(list()).toEqual(["archive.tgz", "deep", "deep/into"]);
    });
});
