import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createGitSource, type GitSourceSettings } from "./git-source.ts";
import { makeRepository } from "./make-repository.testing.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-sources-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const PATH = process.env.PATH ?? "";
const open = (remote: string, more: Partial<GitSourceSettings> = {}) =>
  createGitSource({ remote, mirrorFolder: join(folder, "data", "mirror"), path: PATH, home: folder, ...more });
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "no error",
    (error: unknown) => (InstarError.is(error) ? `${error.code}${error.transient ? " (transient)" : ""}` : error),
  );

describe("looking at a source", () => {
  test("gives the branch's commit and fetches no object", async () => {
    const upstream = makeRepository(join(folder, "up"));
    const commit = upstream.commit("first", { "a.txt": "a" });
    expect(await open(upstream.folder).look()).toEqual({ ref: "refs/heads/main", commit });
    expect(readdirSync(join(folder, "data", "mirror", "objects")).sort()).toEqual(["info", "pack"]);
    expect(readdirSync(join(folder, "data", "mirror", "objects", "pack"))).toEqual([]);
  });

  test("gives the tag of the highest version, peeled, and never a pre-release", async () => {
    const upstream = makeRepository(join(folder, "up"));
    upstream.commit("first");
    upstream.git("tag", "v1.9.0");
    const best = upstream.commit("second");
    upstream.git("tag", "-a", "v1.10.0", "-m", "ten");
    upstream.commit("third");
    upstream.git("tag", "v2.0.0-rc.1");
    upstream.git("tag", "nightly-9.0.0");
    expect(await open(upstream.folder, { tag: "v*" }).look()).toEqual({ ref: "refs/tags/v1.10.0", commit: best, version: "1.10.0" });
    expect(await codeOf(open(upstream.folder, { tag: "w*" }).look())).toBe("SOURCE_EMPTY");
  });

  test("a tag named exactly is peeled as well", async () => {
    const upstream = makeRepository(join(folder, "up"));
    const commit = upstream.commit("first");
    upstream.git("tag", "-a", "v1.0.0", "-m", "one");
    expect((await open(upstream.folder, { tag: "v1.0.0" }).look()).commit).toBe(commit);
  });

  test("a remote that is gone is SOURCE_GONE and may come back", async () => {
    expect(await codeOf(open(join(folder, "nowhere")).look())).toBe("SOURCE_GONE (transient)");
    expect(await codeOf(open("http://user:secret@127.0.0.1:9/x.git").look())).toBe("SOURCE_GONE (transient)");
  });

  test("a remote that is empty is SOURCE_EMPTY", async () => {
    expect(await codeOf(open(makeRepository(join(folder, "up")).folder).look())).toBe("SOURCE_EMPTY");
  });

  test("a remote without the branch is SOURCE_EMPTY and says which branch it has", async () => {
    const upstream = makeRepository(join(folder, "up"));
    upstream.commit("first");
    const error = await open(upstream.folder, { branch: "release" })
      .look()
      .catch((caught: InstarError) => caught);
    expect(error).toMatchObject({ code: "SOURCE_EMPTY", advice: expect.stringContaining("main") });
  });

  test("a remote that is not git is SOURCE_NOT_GIT, as a folder and over http", async () => {
    mkdirSync(join(folder, "plain"));
    expect(await codeOf(open(join(folder, "plain")).look())).toBe("SOURCE_NOT_GIT");
    const web = createServer((_, answer) => answer.end("<html>\n<body>hello</body>\n</html>\n")).listen(0, "127.0.0.1");
    await new Promise((resolve) => web.once("listening", resolve));
    try {
      expect(await codeOf(open(`http://127.0.0.1:${(web.address() as AddressInfo).port}/x.git`).look())).toBe("SOURCE_NOT_GIT");
    } finally {
      web.close();
    }
  });

  test("a remote that never answers is ended at the timeout, and its helper with it", async () => {
    const web = createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => web.once("listening", resolve));
    const port = (web.address() as AddressInfo).port;
    const gone = new Promise((resolve) => web.once("connection", (socket) => socket.once("close", resolve)));
    try {
      expect(await codeOf(open(`http://127.0.0.1:${port}/x.git`, { lookTimeoutMs: 500 }).look())).toBe("TIMED_OUT (transient)");
      await gone; // the process that held the connection is gone
      const stop = new AbortController();
      const looking = open(`http://127.0.0.1:${port}/x.git`).look(stop.signal);
      web.once("connection", () => stop.abort(new Error("enough")));
      await expect(looking).rejects.toThrow("enough");
    } finally {
      web.closeAllConnections();
      web.close();
    }
  });

  test("credentials in an address are in no part of an error", async () => {
    const web = createServer((_, answer) => answer.writeHead(401).end()).listen(0, "127.0.0.1");
    await new Promise((resolve) => web.once("listening", resolve));
    try {
      const error: InstarError = await open(`http://user:hunter2@127.0.0.1:${(web.address() as AddressInfo).port}/x.git`)
        .look()
        .then(() => Promise.reject(new Error("no error")))
        .catch((caught: InstarError) => caught);
      expect(error).toMatchObject({ code: "SOURCE_GONE", transient: false });
      expect(`${error.message} ${JSON.stringify(error.facts)} ${String(error.cause)}`).not.toContain("hunter2");
    } finally {
      web.close();
    }
  });

  test("credentials that git itself would print are hidden in what it said", async () => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    writeFileSync(
      join(bin, "git"),
      `#!/bin/sh\ncase "$*" in *ls-remote*) echo "fatal: could not read $*" >&2; exit 128;; esac\nPATH='${PATH}' exec git "$@"\n`,
      { mode: 0o755 },
    );
    const error: InstarError = await open("https://user:hunter2@example.org/x.git", { path: `${bin}:${PATH}` })
      .look()
      .then(() => Promise.reject(new Error("no error")))
      .catch((caught: InstarError) => caught);
    expect(error).toMatchObject({ code: "SOURCE_GONE", transient: true });
    expect(String(error.cause)).toContain("https://***@example.org/x.git");
    expect(String(error.cause)).not.toContain("hunter2");
  });

  test("an address that would run a program, or begins like an option, is refused", async () => {
    expect(await codeOf(open(`ext::sh -c touch% ${folder}/ran`).look())).toBe("INPUT_INVALID");
    expect(() => open(`--upload-pack=touch ${folder}/ran`)).toThrow("neither an address nor an absolute path");
    expect(() => open("/x", { branch: "--upload-pack=x" })).toThrow("cannot be the name");
    expect(existsSync(join(folder, "ran"))).toBe(false);
  });

  test("a machine without git says how to help", async () => {
    makeRepository(join(folder, "up"));
    const error = await open(join(folder, "up"), { path: join(folder, "empty") })
      .look()
      .catch((caught: InstarError) => caught);
    expect(error).toMatchObject({ code: "PLATFORM_FAILED", advice: expect.stringContaining("Install git") });
  });
});

