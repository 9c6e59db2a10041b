import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type GitMirror, openGitMirror } from "./git-mirror.ts";
import { createGitSource, type GitSource } from "./git-source.ts";
import { makeRepository, type TestRepository } from "./make-repository.testing.ts";
import { type MergedChanges, type MergeQuestion, mergeLocalChanges } from "./merge-local-changes.ts";
import type { LocalChange } from "./read-local-edits.ts";

let folder: string;
let upstream: TestRepository;
let source: GitSource;
let mirror: GitMirror;
let tree: string;
let base: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-merge-"));
  upstream = makeRepository(join(folder, "up"));
  const program = { path: process.env.PATH ?? "", home: folder };
  source = createGitSource({ remote: upstream.folder, mirrorFolder: join(folder, "mirror"), ...program });
  mirror = openGitMirror(join(folder, "mirror"), program);
  tree = join(folder, "tree");
  mkdirSync(tree);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Files = Parameters<TestRepository["commit"]>[1];
const LINES = Array.from({ length: 20 }, (_, index) => `line ${index}\n`);
const lines = (changes: Record<number, string> = {}) => LINES.map((line, index) => changes[index] ?? line).join("");

/** Upstream's commit that runs, and the tree made from it. */
const run = async (files: Files): Promise<void> => {
  base = upstream.commit("base", files);
  await source.fetch(base);
  await source.writeTree(base, tree);
};
const candidateOf = async (files: Files): Promise<string> => {
  const commit = upstream.commit("candidate", files);
  await source.fetch(commit);
  return commit;
};
const put = (path: string, content: string, mode = 0o644): LocalChange => {
  const at = join(tree, path);
  const kind = existsSync(at) ? "changed" : "added";
  mkdirSync(dirname(at), { recursive: true });
  rmSync(at, { force: true });
  writeFileSync(at, content);
  chmodSync(at, mode);
  return { path, kind, content: at };
};
const remove = (path: string): LocalChange => {
  rmSync(join(tree, path), { recursive: true });
  return { path, kind: "missing", content: join(tree, path) };
};
const change = (path: string, kind: LocalChange["kind"] = "changed"): LocalChange => ({ path, kind, content: join(tree, path) });
const merge = (strategy: MergeQuestion["strategy"], candidate: string, changes: readonly LocalChange[], more: Partial<MergeQuestion> = {}) =>
  mergeLocalChanges(mirror, { base, candidate, strategy, changes, ...more });
const merged = (result: MergedChanges) => {
  if (result.kind !== "merged") throw new Error(JSON.stringify(result));
  return result;
};
/** path → mode and text */
const filesOf = async (commit: string): Promise<Record<string, string>> => {
  const entries = await source.listTree(commit);
  const texts = entries.map(async ({ path, mode, object, kind }) => {
    const text = (await mirror.run(["cat-file", "blob", object])).stdout.toString();
    return [path, kind === "link" ? `-> ${text}` : mode === 0o755 ? `run: ${text}` : text] as const;
  });
  return Object.fromEntries(await Promise.all(texts));
};

