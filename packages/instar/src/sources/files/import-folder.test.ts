import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type GitMirror, openGitMirror } from "../git-mirror.ts";
import { type FolderImport, type ImportedFolder, importFolder, type KnownFiles } from "./import-folder.ts";

let place: string;
let folder: string;
let mirror: GitMirror;
beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), "instar-import-"));
  folder = join(place, "agent");
  mkdirSync(folder);
  mirror = openGitMirror(join(place, "mirror"), { path: process.env.PATH ?? "", home: place });
  await mirror.prepare();
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const put = (path: string, content: string | Buffer) => {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), content);
};
const take = (more: Partial<FolderImport> = {}, into = mirror): Promise<ImportedFolder> =>
  importFolder(into, { folder, isIgnored: () => false, message: "m", parent: null, atSeconds: 7, ...more });
const git = (...args: string[]) => execFileSync("git", ["--git-dir", join(place, "mirror"), ...args], { maxBuffer: 2 ** 28 });
const list = (commit: string) => git("ls-tree", "-r", "-z", "--format=%(objectmode) %(path)", commit).toString().split("\0").filter(Boolean);
const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => "no error",
    (error: unknown) => (InstarError.is(error) ? `${error.code}${error.transient ? " transient" : ""}: ${error.message}` : error),
  );
/** The mirror, and something that happens beside it just before one of its commands. */
const disturbed = (command: string, disturb: () => void): GitMirror => ({
  ...mirror,
  run: (args, options) => {
    if (args[0] === command) disturb();
    return mirror.run(args, options);
  },
});
/** An hour on: nothing is young any more. */
const later = { wallMs: () => Date.now() + 3_600_000 };