describe("fetching a commit", () => {
  test("brings it whole, and a second time asks nobody", async () => {
    const upstream = makeRepository(join(folder, "up"));
    upstream.commit("first", { "a.txt": "a" });
    const commit = upstream.commit("second", { "b.txt": "b" });
    const source = open(upstream.folder);
    await source.fetch(commit);
    rmSync(upstream.folder, { recursive: true });
    await source.fetch(commit);
    expect((await source.readFile(commit, "b.txt", 10))?.toString()).toBe("b");
  });

  test("a force-pushed branch is seen, and the commit that runs stays in the mirror", async () => {
    const upstream = makeRepository(join(folder, "up"));
    const first = upstream.commit("first", { "a.txt": "a" });
    const old = upstream.commit("second", { "a.txt": "b" });
    const source = open(upstream.folder);
    await source.fetch(old);
    upstream.git("reset", "--quiet", "--hard", first);
    const rewritten = upstream.commit("other", { "a.txt": "c" });
    await source.fetch(rewritten);
    expect(await source.isAncestor(first, rewritten)).toBe(true);
    expect(await source.isAncestor(old, rewritten)).toBe(false);
    expect(await source.isAncestor("0".repeat(40), rewritten)).toBe(false);
    const git = makeRepository(join(folder, "other")).git;
    git(`--git-dir=${join(folder, "data", "mirror")}`, "gc", "--quiet", "--prune=now");
    expect((await source.readFile(old, "a.txt", 10))?.toString()).toBe("b");
  });

  test("a commit that upstream has dropped is SOURCE_GONE, and waiting will not help", async () => {
    const upstream = makeRepository(join(folder, "up"));
    upstream.commit("first");
    expect(await codeOf(open(upstream.folder).fetch("1".repeat(40)))).toBe("SOURCE_GONE");
  });

  test("a server that gives out refs only is asked for the ref", async () => {
    const upstream = makeRepository(join(folder, "up"));
    const older = upstream.commit("first", { "a.txt": "a" });
    upstream.commit("second");
    upstream.git("config", "protocol.version", "0");
    const old = join(folder, "bin");
    mkdirSync(old); // a git of the days before protocol 2
    writeFileSync(join(old, "git"), `#!/bin/sh\nPATH='${PATH}' exec git -c protocol.version=0 "$@"\n`, { mode: 0o755 });
    const source = open(upstream.folder, { path: `${old}:${PATH}` });
    await source.fetch(older);
    expect((await source.readFile(older, "a.txt", 10))?.toString()).toBe("a");
  });

  test("a shallow clone can be a source", async () => {
    const upstream = makeRepository(join(folder, "up"));
    upstream.commit("first");
    const commit = upstream.commit("second", { "a.txt": "a" });
    upstream.git("clone", "--quiet", "--depth=1", `file://${upstream.folder}`, join(folder, "shallow"));
    const source = open(join(folder, "shallow"));
    await source.fetch(commit);
    expect(await source.listTree(commit)).toHaveLength(1);
  });

  test("a half-made mirror is made again, and what a killed git left is no obstacle", async () => {
    const upstream = makeRepository(join(folder, "up"));
    const commit = upstream.commit("first", { "a.txt": "a" });
    const mirror = join(folder, "data", "mirror");
    for (const half of [mirror, `${mirror}.new`]) mkdirSync(join(half, "objects"), { recursive: true });
    writeFileSync(join(mirror, "config"), "[core]\n\tbare = tr");
    const source = open(upstream.folder);
    await source.look();
    const pins = join(mirror, "refs", "instar", "keep");
    mkdirSync(pins, { recursive: true });
    writeFileSync(join(pins, `${commit}.lock`), "");
    writeFileSync(join(mirror, "shallow.lock"), "");
    writeFileSync(join(mirror, "objects", "pack", "tmp_pack_x"), "half");
    await source.fetch(commit);
    expect((await source.readFile(commit, "a.txt", 10))?.toString()).toBe("a");
    expect(readdirSync(join(mirror, "objects", "pack")).filter((name) => name.startsWith("tmp_"))).toEqual([]);
  });

  test("hooks in the mirror and in the operator's own configuration do not run", async () => {
    const upstream = makeRepository(join(folder, "up"));
    const commit = upstream.commit("first", { "a.txt": "a" });
    const hooks = join(folder, "hooks");
    mkdirSync(hooks);
    for (const place of [hooks, join(folder, "data", "mirror", "hooks")]) {
      await open(upstream.folder).look();
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, "reference-transaction"), `#!/bin/sh\ntouch '${folder}/ran'\n`, { mode: 0o755 });
    }
    upstream.git("update-server-info");
    writeFileSync(join(folder, ".gitconfig"), `[core]\n\thooksPath = ${hooks}\n\tfsmonitor = touch ${folder}/ran\n`);
    const web = createServer((asked, answer) => {
      const file = join(upstream.folder, ".git", new URL(asked.url ?? "/", "http://x").pathname);
      if (existsSync(file)) answer.end(readFileSync(file));
      else answer.writeHead(404).end();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => web.once("listening", resolve));
    try {
      // Over http, because only toward the network the operator's configuration is read at all.
      const source = open(`http://127.0.0.1:${(web.address() as AddressInfo).port}`);
      const found = await source.look();
      await source.fetch(found.commit, undefined, found.ref);
      expect((await source.readFile(commit, "a.txt", 10))?.toString()).toBe("a");
      expect(existsSync(join(folder, "ran"))).toBe(false);
    } finally {
      web.closeAllConnections();
      web.close();
    }
  });

  test.skipIf(process.getuid?.() !== 0)("a source that belongs to another user is read (needs root to make one)", async () => {
    const upstream = makeRepository(join(folder, "up"));
    const commit = upstream.commit("first", { "a.txt": "a" });
    for (const path of [upstream.folder, join(upstream.folder, ".git")]) chownSync(path, 65_534, 65_534);
    chmodSync(folder, 0o755);
    const source = open(upstream.folder);
    await source.fetch((await source.look()).commit);
    expect(await source.listTree(commit)).toHaveLength(1);
  });
});

