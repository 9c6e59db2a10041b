import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createGitSource, type GitSource } from "./git-source.ts";
import { makeRepository, type TestRepository } from "./make-repository.testing.ts";

const signal = new AbortController().signal;
let folder: string;
let remote: string;
let work: TestRepository;
let source: GitSource;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-push-"));
  remote = join(folder, "remote.git");
  execFileSync("git", ["init", "--quiet", "--bare", remote]);
  work = makeRepository(join(folder, "work"));
  source = createGitSource({ remote, mirrorFolder: join(folder, "mirror"), path: process.env.PATH ?? "", home: folder });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function bring(message: string): Promise<string> {
  const commit = work.commit(message);
  work.git("push", "--quiet", remote, "HEAD:main");
  await source.fetch(commit, signal);
  return commit;
}
const tipOf = (branch: string) =>
  execFileSync("git", ["-C", remote, "rev-parse", `refs/heads/${branch}`])
    .toString()
    .trim();

it("makes a commit the tip of a branch that only grows, and doing it again does nothing", async () => {
  for (const commit of [await bring("one"), await bring("two")]) {
    for (let times = 0; times < 2; times += 1) await source.push(commit, "agent", signal);
    expect(tipOf("agent")).toBe(commit);
  }
});

it("leaves a branch alone that has what the commit has not", async () => {
  const one = await bring("one");
  const two = await bring("two");
  await source.push(two, "agent", signal);
  await expect(source.push(one, "agent", signal)).rejects.toMatchObject({ code: "CONFLICT", message: expect.stringContaining("agent") });
  expect(tipOf("agent")).toBe(two);
});

it("runs no hook of a remote that is a folder on this machine", async () => {
  const ran = join(folder, "ran");
  for (const hook of ["pre-receive", "update", "post-receive", "post-update", "reference-transaction"])
    writeFileSync(join(remote, "hooks", hook), `#!/bin/sh\necho ${hook} >>${ran}\n`, { mode: 0o755 });
  const commit = await bring("one");
  rmSync(ran, { force: true });
  await source.push(commit, "agent", signal);
  expect([tipOf("agent"), existsSync(ran)]).toEqual([commit, false]);
});

it("a remote that is gone is SOURCE_GONE", async () => {
  const commit = await bring("one");
  rmSync(remote, { recursive: true });
  await expect(source.push(commit, "agent", signal)).rejects.toMatchObject({ code: "SOURCE_GONE" });
});
