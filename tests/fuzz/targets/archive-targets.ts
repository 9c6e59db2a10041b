import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { gzipSync } from "node:zlib";
import { ARCHIVE_LIMITS } from "../../../packages/instar/src/sources/archive/archive-chunks.ts";
import { extractTarball } from "../../../packages/instar/src/sources/archive/extract-tarball.ts";
import { makeTar } from "../../../packages/instar/src/sources/archive/make-archive.testing.ts";
import { type ArchiveEntry, type ArchivePlan, describeEntry, planArchive } from "../../../packages/instar/src/sources/archive/plan-archive.ts";
import { readArchive } from "../../../packages/instar/src/sources/archive/read-archive.ts";
import { readReleaseArchive } from "../../../packages/instar/src/trust/read-release-archive.ts";
import { RELEASE_LIMITS } from "../../../packages/instar/src/trust/release-manifest.ts";
import { assertHolds, assertInside, type FuzzTarget, seedOf, textOf } from "../fuzz-target.ts";

const LIMITS = { ...ARCHIVE_LIMITS, files: 200, unpackedBytes: 1_048_576 };
const BLOCK = 512;
const EMPTY_DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const PLAIN = makeTar([
  { path: "package/", type: "Directory" },
  { path: "package/package.json", body: "{}" },
  { path: "package/bin/run.js", body: "run", mode: 0o755 },
  { path: "package/link", type: "SymbolicLink", link: "bin/run.js" },
  { path: "package/hard", type: "Link", link: "package/bin/run.js" },
]);
/** PAX: a header of its own says the name that is too long for the old one. */
const PAX = makeTar([
  { path: `package/${"long".repeat(60)}`, body: "x" },
  { path: "package/l", type: "SymbolicLink", link: `${"a/".repeat(60)}b` },
]);
const GNU = Buffer.concat([
  gnuLong("L", `package/${"d/".repeat(60)}x\0`),
  gnuLong("K", `${"up/".repeat(50)}x\0`),
  makeTar([{ path: "package/short", type: "SymbolicLink", link: "y" }]),
]);
const RELEASE = makeTar([
  {
    path: "release.json",
    body: JSON.stringify({
      formatVersion: 1,
      component: "agent",
      version: "1.0.0",
      kind: "agent",
      files: [{ path: "lib/empty", digest: EMPTY_DIGEST, sizeBytes: 0, mode: "644" }],
      migrations: [],
      rollbackPlan: { text: "go back", steps: [] },
    }),
  },
  { path: "lib/", type: "Directory" },
  { path: "lib/empty", body: "" },
]);

export const ARCHIVE_TARGETS: readonly FuzzTarget[] = [
  { name: "archive-tar", tasteInputs: 40, seeds: [PLAIN, PAX, GNU], parse: (bytes, scratch) => planFile(scratch, mendTar(bytes)) },
  { name: "archive-tar-raw", tasteInputs: 30, seeds: [PLAIN, PAX, GNU], parse: (bytes, scratch) => planFile(scratch, bytes) },
  { name: "archive-tgz", tasteInputs: 30, seeds: [gzipSync(PLAIN), gzipSync(PAX)], parse: (bytes, scratch) => planFile(scratch, bytes) },
  {
    name: "archive-extracted",
    tasteInputs: 20,
    seeds: [PLAIN, PAX, GNU],
    parse: async (bytes, scratch) => {
      rmSync(scratch, { recursive: true, force: true });
      mkdirSync(join(scratch, "into"), { recursive: true });
      writeFileSync(join(scratch, "archive"), mendTar(bytes));
      try {
        await extractTarball({ tarball: join(scratch, "archive"), into: join(scratch, "into"), limits: LIMITS });
      } finally {
        assertHolds(readdirSync(scratch).toSorted().join() === "archive,into", "nothing is written outside of the folder");
      }
    },
  },
  {
    name: "archive-plan",
    seeds: [
      seedOf("folder package/\nfile package/a 3\nlink package/l a\ncopy package/h package/a"),
      seedOf("file a/b/c 3\nlink a/l b/../b\nlink a/m l/c\nfile a/N 1"),
      seedOf("file package/x 9007199254740991\ncopy package/y package/x"),
    ],
    parse: (bytes) => {
      const entries = textOf(bytes).split("\n").map(entryOf);
      const decision = planArchive(entries, LIMITS);
      if (decision.kind === "plan") assertPlanInside(decision, entries);
    },
  },
  {
    name: "release-archive",
    tasteInputs: 30,
    seeds: [RELEASE],
    parse: async (bytes, scratch) => {
      const path = join(scratch, "release.tgz");
      writeFileSync(path, gzipSync(mendTar(bytes), { level: 1 }));
      for (const file of (await readReleaseArchive(path, RELEASE_LIMITS)).files) assertInside(file.path);
    },
  },
];