describe("reading a commit", () => {
  test("gives author, time, version and what changed", async () => {
    const upstream = makeRepository(join(folder, "up"));
    const first = upstream.commit("first", { "package.json": '{"version":"1.0.0"}' });
    upstream.commit("second \u001b[31mred");
    const third = upstream.commit("third\n\nbody", { "package.json": '{"version":"1.1.0"}' });
    const source = open(upstream.folder);
    await source.fetch(third);
    expect(await source.readCommit(third, { since: first })).toEqual({
      commit: third,
      tree: upstream.git("rev-parse", `${third}^{tree}`),
      author: "Ada <ada@example.org>",
      authors: ["Ada", "ada@example.org"],
      at: "2026-01-02T03:03:00.000Z",
      subject: "third",
      version: "1.1.0",
      changes: ["third", "second \ufffd[31mred"],
    });
    expect((await source.readCommit(third)).changes).toEqual(["third"]);
    expect((await source.readCommit(third, { since: "0".repeat(40) })).changes).toEqual(["third"]);
    expect(await codeOf(source.readCommit("1".repeat(40)))).toBe("NOT_FOUND");
    expect(await codeOf(source.readCommit("HEAD"))).toBe("INPUT_INVALID");
  });

  test("hides no author behind what a name is made of, and merges are no changes", async () => {
    const upstream = makeRepository(join(folder, "up"));
    const first = upstream.commit("first", { a: "1" });
    upstream.git(
      "-c",
      "user.name=Eve\u001feve\u001f\u001f\u001fno subject\u001e",
      "-c",
      "user.email=eve@example.org",
      "commit",
      "--allow-empty",
      "-m",
      "by Eve\u001f",
    );
    upstream.git("checkout", "-q", "-b", "side", first);
    upstream.git("-c", "user.name=Bo", "-c", "user.email=bo@example.org", "commit", "--allow-empty", "-m", "by Bo");
    upstream.git("checkout", "-q", "-");
    upstream.git("-c", "user.name=Mo", "-c", "user.email=mo@example.org", "merge", "-q", "--no-ff", "-m", "by Mo", "side");
    const merged = upstream.git("rev-parse", "HEAD");
    const source = open(upstream.folder);
    await source.fetch(merged);
    const { authors, changes, subject } = await source.readCommit(merged, { since: first });
    expect(subject).toBe("by Mo");
    expect(changes.toSorted()).toEqual(["by Bo", "by Eve\ufffd"]);
    expect(authors).toEqual(expect.arrayContaining(["mo@example.org", "bo@example.org", "eve@example.org", expect.stringMatching(/^Eve\ufffdeve/)]));
  });

  test("finds the version in pyproject.toml, VERSION, the agent's folder, the tag or nowhere", async () => {
    const upstream = makeRepository(join(folder, "up"));
    const bare = upstream.commit("none");
    const file = upstream.commit("file", { VERSION: "0.3.1\n" });
    const python = upstream.commit("python", { "pyproject.toml": '[tool.x]\nversion = "9"\n[project]\nname = "a"\nversion = "0.4.0"\n' });
    const nested = upstream.commit("nested", { "packages/agent/package.json": '{"version":"5.0.0"}' });
    const source = open(upstream.folder);
    await source.fetch(nested);
    const versionOf = async (commit: string, more = {}) => (await source.readCommit(commit, more)).version;
    expect(await versionOf(bare)).toBe(bare.slice(0, 7));
    expect(await versionOf(bare, { taggedAs: "1.2.3" })).toBe("1.2.3");
    expect(await versionOf(file)).toBe("0.3.1");
    expect(await versionOf(python)).toBe("0.4.0");
    expect(await versionOf(nested, { directory: "packages/agent" })).toBe("5.0.0");
    expect(await versionOf(nested)).toBe("0.4.0");
  });

  test("diff tells added, modified, deleted, renamed, type-changed and binary files, names with newlines too", async () => {
    const upstream = makeRepository(join(folder, "up"));
    const long = "line\n".repeat(30);
    const first = upstream.commit("first", { "mod.txt": "1\n2\n", "gone.txt": "x\n", "old.txt": long, "kind.txt": "mod.txt", "bin.dat": Buffer.from([0, 1]) });
    const second = upstream.commit("second", {
      "mod.txt": "1\n3\n4\n",
      "gone.txt": null,
      "old.txt": null,
      "new\tname.txt": `${long}more\n`,
      "kind.txt": { link: "mod.txt" },
      "bin.dat": Buffer.from([0, 2]),
      "line\nfeed.txt": "a\n",
    });
    const source = open(upstream.folder);
    await source.fetch(second);
    const none = { addedLines: 0, deletedLines: 0, isBinary: false };
    const changes = new Map((await source.diff(first, second)).map((change) => [change.path, change]));
    expect(Object.fromEntries(changes)).toMatchObject({
      "mod.txt": { status: "modified", addedLines: 2, deletedLines: 1 },
      "gone.txt": { status: "deleted", addedLines: 0, deletedLines: 1 },
      "new\tname.txt": { status: "renamed", from: "old.txt", addedLines: 1, deletedLines: 0 },
      "kind.txt": { status: "type-changed" },
      "bin.dat": { ...none, status: "modified", isBinary: true },
      "line\nfeed.txt": { ...none, status: "added", addedLines: 1 },
    });
    expect(changes.size).toBe(6);
    expect((await source.diff(null, first)).map(({ status }) => status)).toEqual(Array(5).fill("added"));
  });

  test("readFile gives stored bytes, nothing for what is no file, and refuses what is too large", async () => {
    const upstream = makeRepository(join(folder, "up"));
    const commit = upstream.commit("first", { "d/a*.txt": "star", "d/ab.txt": "other", link: { link: "d" } });
    const source = open(upstream.folder);
    await source.fetch(commit);
    expect((await source.readFile(commit, "d/a*.txt", 10))?.toString()).toBe("star");
    for (const path of ["d", "link", "nothing", "../x", ":(top)d/ab.txt"])
      expect(await source.readFile(commit, path, 10).catch(() => undefined), path).toBeUndefined();
    expect(await codeOf(source.readFile(commit, "d/ab.txt", 2))).toBe("PACKAGE_REFUSED");
  });
});