describe("strategies", () => {
  test("update-wins stages the candidate as it is, and keeps what was changed by hand", async () => {
    await run({ "a.txt": "a" });
    const candidate = await candidateOf({ "a.txt": "theirs" });
    const result = merged(await merge("update-wins", candidate, [put("a.txt", "mine")]));
    expect(result).toMatchObject({ commit: candidate, carried: [], left: [] });
    expect(await filesOf(result.local ?? "")).toEqual({ "a.txt": "mine" });
    expect(upstreamOf(await parentsOf(result.local ?? ""))).toEqual(["base"]);
  });
  test("local-wins puts the local files over the candidate's, whatever it did to them", async () => {
    await run({ "both.txt": "0", "mine.txt": "0", "theirs.txt": "0", "gone.txt": "0", "removed-there.txt": "0" });
    const candidate = await candidateOf({ "both.txt": "theirs", "theirs.txt": "theirs", "gone.txt": "theirs", "removed-there.txt": null, "new.txt": "theirs" });
    const changes = [put("both.txt", "mine"), put("mine.txt", "mine"), put("added.txt", "mine"), put("removed-there.txt", "mine"), remove("gone.txt")];
    const result = merged(await merge("local-wins", candidate, changes));
    expect(await filesOf(result.commit)).toEqual({
      "both.txt": "mine",
      "mine.txt": "mine",
      "added.txt": "mine",
      "removed-there.txt": "mine",
      "theirs.txt": "theirs",
      "new.txt": "theirs",
    });
    expect(result.carried).toEqual(["added.txt", "both.txt", "gone.txt", "mine.txt", "removed-there.txt"]);
  });
  test("merge brings lines of both together", async () => {
    await run({ "a.txt": lines(), "mine.txt": "0" });
    const candidate = await candidateOf({ "a.txt": lines({ 1: "theirs\n" }), "new.txt": "theirs" });
    const result = merged(await merge("merge", candidate, [put("a.txt", lines({ 18: "mine\n" })), put("mine.txt", "mine"), put("added.txt", "mine")]));
    expect(await filesOf(result.commit)).toEqual({
      "a.txt": lines({ 1: "theirs\n", 18: "mine\n" }),
      "mine.txt": "mine",
      "added.txt": "mine",
      "new.txt": "theirs",
    });
    expect(result.carried).toEqual(["a.txt", "added.txt", "mine.txt"]);
    expect(await parentsOf(result.commit)).toEqual([candidate, result.local]);
  });
  test("merge follows a file that the candidate renamed", async () => {
    await run({ "a.txt": lines() });
    const candidate = await candidateOf({ "a.txt": null, "b.txt": lines() });
    const result = merged(await merge("merge", candidate, [put("a.txt", lines({ 3: "mine\n" }))]));
    expect(await filesOf(result.commit)).toEqual({ "b.txt": lines({ 3: "mine\n" }) });
  });
  test.each<[string, Files, () => LocalChange, string[]]>([
    ["the same line", { "a.txt": lines({ 3: "theirs\n" }) }, () => put("a.txt", lines({ 3: "mine\n" })), ["a.txt"]],
    ["a file deleted there and changed here", { "a.txt": null }, () => put("a.txt", "mine"), ["a.txt"]],
    ["a file changed there and deleted here", { "a.txt": "theirs" }, () => remove("a.txt"), ["a.txt"]],
    ["two new files of one name, with a line feed and quotes", { "n\n\"e'w": "theirs" }, () => put("n\n\"e'w", "mine"), ["n\n\"e'w"]],
  ])("merge gives up on %s, and names it", async (_, theirs, mine, paths) => {
    await run({ "a.txt": lines() });
    const candidate = await candidateOf(theirs);
    expect(await merge("merge", candidate, [mine()])).toMatchObject({ kind: "conflicted", paths, local: expect.stringMatching(/^[0-9a-f]{40}$/) });
  });
  test("what both changed alike is carried by neither", async () => {
    await run({ "a.txt": "0" });
    const candidate = await candidateOf({ "a.txt": "same" });
    for (const strategy of ["merge", "local-wins"] as const)
      expect(merged(await merge(strategy, candidate, [put("a.txt", "same")]))).toMatchObject({ commit: candidate, carried: [] });
  });
  test("without changes the candidate is staged as it is", async () => {
    await run({ "a.txt": "0" });
    const candidate = await candidateOf({ "a.txt": "1" });
    expect(await merge("merge", candidate, [])).toEqual({ kind: "merged", commit: candidate, local: null, carried: [], left: [] });
  });
  test("a history that was rewritten does not matter: what runs is the base", async () => {
    await run({ "a.txt": lines() });
    upstream.git("checkout", "--quiet", "--orphan", "again");
    const candidate = await candidateOf({ "a.txt": lines({ 1: "theirs\n" }) });
    const result = merged(await merge("merge", candidate, [put("a.txt", lines({ 18: "mine\n" }))]));
    expect(await filesOf(result.commit)).toEqual({ "a.txt": lines({ 1: "theirs\n", 18: "mine\n" }) });
  });
  test.each(["merge", "local-wins"] as const)("%s: what an earlier update carried over is carried on, with or without new changes", async (strategy) => {
    await run({ "a.txt": "0", "b.txt": "0" });
    const second = await candidateOf({ "b.txt": "1" });
    const first = merged(await merge(strategy, second, [put("a.txt", "mine")]));
    const third = await candidateOf({ "c.txt": "2" });
    const on = { base: second, running: first.commit };
    expect(await filesOf(merged(await merge(strategy, third, [], on)).commit)).toEqual({ "a.txt": "mine", "b.txt": "1", "c.txt": "2" });
    const result = merged(await merge(strategy, third, [put("new.txt", "mine")], on));
    expect(await filesOf(result.commit)).toEqual({ "a.txt": "mine", "b.txt": "1", "c.txt": "2", "new.txt": "mine" });
  });
});

