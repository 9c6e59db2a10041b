import { execFileSync, spawn } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { removeTree } from "../platform/durable-files.ts";
import type { JobResult, RunJob } from "../platform/run-job.ts";
import { buildRelease } from "./build-release.ts";
import type { InstallSettings } from "./dependency-key.ts";
import { installDependencies } from "./install-dependencies.ts";

let data: string;
let jobs: string[];
let environment: Record<string, string>;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "instar-install-"));
  jobs = [];
  environment = { PATH: process.env.PATH ?? "", HOME: data };
});
afterEach(() => removeTree(data));

/** Runs for real, without a containment: what is tested here is what is asked of it. */
const runJob: RunJob = (job) =>
  new Promise((resolve) => {
    jobs.push(job.argv.join(" "));
    const child = spawn(job.argv[0] ?? "", job.argv.slice(1), {
      cwd: job.cwd,
      env: { ...job.environment },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: job.timeoutMs,
    });
    let tail = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (tail += String(chunk)));
    const end = (how: { kind: "exited"; status: number } | { kind: "timed-out"; afterMs: number } | { kind: "not-started"; because: string }): void =>
      resolve({ ...how, tail, leftBehind: 0, durationMs: 1 } satisfies JobResult);
    child.on("error", (error) => end({ kind: "not-started", because: error.message }));
    child.on("close", (status) => end(child.killed ? { kind: "timed-out", afterMs: job.timeoutMs } : { kind: "exited", status: status ?? 1 }));
  });

const base: InstallSettings = {
  command: "mkdir -p deps/sub && cp lock deps/sub/it && ln -s sub/it deps/link && echo ran >> deps/runs",
  lockfiles: ["lock"],
  produces: ["deps"],
  share: "copy",
  allowScripts: [],
  within: 60_000,
};
const install = (tree: string, more: Partial<InstallSettings> = {}, runtime: string | undefined = "node v24") =>
  installDependencies({
    settings: { install: { ...base, ...more } },
    tree,
    folder: join(data, "dependencies"),
    runJob,
    environment,
    logPath: join(data, "log"),
    ...(runtime === undefined ? {} : { runtime }),
  });
const makeTree = (name: string, lock: string | null = "one"): string => {
  const tree = join(data, name);
  mkdirSync(tree);
  if (lock !== null) writeFileSync(join(tree, "lock"), lock);
  return tree;
};
const failureOf = (work: Promise<unknown>): Promise<InstarError> =>
  work.then(
    () => Promise.reject(new Error("no failure")),
    (error: InstarError) => error,
  );

describe.each(["copy", "link"] as const)("two that want the same at once (%s)", (share) => {
  test("install it once, and both have it", async () => {
    const trees = [makeTree("one"), makeTree("two"), makeTree("three")];
    const installed = await Promise.all(trees.map((tree) => install(tree, { share })));
    expect(installed.map(({ from }) => from).toSorted()).toEqual(["installed", "kept", "kept"]);
    expect(jobs).toHaveLength(1);
    for (const tree of trees) expect(readFileSync(join(tree, "deps", "sub", "it"), "utf8")).toBe("one");
  });

  test("and the second installs where the first failed", async () => {
    const [one, two] = [makeTree("one"), makeTree("two")];
    const command = `test -e ${join(data, "again")} || { touch ${join(data, "again")}; exit 1; }; ${base.command}`;
    const ended = await Promise.allSettled([install(one, { share, command }), install(two, { share, command })]);
    const [done, failed] = ended.toSorted((a, b) => (a.status < b.status ? -1 : 1));
    expect(failed).toMatchObject({ status: "rejected", reason: { code: "BUILD_FAILED" } });
    expect(done).toMatchObject({ status: "fulfilled", value: { from: "installed" } });
  });
});

