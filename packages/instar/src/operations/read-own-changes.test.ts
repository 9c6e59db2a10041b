import { existsSync } from "node:fs";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AgentCode, openAgentCode } from "../daemon/agent-code.ts";
import { DaemonBench, ended, step } from "../daemon/daemon-bench.testing.ts";
import type { Instance } from "../daemon/instance.ts";
import { inCodeRepo } from "./in-code-repo.ts";
import { readOwnChanges } from "./read-own-changes.ts";

let bench: DaemonBench;
let instance: Instance;
let code: AgentCode;
const { signal } = new AbortController();
const mine = () => existsSync(join(bench.folder, "agent-data", "code-repo", "mine.js"));

/** Of a version that runs, with code-repo made of it. */
beforeEach(async () => {
  bench = new DaemonBench();
  instance = bench.open([step("stage")]);
  Object.assign(instance.settings, { self: { folder: "./agent-data", gitName: "Agent", gitEmail: "agent@localhost", testsWithin: 1_000 } });
  const running = bench.run(instance);
  await ended(instance, "1.0.0");
  code = openAgentCode(instance) as AgentCode;
  await code.prepare();
  await running.stop();
});
afterEach(() => bench.close());

/** Lets whoever lays the files of a version down wait in its middle. */
function holdMaking(): { readonly begun: Promise<void>; readonly made: () => number; readonly letGo: () => void } {
  const { source } = instance.rooms;
  const { writeTree } = source;
  let made = 0;
  let begin = () => {};
  let letGo = () => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const held = new Promise<void>((resolve) => (letGo = resolve));
  Object.assign(source, {
    writeTree: async (...given: Parameters<typeof writeTree>) => {
      made += 1;
      begin();
      await held;
      return writeTree(...given);
    },
  });
  return { begun, made: () => made, letGo };
}

const turns = async () => {
  for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
};

describe("while code-repo is made anew", () => {
  it("nobody who looks after it makes it once more, and takes what the agent has written since", async () => {
    const holding = holdMaking();
    const resetting = code.reset(signal);
    await holding.begun;
    expect(code.base()).toBeNull();
    const preparing = code.prepare();
    await turns();
    holding.letGo();
    await resetting;
    await code.codeRepo.write("mine.js", "export const mine = 1;\n");
    await preparing;
    expect({ made: holding.made(), mine: mine() }).toEqual({ made: 1, mine: true });
  });

  it("whoever asks what was changed waits for it, and is not told that there is none", async () => {
    const holding = holdMaking();
    const resetting = code.reset(signal);
    await holding.begun;
    const asking = readOwnChanges(instance, code, signal);
    await turns();
    holding.letGo();
    await resetting;
    expect(await asking).toMatchObject({ base: { version: "1.0.0" }, local: { kind: "unchanged" } });
  });

  it("whoever reads in it reads the whole of it, and what he writes stays", async () => {
    const holding = holdMaking();
    const resetting = code.reset(signal);
    await holding.begun;
    const listing = inCodeRepo(code, () => code.codeRepo.list("", { recursive: true, limit: 100, signal }));
    const writing = inCodeRepo(code, () => code.codeRepo.write("mine.js", "export const mine = 1;\n"));
    await turns();
    holding.letGo();
    await Promise.all([resetting, writing]);
    expect({ listed: (await listing).entries.length > 0, mine: mine() }).toEqual({ listed: true, mine: true });
  });

  it("nobody who reads in it waits for a remote that somebody else asks", async () => {
    let letGo = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const asking = instance.rooms.source.alone(() => held);
    const diffing = readOwnChanges(instance, code, signal);
    await turns();
    expect(await inCodeRepo(code, async () => "read")).toBe("read");
    letGo();
    await asking;
    expect(await diffing).toMatchObject({ local: { kind: "unchanged" } });
  });

  it("whoever comes when it was not made is told to come again", async () => {
    Object.assign(instance.rooms.source, { writeTree: () => Promise.reject(new InstarError("DISK_FULL", "the disk is away")) });
    await expect(code.reset(signal)).rejects.toThrow("the disk is away");
    await expect(inCodeRepo(code, async () => "acted")).rejects.toMatchObject({ code: "CONFLICT", transient: true });
  });
});
