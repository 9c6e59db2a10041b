import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createGitSource, type GitSource } from "./git-source.ts";
import { makeRepository, type TestRepository } from "./make-repository.testing.ts";

let folder: string;
let upstream: TestRepository;
let source: GitSource;
let out: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-write-tree-"));
  upstream = makeRepository(join(folder, "up"));
  source = createGitSource({ remote: upstream.folder, mirrorFolder: join(folder, "mirror"), path: process.env.PATH ?? "", home: folder });
  out = join(folder, "out");
  mkdirSync(out);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const refusalOf = (work: Promise<unknown>) =>
  work.then(
    () => "no error",
    (error: unknown) => (InstarError.is(error, "PACKAGE_REFUSED") ? error.message : error),
  );

/** A commit of one entry that git itself would not stage. */
const forge = (mode: string, name: string, content: string): string => {
  const run = (args: string[], input: string | Buffer) =>
    execFileSync("git", ["-C", upstream.folder, "-c", "user.name=Eve", "-c", "user.email=eve@example.org", ...args], { input });
  const blob = run(["hash-object", "-w", "--stdin"], content).toString().trim();
  const tree = run(
    ["hash-object", "-t", "tree", "-w", "--literally", "--stdin"],
    Buffer.concat([Buffer.from(`${mode} `), Buffer.from(name, "latin1"), Buffer.from([0]), Buffer.from(blob, "hex")]),
  );
  const commit = run(["commit-tree", tree.toString().trim(), "-m", "forged"], "").toString().trim();
  upstream.git("update-ref", "refs/heads/forged", commit);
  return commit;
};