describe("installing dependencies, a copy for each release", () => {
  test("runs once per lockfile", async () => {
    const [one, two, other] = [makeTree("one"), makeTree("two"), makeTree("other", "changed")];
    const first = await install(one);
    expect(await install(two)).toMatchObject({ key: first.key, from: "kept" });
    expect(jobs).toHaveLength(1);
    expect(readFileSync(join(two, "deps", "sub", "it"), "utf8")).toBe("one");
    expect(readlinkSync(join(two, "deps", "link"))).toBe("sub/it");
    expect((await install(other)).key).not.toBe(first.key);
    expect(jobs).toHaveLength(2);
  });

  test("a release that writes to its copy changes no other's", async () => {
    const [one, two, three] = [makeTree("one"), makeTree("two"), makeTree("three")];
    await install(one);
    writeFileSync(join(one, "deps", "runs"), "mine");
    await install(two);
    writeFileSync(join(two, "deps", "runs"), "mine");
    await install(three);
    expect(readFileSync(join(three, "deps", "runs"), "utf8")).toBe("ran\n");
  });

  test("what a crash left half kept is done again", async () => {
    const { key } = await install(makeTree("one"));
    const kept = join(data, "dependencies", key ?? "");
    await removeTree(join(kept, ".complete"));
    writeFileSync(join(kept, "content", "deps", "half"), "half");
    mkdirSync(`${kept}.new`);
    writeFileSync(join(`${kept}.new`, "half"), "half");
    const two = makeTree("two");
    expect((await install(two)).from).toBe("installed");
    expect(readdirSync(join(two, "deps")).sort()).toEqual(["link", "runs", "sub"]);
    expect(readdirSync(join(data, "dependencies"))).toEqual([key]);
    expect(readdirSync(kept).sort()).toEqual([".complete", "content"]);
    expect(readdirSync(join(kept, "content", "deps")).sort()).toEqual(["link", "runs", "sub"]);
  });

  test("command, runtime, share and allowed scripts make another installation, and the runtimes are asked", async () => {
    const variants: [Partial<InstallSettings>, string?][] = [
      [{}],
      [{ command: `${base.command} && true` }],
      [{ share: "link" }],
      [{}, "node v25"],
      [{ produces: ["deps", "x"] }],
    ];
    const keys: (string | null)[] = [];
    for (const [index, [more, runtime]] of variants.entries()) keys.push((await install(makeTree(String(index)), more, runtime)).key);
    expect(new Set(keys).size).toBe(5);
    const asked = await installDependencies({
      settings: { install: base },
      tree: makeTree("f"),
      folder: join(data, "dependencies"),
      runJob,
      environment,
      logPath: join(data, "log"),
    });
    expect(keys).not.toContain(asked.key);
    expect(jobs).toContain("node --version");
  });

  test("T31: a missing lockfile is BUILD_FAILED and named, and nothing runs", async () => {
    expect(await failureOf(install(makeTree("one", null)))).toMatchObject({ code: "BUILD_FAILED", message: "the lockfile lock is not in the commit" });
    expect(jobs).toEqual([]);
  });

  test("a failed install says how and keeps nothing; a full disk and a timeout are told apart", async () => {
    const failed = await failureOf(install(makeTree("a"), { command: "echo no such package; exit 3" }));
    expect(failed).toMatchObject({ code: "BUILD_FAILED", message: "installing the dependencies failed with status 3" });
    expect(String(failed.cause)).toContain("no such package");
    expect(await failureOf(install(makeTree("b"), { command: "echo npm error code ENOSPC; exit 1" }))).toMatchObject({ code: "DISK_FULL", transient: true });
    expect(await failureOf(install(makeTree("c"), { command: ["sleep", "60"], within: 100 }))).toMatchObject({ code: "TIMED_OUT" });
    expect(await failureOf(install(makeTree("d"), { command: ["no-such-program"] }))).toMatchObject({ code: "BUILD_FAILED" });
    expect(readdirSync(join(data, "dependencies"))).toEqual([]);
  });

  test("without install settings nothing happens", async () => {
    expect(await installDependencies({ settings: {}, tree: data, folder: join(data, "x"), runJob, environment, logPath: "" })).toMatchObject({
      key: null,
      from: "nowhere",
    });
    expect(existsSync(join(data, "x"))).toBe(false);
  });
});

