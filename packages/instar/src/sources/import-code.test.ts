import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createGitSource, type GitSource } from "./git-source.ts";
import { importCode } from "./import-code.ts";
import { makeRepository, type TestRepository } from "./make-repository.testing.ts";

const FILES = { "agent.js": "one\ntwo\nthree\n", "lib/tool.js": "tool\n", "dist/kept.js": "built, and in git\n", link: { link: "agent.js" } };
let folder: string;
let upstream: TestRepository;
let source: GitSource;
let base: string;
const own = (...path: string[]) => join(folder, "own", ...path);
const write = (path: string, text: string) => {
  mkdirSync(dirname(own(path)), { recursive: true });
  writeFileSync(own(path), text);
};
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "instar-import-code-"));
  upstream = makeRepository(join(folder, "up"));
  source = createGitSource({ remote: upstream.folder, mirrorFolder: join(folder, "mirror"), path: process.env.PATH ?? "", home: folder });
  base = upstream.commit("base", FILES);
  await source.fetch(base);
  for (const [path, text] of Object.entries(FILES)) if (typeof text === "string") write(path, text);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const importOwn = (more: { onto?: string; message?: string; name?: string } = {}) =>
  source.alone(() =>
    importCode(source.mirror, {
      lay: async () => own(),
      isIgnored: (path) => /(^|\/)(\.git|node_modules|dist)(\/|$)/.test(path),
      base,
      onto: more.onto ?? base,
      message: more.message ?? "a change",
      author: { name: more.name ?? "Claw", email: "claw@example.org" },
    }),
  );
const show = (commit: string, format: string) =>
  execFileSync("git", ["--git-dir", join(folder, "mirror"), "show", "-s", `--format=${format}`, commit])
    .toString()
    .trim();
const fileOf = async (commit: string, path: string) => (await source.readFile(commit, path, 1_000))?.toString();

describe("what lies in an agent's folder", () => {
  it("is nothing new where nothing was changed, though it holds no links", async () => expect(await importOwn()).toMatchObject({ kind: "unchanged" }));

  it("is a commit by the agent on top of what runs: the same again is the same", async () => {
    write("agent.js", "one\nTWO\nthree\n");
    write("new.js", "new\n");
    rmSync(own("lib"), { recursive: true });
    const made = await importOwn();
    if (made.kind !== "imported") throw new Error(made.kind);
    expect([...made.changed].sort()).toEqual(["agent.js", "lib/tool.js", "new.js"]);
    expect(show(made.commit, "%an <%ae> %cn %P %s")).toBe(`Claw <claw@example.org> Instar ${base} a change`);
    expect((await source.listTree(made.commit)).find(({ path }) => path === "link")).toMatchObject({ kind: "link", target: "agent.js" });
    expect(await importOwn()).toEqual(made);
    // The engine finds it without asking anybody.
    rmSync(upstream.folder, { recursive: true });
    await source.fetch(made.commit);
  });

  it("keeps what git had of a folder that is left out, and leaves out what it had not", async () => {
    write("dist/kept.js", "changed\n");
    write("dist/other.js", "not in git\n");
    write("node_modules/x/index.js", "installed\n");
    expect(await importOwn()).toMatchObject({ kind: "imported", changed: ["dist/kept.js"] });
  });

  it("keeps a link that was replaced, or that was made, as it lies there", async () => {
    write("link", "a file now\n");
    symlinkSync("agent.js", own("second"));
    const made = await importOwn();
    expect(made).toMatchObject({ kind: "imported", changed: ["link", "second"] });
  });

  it("cannot be a release with a link that leads out", async () => {
    symlinkSync("/etc/passwd", own("out"));
    expect(await importOwn()).toMatchObject({ kind: "unavailable", because: expect.stringContaining("points out") });
  });

  it("obeys no git of the folder's: configuration, hooks, attributes, alternates, fsmonitor, worktree", async () => {
    const ran = join(folder, "ran");
    execFileSync("git", ["init", "--quiet", own()]);
    const program = join(folder, "program");
    writeFileSync(program, `#!/bin/sh\ntouch ${ran}\n`, { mode: 0o755 });
    for (const [name, value] of Object.entries({
      "core.fsmonitor": program,
      "core.hooksPath": folder,
      "filter.evil.clean": program,
      "core.worktree": "/etc",
      "core.sshCommand": program,
    }))
      execFileSync("git", ["config", "--file", own(".git/config"), name, value]);
    mkdirSync(own(".git/objects/info"), { recursive: true });
    writeFileSync(own(".git/objects/info/alternates"), `${folder}\n`);
    write(".gitattributes", "*.js filter=evil text eol=crlf\n");
    for (const hook of ["pre-commit", "commit-msg", "post-commit"]) writeFileSync(own(".git/hooks", hook), readFileSync(program), { mode: 0o755 });
    chmodSync(program, 0o755);
    write("agent.js", "ONE\n");
    const made = await importOwn();
    if (made.kind !== "imported") throw new Error(made.kind);
    expect(made.changed).toEqual([".gitattributes", "agent.js"]);
    expect(await fileOf(made.commit, "agent.js")).toBe("ONE\n");
    expect(() => readFileSync(ran)).toThrow("ENOENT");
  });

  it("says of who wrote it what it was told, whatever stands in a message", async () => {
    write("agent.js", "1\n");
    const made = await importOwn({ message: "x\n\nauthor Ada <ada@example.org> 0 +0000\ntree 0" });
    if (made.kind !== "imported") throw new Error(made.kind);
    expect(show(made.commit, "%an %ae")).toBe("Claw claw@example.org");
    const named = await importOwn({ name: "Eve <eve@example.org>\nparent 0\ncommitter Ada" });
    expect(named.kind === "imported" && show(named.commit, "%ae %cn %P")).toBe(`claw@example.org Instar ${base}`);
  });
});

describe("where what runs has moved on", () => {
  it("is brought over to it", async () => {
    const onto = upstream.commit("theirs", { "agent.js": "one\ntwo\nthree\nfour\n", "theirs.js": "theirs\n" });
    await source.fetch(onto);
    write("agent.js", "ONE\ntwo\nthree\n");
    const made = await importOwn({ onto });
    expect(made).toMatchObject({ kind: "imported", changed: ["agent.js"], isRebased: true });
    if (made.kind !== "imported") return;
    expect([await fileOf(made.commit, "agent.js"), await fileOf(made.commit, "theirs.js"), show(made.commit, "%P")]).toEqual([
      "ONE\ntwo\nthree\nfour\n",
      "theirs\n",
      onto,
    ]);
  });

  it("names the files that both changed", async () => {
    const onto = upstream.commit("theirs", { "agent.js": "theirs\n" });
    await source.fetch(onto);
    write("agent.js", "mine\n");
    expect(await importOwn({ onto })).toEqual({ kind: "conflicted", paths: ["agent.js"] });
  });

  it("is nothing new where it runs already", async () => {
    const onto = upstream.commit("the same", { "agent.js": "mine\n" });
    await source.fetch(onto);
    write("agent.js", "mine\n");
    expect(await importOwn({ onto })).toMatchObject({ kind: "unchanged" });
  });
});
