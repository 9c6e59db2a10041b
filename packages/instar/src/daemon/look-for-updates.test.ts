import { rmSync } from "node:fs";
import { InstarError, type Origin } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readLedgerFiles } from "../ledger/read-ledger-files.testing.ts";
import type { Sighting, Source } from "../sources/source.ts";
import { readSourceFact } from "../sources/source-fact.ts";
import { writeCommit } from "../sources/write-commit.ts";
import type { UpdateId } from "../update/journal-entry.ts";
import { startOf } from "../update/run-update.ts";
import { beginUpdate } from "./begin-update.ts";
import { DaemonBench, ended, step } from "./daemon-bench.testing.ts";
import { type Instance, readStanding } from "./instance.ts";
import { type LookTools, lookForUpdates, planNextLookMs } from "./look-for-updates.ts";

let bench: DaemonBench;
let instance: Instance;
beforeEach(() => {
  bench = new DaemonBench();
  instance = bench.open([step("stage")]);
});
afterEach(() => bench.close());

const TOOLS: LookTools = {
  reason: "poll",
  actor: { type: "system", id: "daemon" },
  supersede: async () => undefined,
  alone: (act) => act(),
  signal: new AbortController().signal,
};
const look = (at = 0) => {
  const source = instance.sources[at];
  if (source === undefined) throw new Error(`there is no source ${at}`);
  return lookForUpdates(instance, source, TOOLS);
};
const fact = () => readSourceFact(instance.facts, "git");
const heard = async () => {
  await instance.ledger.drain();
  return readLedgerFiles(`${bench.data}/ledger`).map((entry) => `${entry.event}: ${entry.description}`);
};
/** Lets a daemon put the first version in place, and ends it. */
const settle = async (version = "1.0.0") => {
  const running = bench.run(instance);
  await ended(instance, version);
  await running.stop();
};

describe("looking for updates", () => {
  it("begins with the first version and says so on the ledger", async () => {
    expect(await look()).toMatchObject({ decision: "start", found: { version: "1.0.0" } });
    expect(instance.journal.unfinished()).toHaveLength(1);
    expect(await heard()).toEqual(["UPDATE_DETECTED: upstream has 1.0.0", "UPDATE_STARTED: update to 1.0.0 started (first)"]);
  });

  it("does not begin twice what is under way", async () => {
    await look();
    expect(await look()).toMatchObject({ decision: "nothing" });
    expect(instance.journal.list()).toHaveLength(1);
  });

  it("does nothing where upstream has nothing newer", async () => {
    await settle();
    expect(await look()).toMatchObject({ decision: "nothing", because: "upstream has nothing newer than 1.0.0, which runs" });
  });

  it("holds too large a step, writes down why, and tells the ledger once", async () => {
    await settle();
    bench.publish("2.0.0");
    for (let time = 0; time < 3; time += 1) expect(await look()).toMatchObject({ decision: "hold" });
    expect(fact()).toMatchObject({ decision: "hold", found: { version: "2.0.0" }, failing: null });
    expect(fact()?.because).toContain("is a major step from 1.0.0");
    expect((await heard()).filter((line) => line === "UPDATE_DETECTED: upstream has 2.0.0")).toHaveLength(1);
    expect(instance.journal.list()).toHaveLength(1);
  });

  it("dismisses what was tried, with the reason, and tells the ledger once", async () => {
    await settle();
    instance.close();
    bench.publish("1.0.1");
    instance = bench.open([step("stage", async () => ({ kind: "refused", code: "VALIDATION_FAILED", because: "its tests fail" }))]);
    await settle("1.0.1");
    for (let time = 0; time < 3; time += 1) expect(await look()).toMatchObject({ decision: "dismiss" });
    expect(fact()?.because).toContain("was tried and refused: its tests fail");
    expect((await heard()).filter((line) => line.startsWith("UPDATE_DISMISSED"))).toHaveLength(1);
  });

  it("that fails is written down and counted, forgets nothing, and is forgotten when it works again", async () => {
    await settle();
    bench.publish("2.0.0");
    await look();
    bench.repository.git("config", "core.bare", "false");
    const hidden = `${bench.repository.folder}/.git/HEAD`;
    rmSync(hidden);
    for (let time = 1; time <= 2; time += 1) {
      await expect(look()).rejects.toThrow();
      expect(fact()).toMatchObject({ decision: "nothing", found: { version: "2.0.0" }, failures: time });
      expect(fact()?.because).toMatch(/^upstream could not be read: /);
    }
    bench.repository.git("init", "--quiet", "--initial-branch=main");
    expect(await look()).toMatchObject({ decision: "hold" });
    expect(fact()).toMatchObject({ failing: null, failures: 0 });
  });

  it("does not begin beside an update that somebody began by hand meanwhile", async () => {
    await settle();
    beginUpdate(instance, {
      kind: "code",
      target: "demo",
      commit: bench.publish("1.0.1"),
      ref: "refs/heads/main",
      versionFrom: "1.0.0",
      versionTo: "1.0.1",
      releaseFrom: "release-1.0.0",
      wayBack: "release-1.0.0",
      trigger: "by-hand",
      actor: { type: "user", id: "ada" },
      overrides: {},
    });
    bench.publish("1.0.2");
    expect(await look()).toMatchObject({ decision: "hold", because: expect.stringContaining("waits until the update to 1.0.1 has ended") });
    expect(instance.journal.unfinished()).toHaveLength(1);
  });
});