async function planFile(scratch: string, bytes: Buffer): Promise<void> {
  const tarball = join(scratch, "archive");
  writeFileSync(tarball, bytes);
  const entries: ArchiveEntry[] = [];
  await readArchive({ tarball, limits: LIMITS }, async (entry) => {
    entries.push(describeEntry(entry));
    entry.on("error", () => undefined);
    entry.resume();
    await once(entry, "end");
  });
  assertHolds(entries.length <= LIMITS.files, "an archive of more entries than allowed is refused");
  const decision = planArchive(entries, LIMITS);
  if (decision.kind === "plan") assertPlanInside(decision, entries);
}

function assertPlanInside({ folders, files, copies, links }: ArchivePlan, entries: readonly ArchiveEntry[]): void {
  const written = [...files.values(), ...copies, ...links].map(({ path }) => path);
  for (const path of [...folders, ...written]) assertInside(path);
  assertHolds(new Set([...folders, ...written]).size === folders.length + written.length, "everything has a place of its own");
  const known = new Set(folders);
  for (const path of [...folders, ...written]) assertHolds(!path.includes("/") || known.has(posix.dirname(path)), "everything lies in a folder that is made");
  const paths = new Set([...files.values()].map(({ path }) => path));
  for (const { from } of copies) assertHolds(paths.has(from), "a copy is of a file of the archive");
  for (const { path, target } of links) {
    const end = posix.join(posix.dirname(path), target);
    assertHolds(!target.startsWith("/") && end !== ".." && !end.startsWith("../"), `a link stays inside: ${path} -> ${target}`);
  }
  const sizeBytes = [...files.keys()].reduce((sum, at) => sum + (entries[at]?.sizeBytes ?? 0), 0);
  assertHolds(sizeBytes <= LIMITS.unpackedBytes, "what is taken is within the limits");
}

function entryOf(line: string): ArchiveEntry {
  const [kind = "", named = "", more = ""] = line.split(" ");
  const known = (["file", "folder", "link", "copy"] as const).find((each) => each === kind) ?? "other";
  return { named, kind: known, type: kind, sizeBytes: known === "file" ? Math.abs(Number(more)) || 0 : 0, isExecutable: false, target: more };
}

/** The entry in which GNU tar says a long name (`L`) or a link's long target (`K`), before the entry that it belongs to. */
function gnuLong(type: "L" | "K", name: string): Buffer {
  const entry = makeTar([{ path: "././@LongLink", body: name }], Buffer.alloc(0));
  entry.write(type, 156, "latin1");
  return mendTar(entry);
}

/** With the right checksum in every block that may be a header: else nearly every mistake in one is refused for its sum, and nothing behind that is tried. */
function mendTar(bytes: Buffer): Buffer {
  const mended = Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
  for (let at = 0; at + BLOCK <= mended.length; at += BLOCK) {
    const block = mended.subarray(at, at + BLOCK);
    if (block.toString("latin1", 257, 262) !== "ustar") continue;
    block.fill(" ", 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  }
  return mended;
}