describe("importing a folder", () => {
  test("gives bytes, modes and links as they are; the same content on the same parent is the same commit", async () => {
    put("deep/bytes.bin", Buffer.from([0, 255, 13, 10]));
    put("empty.txt", "");
    put("run.sh", "#!/bin/sh\n");
    chmodSync(join(folder, "run.sh"), 0o711);
    symlinkSync("deep/bytes.bin", join(folder, "link"));
    const first = await take();
    expect(list(first.commit)).toEqual(["100644 deep/bytes.bin", "100644 empty.txt", "120000 link", "100755 run.sh"]);
    expect(git("cat-file", "blob", `${first.commit}:deep/bytes.bin`)).toEqual(Buffer.from([0, 255, 13, 10]));
    expect(git("cat-file", "blob", `${first.commit}:link`).toString()).toBe("deep/bytes.bin");
    expect(first.changed).toEqual(["deep/bytes.bin", "empty.txt", "link", "run.sh"]);
    expect((await take()).commit).toBe(first.commit);
    expect(git("for-each-ref", "--format=%(refname)").toString()).toContain(first.commit);
    git("fsck", "--strict");
  });

  test("says what changed since the parent: changed, added, removed, made executable", async () => {
    for (const name of ["a", "b", "c", "d"]) put(name, name);
    const first = await take();
    put("a", "other");
    rmSync(join(folder, "b"));
    chmodSync(join(folder, "c"), 0o755);
    put("e/f", "new");
    const second = await take({ parent: first.commit });
    expect(second.changed).toEqual(["a", "b", "c", "e/f"]);
    expect(git("log", "--format=%P %ct", "-1", second.commit).toString().trim()).toBe(`${first.commit} 7`);
  });

  test("a touched file with the same bytes is no change", async () => {
    put("a.py", "1");
    const known: KnownFiles = new Map();
    const first = await take({ known, clock: later });
    utimesSync(join(folder, "a.py"), 1, 1);
    expect(await take({ known, clock: later, parent: first.commit })).toEqual({ commit: first.commit, tree: first.tree, changed: [] });
  });

  test("ignored files and folders are none, and neither are sockets and pipes", async () => {
    put("a.py", "1");
    put("b.log", "1");
    put("cache/deep/c.py", "1");
    execFileSync("mkfifo", [join(folder, "pipe")]);
    const server = createServer().listen(join(folder, "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    const { commit } = await take({ isIgnored: (path) => path.endsWith(".log") || path === "cache" });
    await new Promise((resolve) => server.close(resolve));
    expect(list(commit)).toEqual(["100644 a.py"]);
  });

  test("ten thousand files, of which the next time only the changed one is read", async () => {
    for (let number = 0; number < 10_000; number += 1) put(`folder-${number % 500}/file-${number}.py`, `print(${number})\n`);
    const known: KnownFiles = new Map();
    const first = await take({ known, clock: later });
    expect(first.changed).toHaveLength(10_000);
    put("folder-7/file-7.py", "changed");
    let given = "";
    const seen: GitMirror = {
      ...mirror,
      run: (args, options) => {
        if (args[0] === "fast-import") given = String(options?.stdin);
        return mirror.run(args, options);
      },
    };
    expect((await take({ known, parent: first.commit }, seen)).changed).toEqual(["folder-7/file-7.py"]);
    expect(given).toBe("blob\nmark :1\ndata 7\nchanged\nget-mark :1\ndone\n");
  });

  test("a file as young as the reading is read again; an old one is not", async () => {
    put("a.py", "1");
    const known: KnownFiles = new Map();
    await take({ known });
    expect([...known.keys()]).toEqual([]);
    await take({ known, clock: later });
    expect([...known.keys()]).toEqual(["a.py"]);
    const reads = await (async () => {
      let count = 0;
      await take(
        { known, clock: later },
        disturbed("fast-import", () => count++),
      );
      return count;
    })();
    expect(reads).toBe(0);
  });

  test("a file that changes while it is read: read again, and whole; one that never rests is told of", async () => {
    put("a.py", "old");
    put("b.py", "old");
    let times = 0;
    const once = disturbed("fast-import", () => {
      if (times++ === 0) put("a.py", "newer");
    });
    const { commit } = await take({}, once);
    expect(git("cat-file", "blob", `${commit}:a.py`).toString()).toBe("newer");
    const always = disturbed("fast-import", () => appendFileSync(join(folder, "b.py"), "x"));
    expect(await errorOf(take({}, always))).toBe('DETECTION_FAILED transient: "b.py" changed each time that the folder was read');
  });

  test("a file that comes or goes meanwhile is noticed too", async () => {
    put("a.py", "1");
    put("b.py", "1");
    let times = 0;
    const swapped = disturbed("write-tree", () => {
      if (times++ === 0) renameSync(join(folder, "b.py"), join(folder, "c.py"));
    });
    expect(list((await take({}, swapped)).commit)).toEqual(["100644 a.py", "100644 c.py"]);
  });

  test("a symlink that leaves the folder is kept as a link and never read through", async () => {
    writeFileSync(join(place, "secret"), "the secret");
    mkdirSync(join(place, "outside"));
    writeFileSync(join(place, "outside/secret.py"), "the secret");
    put("a.py", "1");
    symlinkSync(join(place, "secret"), join(folder, "file"));
    symlinkSync(join(place, "outside"), join(folder, "folder"));
    const { commit } = await take();
    expect(list(commit)).toEqual(["100644 a.py", "120000 file", "120000 folder"]);
    expect(git("cat-file", "--batch-all-objects", "--batch").includes("the secret")).toBe(false);
  });

  test("a file, or a folder, that is swapped for a link meanwhile is not read through", async () => {
    mkdirSync(join(place, "outside"));
    writeFileSync(join(place, "outside/secret.py"), "the secret");
    put("sub/secret.py", "harmless!!");
    // Between the listing and the reading: the mirror's lock file is cleared there.
    let times = 0;
    const swap: GitMirror = {
      ...mirror,
      clear: async (refs) => {
        if (times++ === 0) {
          renameSync(join(folder, "sub"), join(place, "aside"));
          symlinkSync(join(place, "outside"), join(folder, "sub"));
        }
        return mirror.clear(refs);
      },
    };
    const { commit } = await take({}, swap);
    expect(list(commit)).toEqual(["120000 sub"]);
    expect(git("cat-file", "--batch-all-objects", "--batch").includes("the secret")).toBe(false);
  });

  test("a folder that is a link whenever it is gone into, and never when it is asked, is not read through", async () => {
    mkdirSync(join(place, "outside"));
    writeFileSync(join(place, "outside/secret.py"), "the secret");
    put("a.py", "1");
    put("sub/b.py", "1");
    const sub = join(folder, "sub");
    let isSwapped = false;
    const swap = (wanted: boolean) => {
      if (wanted === isSwapped) return;
      isSwapped = wanted;
      if (!wanted) rmSync(sub);
      renameSync(...(wanted ? ([sub, join(place, "aside")] as const) : ([join(place, "aside"), sub] as const)));
      if (wanted) symlinkSync(join(place, "outside"), sub);
    };
    const isIgnored = (path: string, kind: "file" | "folder") => {
      if (path === "a.py") swap(kind === "file"); // asked as a folder before anything is looked at, and as a file after
      return false;
    };
    expect(await errorOf(take({ isIgnored }))).toBe('DETECTION_FAILED transient: "sub" changed each time that the folder was read');
    expect(git("cat-file", "--batch-all-objects", "--batch").includes("the secret")).toBe(false);
  });

  test("a file that cannot be read, and a folder that cannot be listed, are named", async () => {
    put("a.py", "1");
    put("closed.py", "1");
    put("closed/b.py", "1");
    chmodSync(join(folder, "closed.py"), 0o000);
    chmodSync(join(folder, "closed"), 0o000);
    const isRoot = process.getuid?.() === 0;
    if (isRoot)
      for (const path of [place, folder, ...readdirSync(place, { recursive: true, encoding: "utf8" }).map((name) => join(place, name))]) chownNobody(path);
    const asNobody = async (work: () => Promise<unknown>) => {
      if (isRoot) process.seteuid?.(NOBODY);
      return errorOf(work()).finally(() => process.seteuid?.(process.getuid?.() ?? 0));
    };
    expect(await asNobody(take)).toBe('DETECTION_FAILED: "closed" cannot be read');
    expect(await asNobody(() => take({ isIgnored: (path) => path === "closed" }))).toBe('DETECTION_FAILED: "closed.py" cannot be read');
    chmodSync(join(folder, "closed"), 0o755);
  });

  test("names with newlines, quotes, tabs and backslashes come out as they are", async () => {
    const names = ['"quoted"', "back\\slash", "line\nfeed", "tab\there", " blank ", "näme", "-n", "'"];
    for (const name of names) put(name, name);
    const { commit, changed } = await take();
    expect(changed).toEqual([...names].sort());
    for (const name of names) expect(git("cat-file", "blob", `${commit}:${name}`).toString()).toBe(name);
  });

  test("a name that is not UTF-8 is refused by name, unless it is ignored; so is the target of a link", async () => {
    put("a.py", "1");
    const strange = Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9]), Buffer.from(".py")]);
    writeFileSync(strange, "1");
    expect(await errorOf(take())).toBe('PACKAGE_REFUSED: "caf\ufffd.py" has a name that is not UTF-8: "caf\u00e9.py"');
    expect((await take({ isIgnored: (path) => path.startsWith("caf") })).changed).toEqual(["a.py"]);
    rmSync(strange);
    symlinkSync(Buffer.from([0xe9]), join(folder, "link"));
    expect(await errorOf(take())).toBe('PACKAGE_REFUSED: the target of the link "link" is not UTF-8');
  });

  test("a repository within is refused, for git would not keep it and no release may hold it", async () => {
    put("sub/.git/config", "[core]\n");
    expect(await errorOf(take())).toBe('PACKAGE_REFUSED: "sub/.git" has a name that is not safe to write: ".git"');
  });

  test("no filter, attribute, ignore file or configuration of the folder is obeyed", async () => {
    const ran = join(place, "ran");
    put(".gitattributes", "* text eol=crlf\n*.c filter=evil ident\n*.u working-tree-encoding=UTF-16\n");
    put(".gitignore", "*\n");
    put("a.c", "$Id$\r\nint a;\n");
    put("a.u", Buffer.from("\ufeffutf\n", "utf16le"));
    execFileSync("git", ["init", "--quiet", folder]);
    for (const [name, value] of [
      ["filter.evil.clean", `touch ${ran}; cat`],
      ["core.autocrlf", "input"],
      ["core.fsmonitor", `touch ${ran}`],
    ] as const)
      execFileSync("git", ["-C", folder, "config", name, value]);
    const { commit } = await take({ isIgnored: (path) => path === ".git" });
    expect(list(commit)).toEqual(["100644 .gitattributes", "100644 .gitignore", "100644 a.c", "100644 a.u"]);
    expect(git("cat-file", "blob", `${commit}:a.c`).toString()).toBe("$Id$\r\nint a;\n");
    expect(git("cat-file", "blob", `${commit}:a.u`)).toEqual(Buffer.from("\ufeffutf\n", "utf16le"));
    expect(readdirSync(place)).not.toContain("ran");
  });

  test("a folder over a limit, an empty one and one that is gone are told of", async () => {
    expect(await errorOf(take())).toBe(`SOURCE_EMPTY: there is no file in ${folder}`);
    put("a", "12345");
    put("b", "12345");
    const limits = { files: 9, bytes: 90, fileBytes: 9 };
    expect(await errorOf(take({ limits: { ...limits, files: 1 } }))).toBe("DETECTION_FAILED: the folder holds more than 1 files");
    expect(await errorOf(take({ limits: { ...limits, bytes: 9 } }))).toBe("DETECTION_FAILED: the folder holds more than 9 bytes");
    expect(await errorOf(take({ limits: { ...limits, fileBytes: 4 } }))).toMatch(/^DETECTION_FAILED: "[ab]" is larger than 4 bytes$/);
    expect((await take({ limits })).changed).toEqual(["a", "b"]);
    rmSync(folder, { recursive: true });
    expect(await errorOf(take())).toBe(`DETECTION_FAILED transient: the folder ${folder} is not there`);
    expect(await errorOf(take({ parent: "--all" }))).toBe(`INPUT_INVALID: "--all" is not a commit's name`);
  });
});

const NOBODY = 65_534;
const chownNobody = (path: string) => chownSync(path, NOBODY, NOBODY);