describe("several sources", () => {
  const seen: Sighting = { key: "k", ref: "npm:agent@1.0.0", version: "1.0.0", trigger: "new_version", refusedBecause: null };
  const another = (parts: Partial<Source>): Source => ({
    id: "npm",
    kind: "remote_registry",
    address: "http://registry.example",
    follows: "tag latest",
    checkEveryMs: 20,
    look: async () => seen,
    bring: async () => {
      throw new Error("nothing is brought");
    },
    prove: async () => ({ kind: "none", by: null, because: "nobody signs it" }),
    ...parts,
  });
  const reopen = (...more: Source[]) => {
    instance.close();
    bench.sources.push(...more);
    instance = bench.open([step("stage")]);
  };

  it("one that hangs keeps no other waiting", async () => {
    reopen(another({ look: () => new Promise(() => {}) }));
    await settle();
    expect(instance.journal.list()).toHaveLength(1);
  });

  it("one that fails is counted and said, and stops no other", async () => {
    reopen(another({ look: () => Promise.reject(new Error("the registry is away")) }));
    await settle();
    expect(readSourceFact(instance.facts, "npm")).toMatchObject({ failing: "the registry is away", found: null });
    expect(readSourceFact(instance.facts, "npm")?.failures).toBeGreaterThan(0);
    expect(readSourceFact(instance.facts, "git")).toMatchObject({ failing: null });
  });

  it("the same commit from two of them is one event and one update", async () => {
    const { found } = await look();
    const commit = found?.commit ?? "";
    const twin = another({ bring: async () => commit });
    expect(await lookForUpdates(instance, twin, TOOLS)).toMatchObject({ decision: "nothing" });
    expect(instance.events.list(10).map(({ seenBy, decision }) => [seenBy, decision])).toEqual([[["git", "npm"], "start"]]);
    expect(instance.journal.list()).toHaveLength(1);
  });

  it("the same files that another source brought are what runs", async () => {
    await settle();
    const { source } = instance.rooms;
    const running = readStanding(instance).running?.commit ?? "";
    const imported = await source.alone(() => writeCommit(source.mirror, { tree: `${running}^{tree}`, parents: [], message: "imported", atSeconds: 0 }));
    await source.keepImported(imported);
    expect(imported).not.toBe(running);
    const folder = another({ id: "files", kind: "local_fs", bring: async () => imported });
    expect(await lookForUpdates(instance, folder, TOOLS)).toMatchObject({ decision: "nothing", because: "upstream has nothing newer than 1.0.0, which runs" });
  });

  it("what its source will not vouch for is dismissed with the reason, and told the ledger once", async () => {
    await settle();
    const commit = bench.publish("1.0.1");
    await instance.rooms.source.fetch(commit);
    const deprecated = another({
      look: async () => ({ ...seen, key: "d", version: "1.0.1", refusedBecause: "it is deprecated: it leaks" }),
      bring: async () => commit,
    });
    for (let time = 0; time < 2; time += 1)
      expect(await lookForUpdates(instance, deprecated, TOOLS)).toMatchObject({ decision: "dismiss", because: expect.stringContaining("it leaks") });
    expect((await heard()).filter((line) => line.startsWith("UPDATE_DISMISSED"))).toHaveLength(1);
    expect(instance.events.list(10, "dismiss")).toMatchObject([{ targetVersion: "1.0.1", trigger: "refused", decision: "dismiss" }]);
  });

  describe("where somebody must vouch", () => {
    const wanting = (...accept: Instance["settings"]["source"]["accept"]) => {
      const { settings } = instance;
      Object.assign(settings.source, { accept });
      return bench.publish("1.0.1");
    };

    it("what nobody vouches for is dismissed with the reason before anything in it runs", async () => {
      await settle();
      wanting("ssh", "tuf");
      expect(await look()).toMatchObject({
        decision: "dismiss",
        because: expect.stringContaining("source.accept wants tuf, ssh, and source.signers names nobody"),
      });
      expect(instance.journal.unfinished()).toEqual([]);
      expect(instance.events.list(1)).toMatchObject([{ decision: "dismiss", origin: { kind: "none" } }]);
    });

    it("what somebody else vouches for than is asked for is dismissed too", async () => {
      await settle();
      const commit = wanting("tuf");
      await instance.rooms.source.fetch(commit);
      const npm = another({
        look: async () => ({ ...seen, key: "s", version: "1.0.1" }),
        bring: async () => commit,
        prove: async () => ({ kind: "npm-signature", by: "key 1", because: "signed by key 1" }),
      });
      expect(await lookForUpdates(instance, npm, TOOLS)).toMatchObject({ decision: "dismiss" });
    });

    it("what is vouched for begins, and the update says by whom; one that was mended is looked at anew", async () => {
      await settle();
      const commit = wanting("ssh");
      await instance.rooms.source.fetch(commit);
      let origin: Origin = { kind: "none", by: null, because: "the commit is not signed" };
      const signed = another({ look: async () => ({ ...seen, key: "v", version: "1.0.1" }), bring: async () => commit, prove: async () => origin });
      expect(await lookForUpdates(instance, signed, TOOLS)).toMatchObject({ decision: "dismiss" });
      origin = { kind: "ssh", by: "ada@example.org", because: "the commit is signed by ada@example.org" };
      expect(await lookForUpdates(instance, signed, TOOLS)).toMatchObject({ decision: "start", event: { origin } });
      const [update] = instance.journal.unfinished();
      expect(startOf(instance.journal.read(update as UpdateId)).start).toMatchObject({ commit, origin });
    });

    it("what could not be checked is a failing source, and nothing begins", async () => {
      await settle();
      const commit = wanting("ssh");
      const broken = another({
        look: async () => ({ ...seen, key: "b", version: "1.0.1" }),
        bring: async () => commit,
        prove: () => Promise.reject(new InstarError("PLATFORM_FAILED", "there is no ssh-keygen on the PATH")),
      });
      await instance.rooms.source.fetch(commit);
      await expect(lookForUpdates(instance, broken, TOOLS)).rejects.toMatchObject({ code: "PLATFORM_FAILED" });
      expect(readSourceFact(instance.facts, "npm")).toMatchObject({ failing: "there is no ssh-keygen on the PATH" });
      expect(instance.journal.unfinished()).toEqual([]);
    });
  });

  it("a daemon killed between beginning an update and naming it in the event: the next look names it", async () => {
    await look();
    const [begun] = instance.events.list(1);
    if (begun === undefined) throw new Error("there is no event");
    instance.events.put({ ...begun, update: null });
    await look();
    expect(instance.events.list(10)).toEqual([begun]);
    expect(begun.update).toBe(instance.journal.list()[0]);
  });

  it("an unchanged poll asks the mirror nothing", async () => {
    await settle();
    const [git] = instance.sources;
    if (git === undefined) throw new Error("there is no git");
    await look();
    let brought = 0;
    const counted: Source = {
      ...git,
      bring: (...asked) => {
        brought += 1;
        return git.bring(...asked);
      },
    };
    for (let time = 0; time < 3; time += 1) expect(await lookForUpdates(instance, counted, TOOLS)).toMatchObject({ decision: "nothing" });
    expect(brought).toBe(1);
  });
});

describe("when upstream is asked next", () => {
  it("is at the operator's interval while it answers", () => expect(planNextLookMs(300_000, 0)).toBe(300_000));
  it("is later and later while it fails, up to an hour, and never sooner than the interval", () => {
    for (const [failures, leastMs, mostMs] of [
      [1, 480_000, 720_000],
      [2, 960_000, 1_440_000],
      [3, 1_920_000, 2_880_000],
      [4, 2_880_000, 4_320_000],
      [50, 2_880_000, 4_320_000],
    ] as const)
      for (let time = 0; time < 20; time += 1) {
        const nextMs = planNextLookMs(300_000, failures);
        expect(nextMs).toBeGreaterThanOrEqual(leastMs);
        expect(nextMs).toBeLessThanOrEqual(mostMs);
      }
    expect(planNextLookMs(7_200_000, 3)).toBe(7_200_000);
  });
});