const parentsOf = async (commit: string) => (await mirror.run(["show", "-s", "--format=%P", commit])).stdout.toString().trim().split(" ");
const upstreamOf = (commits: readonly string[]) => commits.map((commit) => (commit === base ? "base" : commit));

describe("what trees may hold", () => {
  const NAMES = ["line\nfeed", 'quo"te', "tab\there", "-option", " blank ", "näme", "back`tick$(x)", "deep/er/file"];
  test.each(["merge", "local-wins"] as const)("%s: names that hold anything", async (strategy) => {
    await run(Object.fromEntries(NAMES.map((name) => [name, lines()])));
    const candidate = await candidateOf(Object.fromEntries(NAMES.map((name) => [name, strategy === "merge" ? lines({ 0: "theirs\n" }) : "theirs"])));
    const changes = [...NAMES.map((name) => put(name, lines({ 19: "mine\n" }))), ...NAMES.map((name) => put(`new ${name}`, "mine"))];
    const result = merged(await merge(strategy, candidate, changes));
    const files = await filesOf(result.commit);
    for (const name of NAMES)
      expect([files[name], files[`new ${name}`]]).toEqual([strategy === "merge" ? lines({ 0: "theirs\n", 19: "mine\n" }) : lines({ 19: "mine\n" }), "mine"]);
    expect(result.carried).toHaveLength(2 * NAMES.length);
  });
  test("executable bits, taken and given; being writable is no change", async () => {
    await run({ "a.sh": "a", "b.sh": { run: "b" }, "c.txt": "c", "d.txt": "d" });
    const candidate = await candidateOf({ "new.txt": "n" });
    chmodSync(join(tree, "d.txt"), 0o444);
    const result = merged(await merge("merge", candidate, [put("a.sh", "a", 0o755), put("b.sh", "b", 0o644), put("c.txt", "c", 0o600), change("d.txt")]));
    expect(await filesOf(result.commit)).toEqual({ "a.sh": "run: a", "b.sh": "b", "c.txt": "c", "d.txt": "d", "new.txt": "n" });
    expect(result.carried).toEqual(["a.sh", "b.sh"]);
  });
  test("a link is carried as a link, and what it leads to is not read", async () => {
    writeFileSync(join(folder, "secret"), "secret");
    await run({ "a.txt": "a", "b.txt": "b" });
    const candidate = await candidateOf({ "new.txt": "n" });
    rmSync(join(tree, "a.txt"));
    symlinkSync("b.txt", join(tree, "a.txt"));
    const result = merged(await merge("local-wins", candidate, [change("a.txt")]));
    expect(await filesOf(result.commit)).toMatchObject({ "a.txt": "-> b.txt" });
  });
  test("a link out of the tree makes no release", async () => {
    await run({ "a.txt": "a" });
    const candidate = await candidateOf({ "new.txt": "n" });
    symlinkSync("../secret", join(tree, "link"));
    expect(await merge("merge", candidate, [change("link", "added")])).toMatchObject({
      kind: "unavailable",
      because: expect.stringMatching(/points out of the repository/),
    });
  });
  test("a folder that became a link is not walked through", async () => {
    await run({ "lib/a.txt": "a" });
    const candidate = await candidateOf({ "new.txt": "n" });
    mkdirSync(join(folder, "elsewhere"));
    writeFileSync(join(folder, "elsewhere", "a.txt"), "secret");
    rmSync(join(tree, "lib"), { recursive: true });
    symlinkSync(join(folder, "elsewhere"), join(tree, "lib"));
    expect(await merge("local-wins", candidate, [change("lib/a.txt")])).toMatchObject({
      kind: "unavailable",
      because: expect.stringMatching(/a folder above it is a link/),
    });
  });
  test.each(["merge", "local-wins"] as const)("%s: a file where a folder was, and a folder where a file was", async (strategy) => {
    await run({ "lib/a.txt": "a", file: "f" });
    const candidate = await candidateOf({ "new.txt": "n" });
    rmSync(join(tree, "lib"), { recursive: true });
    const changes = [put("lib", "now a file"), { ...change("lib/a.txt", "missing") }];
    rmSync(join(tree, "file"));
    mkdirSync(join(tree, "file"));
    const result = merged(await merge(strategy, candidate, [...changes, change("file"), put("file/inside", "x")]));
    expect(await filesOf(result.commit)).toEqual({ lib: "now a file", "file/inside": "x", "new.txt": "n" });
  });
  test("local-wins takes away what stands in a local file's way", async () => {
    await run({ "a.txt": "a" });
    const candidate = await candidateOf({ "mine/theirs.txt": "t", "a.txt": "a" });
    expect(await filesOf(merged(await merge("local-wins", candidate, [put("mine", "a file")])).commit)).toEqual({ "a.txt": "a", mine: "a file" });
  });
  test("bytes are kept as they are", async () => {
    const bytes = "\r\n\u0000$Id$ü\r\n";
    await run({ ".gitattributes": "* text=auto eol=lf ident\n", "a.bin": "a" });
    const candidate = await candidateOf({ "new.txt": "n" });
    expect((await filesOf(merged(await merge("merge", candidate, [put("a.bin", bytes)])).commit))["a.bin"]).toBe(bytes);
  });
  test("what no commit can hold is left, and said", async () => {
    await run({ "a.txt": "a" });
    const candidate = await candidateOf({ "new.txt": "n" });
    execFileSync("mkfifo", [join(tree, "pipe")]);
    const server = createServer();
    await once(server.listen(join(tree, "socket")), "listening");
    const made = [
      { ...put("dist/out.js", "x"), kind: "changed" as const },
      { ...change("dist/gone.js"), kind: "missing" as const },
    ];
    const result = merged(
      await merge("local-wins", candidate, [
        put(".git/config", "[core]"),
        put("x/.GIT/hooks/y", "#!"),
        change("pipe", "added"),
        change("socket", "added"),
        ...made,
        put("b.txt", "b"),
      ]),
    );
    server.close();
    expect(result.carried).toEqual(["b.txt"]);
    expect(result.left).toEqual([
      { path: ".git/config", because: expect.stringMatching(/not safe to write/) },
      { path: "dist/gone.js", because: expect.stringMatching(/made by the installation or the build/) },
      { path: "dist/out.js", because: expect.stringMatching(/made by the installation or the build/) },
      { path: "pipe", because: "it is neither a file nor a link" },
      { path: "socket", because: "it is neither a file nor a link" },
      { path: "x/.GIT/hooks/y", because: expect.stringMatching(/not safe to write/) },
    ]);
  });
  test("a file that is gone when it is read stops the whole", async () => {
    await run({ "a.txt": "a" });
    const candidate = await candidateOf({ "new.txt": "n" });
    expect(await merge("merge", candidate, [change("never.txt", "added")])).toMatchObject({
      kind: "unavailable",
      because: expect.stringMatching(/"never.txt" was changed while/),
    });
  });
  test("too many and too large stop the whole", async () => {
    await run({ "a.txt": "a" });
    const candidate = await candidateOf({ "new.txt": "n" });
    const many = Array.from({ length: 2_001 }, (_, index) => change(`f${index}`, "added"));
    expect(await merge("merge", candidate, many)).toMatchObject({ kind: "unavailable", because: expect.stringMatching(/2001 files/) });
    const large = [put("large", "x"), put("larger", "x")];
    for (const { content } of large) execFileSync("truncate", ["-s", "40M", content]);
    expect(await merge("merge", candidate, large)).toMatchObject({ kind: "unavailable", because: expect.stringMatching(/more than 64 MiB/) });
  });
  test("a place that is not the path's is refused", async () => {
    await run({ "a.txt": "a" });
    const asked = merge("merge", base, [{ path: "a.txt", kind: "changed", content: "/etc/passwd" }]);
    expect(await asked.catch((error: InstarError) => InstarError.is(error, "INPUT_INVALID"))).toBe(true);
  });
});

