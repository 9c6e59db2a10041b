import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { removeTree } from "../platform/durable-files.ts";
import type { ReleaseFacts } from "./release-record.ts";
import { openReleaseStore, type ReleaseStore } from "./release-store.ts";

let data: string;
let store: ReleaseStore;
let tree: string;
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), "instar-local-"));
  store = openReleaseStore({ folder: join(data, "releases"), slotCanWrite: true, clock: { wallMs: () => 0, monotonicMs: () => 0, sleep: async () => {} } });
  tree = store.treePath("a");
  for (const path of ["server.js", "lib/a.js", "lib/b.js", "bin/run", "node_modules/x/index.js", "out/made.js", "file"])
    write(path, path, path === "bin/run" ? 0o755 : 0o644);
  symlinkSync("server.js", join(tree, "link"));
  await store.seal("a", facts);
  execFileSync("chmod", ["-R", "u+w", tree]);
});
afterEach(() => removeTree(data));

const facts: ReleaseFacts = {
  version: "1.0.0",
  commit: "c".repeat(40),
  author: "Ada <ada@example.org>",
  at: "2026-01-01T00:00:00.000Z",
  changes: ["first"],
  updateType: "patch",
  previous: null,
  wayBack: null,
  settingsDigest: "sha256:s",
};
const write = (path: string, content: string, mode = 0o644) => {
  const at = join(tree, path);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, content, { mode });
};
const NOTHING = { changed: [], missing: [], added: [] };

describe("what was changed by hand", () => {
  test.each<[string, () => void, Partial<typeof NOTHING | Record<string, string[]>>]>([
    ["nothing, although everything can be written again", () => {}, {}],
    ["other bytes of the same size", () => write("lib/a.js", "lib/A.js"), { changed: ["lib/a.js"] }],
    ["the right to run", () => chmodSync(join(tree, "server.js"), 0o755), { changed: ["server.js"] }],
    [
      "a link that leads elsewhere",
      () => {
        rmSync(join(tree, "link"));
        symlinkSync("lib/a.js", join(tree, "link"));
      },
      { changed: ["link"] },
    ],
    ["files that are gone, with their folder", () => rmSync(join(tree, "lib"), { recursive: true }), { missing: ["lib/a.js", "lib/b.js"] }],
    ["new files, with their folders", () => write("new/deep/er.js", "n"), { added: ["new/deep/er.js"] }],
    ["an empty folder is nothing", () => mkdirSync(join(tree, "empty")), {}],
    ["a pipe", () => void execFileSync("mkfifo", [join(tree, "pipe")]), { added: ["pipe"] }],
    [
      "a file where a folder was",
      () => {
        rmSync(join(tree, "lib"), { recursive: true });
        write("lib", "x");
      },
      { added: ["lib"], missing: ["lib/a.js", "lib/b.js"] },
    ],
    [
      "a folder where a file was",
      () => {
        rmSync(join(tree, "file"));
        write("file/inside", "x");
      },
      { added: ["file/inside"], changed: ["file"] },
    ],
    ["what is installed is not looked at", () => write("node_modules/x/index.js", "patched"), {}],
    ["nor what is installed into a folder of another name", () => write("out/made.js", "other"), {}],
    ["but a folder that only begins alike is", () => write("outer/made.js", "other"), { added: ["outer/made.js"] }],
    ["a name with a line feed", () => write("a\nb", "x"), { added: ["a\nb"] }],
    [
      "all of many",
      () => Array.from({ length: 50 }, (_, index) => write(`many/${10 + index}`, "x")),
      { added: Array.from({ length: 50 }, (_, index) => `many/${10 + index}`) },
    ],
    [
      "everything, where the tree is gone",
      () => execFileSync("rm", ["-rf", tree]),
      { missing: ["bin/run", "file", "lib/a.js", "lib/b.js", "link", "server.js"] },
    ],
    ["a manifest that is not the sealed one: anything", () => writeFileSync(join(tree, "..", "manifest.jsonl"), ""), { changed: ["manifest.jsonl"] }],
  ])("%s", async (_, act, expected) => {
    act();
    expect(await store.findLocalChanges("a", { installed: ["out/"] })).toEqual({ ...NOTHING, ...expected });
  });
  test("of a release that is not there nothing is said", async () => {
    expect(await store.findLocalChanges("never").catch((error: unknown) => InstarError.is(error, "NOT_FOUND"))).toBe(true);
  });
});