describe("installing dependencies once, linked", () => {
  test("is done at the path where they are used, with the lockfiles only, and is read-only then", async () => {
    const [one, two] = [makeTree("one"), makeTree("two")];
    writeFileSync(join(one, "secret.js"), "not for the install");
    const command = "test ! -e secret.js && mkdir deps && pwd > deps/where";
    const first = await install(one, { share: "link", command });
    expect(await install(two, { share: "link", command })).toMatchObject({ from: "kept" });
    const kept = join(data, "dependencies", first.key ?? "");
    expect(readlinkSync(join(two, "deps"))).toBe(join(kept, "deps"));
    expect(readFileSync(join(two, "deps", "where"), "utf8").trim()).toBe(kept);
    expect(lstatSync(join(kept, "deps", "where")).mode & 0o222).toBe(0);
    expect(lstatSync(join(kept, "deps")).mode & 0o222).toBe(0);
  });

  test("a folder without its marker is done again, although it is read-only", async () => {
    const { key } = await install(makeTree("one"), { share: "link" });
    await removeTree(join(data, "dependencies", key ?? "", ".complete"));
    const two = makeTree("two");
    expect((await install(two, { share: "link" })).from).toBe("installed");
    expect(readFileSync(join(two, "deps", "runs"), "utf8")).toBe("ran\n");
  });

  test.skipIf(!works("python3", "-c", "import venv"))("a Python environment runs from every release that links it (needs python3 with venv)", async () => {
    const command = ["python3", "-m", "venv", "--without-pip", ".venv"];
    for (const name of ["one", "two"]) {
      const tree = makeTree(name);
      await install(tree, { share: "link", command, produces: [".venv"] });
      const prefix = execFileSync(join(tree, ".venv", "bin", "python"), ["-c", "import sys; print(sys.prefix != sys.base_prefix)"], { env: environment });
      expect(String(prefix).trim()).toBe("True");
    }
    expect(jobs).toHaveLength(1);
  });
});

describe("install scripts", () => {
  test.skipIf(!works("npm", "--version"))("run for the allowed npm packages and no other (needs npm)", async () => {
    const tree = makeTree("tree", null);
    for (const name of ["good", "evil"]) {
      mkdirSync(join(tree, "vendor", name), { recursive: true });
      writeFileSync(join(tree, "vendor", name, "package.json"), JSON.stringify({ name, version: "1.0.0", scripts: { postinstall: "echo built > built" } }));
      execFileSync("npm", ["pack", "--silent", "--offline", `./${name}`], { cwd: join(tree, "vendor"), env: environment });
    }
    const dependencies = { good: "file:vendor/good-1.0.0.tgz", evil: "file:vendor/evil-1.0.0.tgz" };
    writeFileSync(
      join(tree, "package.json"),
      JSON.stringify({ name: "agent", version: "1.0.0", dependencies, scripts: { postinstall: "echo built > root-built" } }),
    );
    const home = {
      ...environment,
      HOME: data,
      npm_config_offline: "true",
      npm_config_audit: "false",
      npm_config_fund: "false",
      npm_config_update_notifier: "false",
    };
    execFileSync("npm", ["install", "--package-lock-only", "--ignore-scripts", "--silent"], { cwd: tree, env: home });
    const npm: InstallSettings = {
      ...base,
      command: ["npm", "ci", "--ignore-scripts"],
      lockfiles: ["package-lock.json"],
      produces: ["node_modules"],
      allowScripts: ["good"],
    };
    await installDependencies({ settings: { install: npm }, tree, folder: join(data, "dependencies"), runJob, environment: home, logPath: "", runtime: "x" });
    expect(readFileSync(join(tree, "node_modules", "good", "built"), "utf8")).toBe("built\n");
    expect(existsSync(join(tree, "node_modules", "evil", "package.json"))).toBe(true);
    expect([existsSync(join(tree, "node_modules", "evil", "built")), existsSync(join(tree, "root-built"))]).toEqual([false, false]);
  });

  test("a name that is no package's reaches no command line", async () => {
    for (const name of ["--prefix=/", "good@file:../x", "../x"])
      expect(await failureOf(install(makeTree(`t${jobs.length}`), { allowScripts: [name] }))).toMatchObject({ code: "SETTINGS_INVALID" });
    expect(jobs.some((job) => job.startsWith("npm"))).toBe(false);
  });
});

test("a build runs at the tree's root, a failed one is BUILD_FAILED, and none is nothing", async () => {
  const tree = makeTree("tree");
  const build = (command: string | undefined) =>
    buildRelease({ settings: command === undefined ? {} : { build: { command, within: 60_000 } }, tree, runJob, environment, logPath: join(data, "log") });
  await build("cat lock > built && echo {release} >> built");
  expect(readFileSync(join(tree, "built"), "utf8")).toBe(`one${tree}\n`);
  expect(await failureOf(build("exit 2"))).toMatchObject({ code: "BUILD_FAILED", message: "building the release failed with status 2" });
  await build(undefined);
  expect(jobs).toHaveLength(2);
});

function works(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