describe("writing a commit's tree", () => {
  test("gives files, modes, links and names with newlines exactly", async () => {
    const big = Buffer.alloc(3_000_000, "0123456789\n");
    const commit = upstream.commit("first", {
      "run.sh": { run: "#!/bin/sh\n" },
      "deep/er/file.bin": Buffer.from([0, 255, 10, 13]),
      "line\nfeed\t.txt": "x",
      "empty.txt": "",
      "näme.txt": "ü",
      "big.dat": big,
      "deep/link": { link: "../run.sh" },
      dangling: { link: "built/later.js" },
    });
    await source.fetch(commit);
    const mask = process.umask(0o077);
    await source.writeTree(commit, out).finally(() => process.umask(mask));
    expect(readdirSync(out).sort()).toEqual(["big.dat", "dangling", "deep", "empty.txt", "line\nfeed\t.txt", "näme.txt", "run.sh"]);
    expect(lstatSync(join(out, "run.sh")).mode & 0o777).toBe(0o755);
    expect(lstatSync(join(out, "empty.txt")).mode & 0o777).toBe(0o644);
    expect(readFileSync(join(out, "deep/er/file.bin"))).toEqual(Buffer.from([0, 255, 10, 13]));
    expect(readFileSync(join(out, "big.dat")).equals(big)).toBe(true);
    expect(readlinkSync(join(out, "deep/link"))).toBe("../run.sh");
    await expect(source.writeTree(commit, out)).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("a repository with hooks, fsmonitor and filters runs no program and changes no byte", async () => {
    const ran = join(folder, "ran");
    const trap = join(folder, "trap.sh");
    writeFileSync(trap, `#!/bin/sh\necho "$0 $@" >> '${ran}'\ncat\n`);
    chmodSync(trap, 0o755);
    const commit = upstream.commit("first", {
      ".gitattributes": "* text eol=crlf\n*.c filter=evil ident diff=evil\n*.u working-tree-encoding=UTF-16\nhidden export-ignore\n*.l filter=lfs\n",
      "a.c": "$Id$\nint a;\n",
      "a.u": Buffer.from("\ufeffutf\n", "utf16le"), // stored as UTF-8
      hidden: "here\n",
      "a.l": "version https://git-lfs.github.com/spec/v1\n",
    });
    for (const name of ["core.fsmonitor", "core.sshCommand", "core.alternateRefsCommand", "uploadpack.packObjectsHook", "core.pager", "diff.external"])
      upstream.git("config", name, trap);
    // Also what an agent that may write its own checkout would try: other names for commands, signatures, editors, and a file that says it all again.
    const included = join(folder, "included.gitconfig");
    for (const name of [
      "gpg.program",
      "gpg.ssh.program",
      "core.editor",
      "sequence.editor",
      "credential.helper",
      "core.gitProxy",
      "core.askPass",
      "remote.origin.uploadpack",
    ])
      upstream.git("config", "--file", included, name, trap);
    for (const alias of ["ls-remote", "upload-pack", "cat-file", "fetch", "x"]) upstream.git("config", "--file", included, `alias.${alias}`, `!${trap}`);
    upstream.git("config", "--file", included, "core.hooksPath", join(upstream.folder, ".git", "hooks"));
    upstream.git("config", "--file", included, "log.showSignature", "true");
    upstream.git("config", "include.path", included);
    for (const name of ["filter.evil.smudge", "filter.evil.clean", "filter.lfs.smudge", "diff.evil.textconv", "filter.lfs.process"])
      upstream.git("config", name, trap);
    for (const hook of ["post-checkout", "pre-receive", "post-update", "reference-transaction", "post-index-change", "pre-auto-gc", "fsmonitor-watchman"])
      writeFileSync(join(upstream.folder, ".git", "hooks", hook), readFileSync(trap), { mode: 0o755 });
    await source.look();
    await source.fetch(commit);
    await source.writeTree(commit, out);
    await source.diff(null, commit);
    expect(existsSync(ran)).toBe(false);
    expect(readFileSync(join(out, "a.c"), "utf8")).toBe("$Id$\nint a;\n");
    expect(readFileSync(join(out, "a.u"), "utf8")).toBe(upstream.git("cat-file", "blob", "HEAD:a.u").concat("\n"));
    expect(readFileSync(join(out, "hidden"), "utf8")).toBe("here\n");
    expect(readdirSync(out)).toHaveLength(5);
  });

  test("a partial clone as a source does not make git fetch by its own configuration", async () => {
    const ran = join(folder, "ran");
    const commit = upstream.commit("first", { "a.txt": "will be missing" });
    const blob = upstream.git("rev-parse", "HEAD:a.txt");
    rmSync(join(upstream.folder, ".git", "objects", blob.slice(0, 2), blob.slice(2)));
    for (const [name, value] of Object.entries({
      "remote.origin.url": upstream.folder,
      "remote.origin.promisor": "true",
      "remote.origin.uploadpack": `touch ${ran};false`,
      "core.repositoryformatversion": "1",
      "extensions.partialclone": "origin",
    }))
      upstream.git("config", name, value);
    await expect(source.fetch(commit)).rejects.toMatchObject({ name: "InstarError" });
    expect(existsSync(ran)).toBe(false);
  });

  test("a submodule is refused", async () => {
    const sub = makeRepository(join(folder, "sub"));
    sub.commit("sub");
    upstream.git("submodule", "--quiet", "add", sub.folder, "vendor/sub");
    const commit = upstream.commit("first");
    await source.fetch(commit);
    expect(await refusalOf(source.writeTree(commit, out))).toContain('"vendor/sub" is a submodule');
  });

  test.each([
    ["absolute", "/etc/passwd"],
    ["upward", "../outside"],
    ["upward, hidden behind a folder", "sub/../../outside"],
    ["through another link", "sub/up/../outside"],
  ])("a symlink out of the tree is refused: %s", async (_, target) => {
    const commit = upstream.commit("first", { "sub/x": "x", "sub/up": { link: ".." }, bad: { link: target } });
    await source.fetch(commit);
    expect(await refusalOf(source.writeTree(commit, out))).toContain('the link "bad" points out of the repository');
    expect(readdirSync(out)).toEqual([]);
  });

  test.each([
    ["100644", ".GIT"],
    ["100644", "git~1"],
    ["100644", ".git. "],
    ["100644", ".."],
    ["100644", "../../escape"],
    ["120000", ".g\u200cit".replace("\u200c", "\xe2\x80\x8c")],
  ])("a forged entry %s %j is refused", async (mode, name) => {
    const commit = forge(mode, name, "x");
    await source.fetch(commit);
    expect(await refusalOf(source.writeTree(commit, out))).toContain("not safe to write");
    expect(existsSync(join(folder, "escape"))).toBe(false);
  });

  test("a name that is not UTF-8 is refused with the reason", async () => {
    const commit = forge("100644", "caf\xe9", "x");
    await source.fetch(commit);
    expect(await refusalOf(source.listTree(commit))).toContain("is not UTF-8");
  });
});

describe("a mirror that was changed underneath gives out nothing", () => {
  /** What git says of an object, with other bytes under the same name: git itself does not look. */
  const forgeInMirror = (object: string, kind: string, bytes: Buffer): void => {
    const mirror = join(folder, "mirror");
    const packs = join(mirror, "objects", "pack");
    const packed = readdirSync(packs)
      .filter((each) => each.endsWith(".pack"))
      .map((each) => readFileSync(join(packs, each)));
    for (const each of readdirSync(packs)) rmSync(join(packs, each));
    for (const pack of packed) execFileSync("git", ["--git-dir", mirror, "unpack-objects", "-q"], { input: pack });
    const path = join(mirror, "objects", object.slice(0, 2), object.slice(2));
    chmodSync(path, 0o600);
    writeFileSync(path, deflateSync(Buffer.concat([Buffer.from(`${kind} ${bytes.length}\0`), bytes])));
  };

  test.each(["file", "tree", "root tree", "commit"])("where it is a %s", async (what) => {
    const commit = upstream.commit("first", { "agent.js": "good", "deep/other.js": "good too" });
    const other = upstream.commit("second", { "agent.js": "evil", "deep/other.js": "evil too" });
    for (const each of [commit, other]) await source.fetch(each);
    await source.writeTree(commit, out);
    rmSync(out, { recursive: true });
    mkdirSync(out);
    const [name, kind] = { file: ["agent.js", "blob"], tree: ["deep", "tree"], "root tree": ["", "tree"], commit: [null, "commit"] }[what] as [
      string | null,
      string,
    ];
    const idOf = (at: string) => (name === null ? at : upstream.git("rev-parse", `${at}:${name}`));
    forgeInMirror(idOf(commit), kind, execFileSync("git", ["cat-file", kind, idOf(other)], { cwd: upstream.folder }));
    await expect(source.writeTree(commit, out)).rejects.toMatchObject({ code: "DATA_DAMAGED", message: expect.stringContaining("is not what its name says") });
  });
});
