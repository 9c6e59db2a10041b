import { afterEach, beforeEach, expect, test } from "vitest";
import { dismissAnnounced, noteAnnounced } from "./announced-releases.ts";
import { DaemonBench, ended, step } from "./daemon-bench.testing.ts";
import type { Instance } from "./instance.ts";
import { lookForUpdates } from "./look-for-updates.ts";

let bench: DaemonBench;
let instance: Instance;
beforeEach(async () => {
  bench = new DaemonBench();
  instance = bench.open([step("stage")]);
  const running = bench.run(instance);
  await ended(instance, "1.0.0");
  await running.stop();
});
afterEach(() => bench.close());

const announce = (commit: string) => noteAnnounced(instance, { commit, ref: "refs/heads/main", by: "push of ada/agent" });
const look = async () => {
  const [source] = instance.sources;
  if (source === undefined) throw new Error("there is no source");
  return lookForUpdates(instance, source, {
    reason: "webhook",
    actor: { type: "system", id: "daemon" },
    supersede: async () => undefined,
    alone: (act) => act(),
    signal: new AbortController().signal,
  });
};

test("what a webhook announced is an event at once, and nothing begins from it", () => {
  const commit = "a".repeat(40);
  announce(commit);
  expect(instance.events.ofCommit(commit)).toMatchObject({
    trigger: "announced",
    seenBy: [],
    decision: "nothing",
    because: "a webhook announced it: upstream is asked",
    currentVersion: "1.0.0",
    gitBranch: "main",
    update: null,
  });
  expect(instance.journal.unfinished()).toEqual([]);
});

test("the source fills the same event in", async () => {
  const commit = bench.publish("1.0.1");
  announce(commit);
  const announced = instance.events.ofCommit(commit);
  await look();
  dismissAnnounced(instance, "upstream had something else");
  const event = instance.events.ofCommit(commit);
  expect(event).toMatchObject({ eventId: announced?.eventId, timestamp: announced?.timestamp, source: "webhook" });
  expect(event).toMatchObject({ trigger: "new_commit", seenBy: ["git"], targetVersion: "1.0.1", changedFiles: ["package.json"], decision: "start" });
  expect(event?.update).toBe(instance.journal.unfinished()[0]);
});

test("what the source does not have is dismissed with the reason, and taken up where it has it after all", async () => {
  const commit = bench.publish("1.0.1");
  bench.repository.git("reset", "-q", "--hard", "HEAD~1");
  announce(commit);
  await look();
  dismissAnnounced(instance, "upstream had something else");
  expect(instance.events.ofCommit(commit)).toMatchObject({ trigger: "announced", decision: "dismiss", because: "upstream had something else" });
  bench.repository.git("reset", "-q", "--hard", commit);
  await look();
  expect(instance.events.ofCommit(commit)).toMatchObject({ trigger: "new_commit", decision: "start", targetVersion: "1.0.1" });
});

test("what runs, and what was seen, is not announced again", async () => {
  const running = instance.events.list(1)[0]?.gitCommitHash ?? "";
  announce(running);
  expect(instance.events.list(10)).toHaveLength(1);
  // Also where its event is so old that it is no longer kept.
  instance.database.exec("DELETE FROM update_event");
  announce(running);
  expect(instance.events.list(10)).toEqual([]);
  const commit = bench.publish("1.0.1");
  await look();
  const seen = instance.events.ofCommit(commit);
  announce(commit);
  expect(instance.events.ofCommit(commit)).toEqual(seen);
});

test("a daemon that was killed before it asked does not leave one open", async () => {
  const commit = "b".repeat(40);
  announce(commit);
  const running = bench.run(instance);
  await expect.poll(() => instance.events.ofCommit(commit)?.decision, { timeout: 40_000 }).toBe("dismiss");
  await running.stop();
});