describe("nothing of the repository runs", () => {
  test("a driver, a filter or a hook that attributes, people and even the mirror name is not asked", async () => {
    const mark = join(folder, "mark");
    const attributes = "* merge=evil filter=evil diff=evil\n";
    await run({ ".gitattributes": attributes, "a.txt": lines() });
    const candidate = await candidateOf({ ".gitattributes": `${attributes}#\n`, "a.txt": lines({ 1: "theirs\n" }) });
    const config = [
      ["merge.evil.driver", `touch ${mark} %A`],
      ["filter.evil.clean", `touch ${mark}; cat`],
      ["filter.evil.smudge", `touch ${mark}; cat`],
      ["diff.evil.textconv", `touch ${mark}; cat`],
      ["diff.evil.command", `touch ${mark}; cat`],
    ];
    const files = [join(folder, ".gitconfig"), join(folder, "mirror", "config"), join(upstream.folder, ".git", "config")];
    for (const file of files) for (const [name = "", value = ""] of config) execFileSync("git", ["config", "--file", file, name, value]);
    mkdirSync(join(folder, "mirror", "hooks"), { recursive: true });
    for (const hook of ["reference-transaction", "post-index-change"])
      writeFileSync(join(folder, "mirror", "hooks", hook), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
    for (const strategy of ["merge", "local-wins", "update-wins"] as const) {
      const result = merged(await merge(strategy, candidate, [put("a.txt", lines({ 18: "mine\n" }))]));
      if (strategy === "merge") expect((await filesOf(result.commit))["a.txt"]).toBe(lines({ 1: "theirs\n", 18: "mine\n" }));
    }
    expect(existsSync(mark)).toBe(false);
  });
  test("`merge=union` in a .gitattributes does not turn a conflict into a merge", async () => {
    await run({ ".gitattributes": "* merge=union\n", "a.txt": lines() });
    const candidate = await candidateOf({ "a.txt": lines({ 3: "theirs\n" }) });
    expect(await merge("merge", candidate, [put("a.txt", lines({ 3: "mine\n" }))])).toMatchObject({ kind: "conflicted", paths: ["a.txt"] });
  });
});

describe("once more", () => {
  test("gives the same commits, also over what a killed git left behind, and a tidied mirror keeps them", async () => {
    await run({ "a.txt": lines() });
    const candidate = await candidateOf({ "a.txt": lines({ 1: "theirs\n" }) });
    const changes = [put("a.txt", lines({ 18: "mine\n" }))];
    const first = merged(await merge("merge", candidate, changes));
    const ref = `refs/instar/merged/${first.commit}`;
    mkdirSync(join(folder, "mirror", "refs", "instar", "merged"), { recursive: true });
    for (const left of ["instar-merge.index.lock", `${ref}.lock`]) writeFileSync(join(folder, "mirror", left), "");
    writeFileSync(join(folder, "mirror", "instar-merge.index"), "half");
    expect(await merge("merge", candidate, changes)).toEqual(first);
    execFileSync("git", ["-C", join(folder, "mirror"), "gc", "--quiet", "--prune=now"]);
    expect((await mirror.run(["rev-parse", ref])).stdout.toString().trim()).toBe(first.commit);
    expect(await filesOf(first.commit)).toEqual({ "a.txt": lines({ 1: "theirs\n", 18: "mine\n" }) });
    expect(await filesOf(first.local ?? "")).toEqual({ "a.txt": lines({ 18: "mine\n" }) });
  });
  test("another mirror, at another place and time, makes the same commit", async () => {
    await run({ "a.txt": "a" });
    const candidate = await candidateOf({ "b.txt": "b" });
    const changes = [put("c.txt", "c")];
    const first = merged(await merge("merge", candidate, changes));
    renameSync(join(folder, "mirror"), join(folder, "old"));
    for (const commit of [base, candidate]) await source.fetch(commit);
    expect(await merge("merge", candidate, changes)).toEqual(first);
  });
  test("a git that is too old says so", async () => {
    await run({ "a.txt": "a" });
    const candidate = await candidateOf({ "b.txt": "b" });
    const real = execFileSync("which", ["git"]).toString().trim();
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin", "git"), `#!/bin/sh\nfor word; do [ "$word" = merge-tree ] && { echo usage >&2; exit 129; }; done\nexec ${real} "$@"\n`, {
      mode: 0o755,
    });
    mirror = openGitMirror(join(folder, "mirror"), { path: `${join(folder, "bin")}:${process.env.PATH ?? ""}`, home: folder });
    expect(await merge("merge", candidate, [put("c.txt", "c")])).toMatchObject({ kind: "unavailable", because: expect.stringMatching(/git 2\.38/) });
    expect(await merge("local-wins", candidate, [change("c.txt", "added")])).toMatchObject({ kind: "merged", carried: ["c.txt"] });
    expect(readFileSync(join(tree, "c.txt"), "utf8")).toBe("c");
  });
});
