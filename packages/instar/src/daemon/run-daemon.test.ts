import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verifyLedger } from "../ledger/verify-ledger.ts";
import { implementStatus } from "../operations/status.ts";
import { ensureReserve } from "../platform/disk-space.ts";
import { describeTinyDisk, withTinyDisk } from "../platform/tiny-disk.testing.ts";
import { beginUpdate } from "./begin-update.ts";
import { DaemonBench, ended, type RunningDaemon, step } from "./daemon-bench.testing.ts";
import { type Instance, readStanding } from "./instance.ts";
import { Daemon } from "./run-daemon.ts";
import { readBegunMs } from "./version-marks.ts";

const LONG_BUILD_MS = 3_600_000;

let bench: DaemonBench;
beforeEach(() => {
  bench = new DaemonBench();
});
afterEach(() => bench.close());

const kindsOf = (journal: readonly { kind: string }[]) => journal.map((entry) => entry.kind);
const startBy = (instance: Instance) =>
  beginUpdate(instance, {
    kind: "code",
    target: "demo",
    commit: "c1",
    ref: "main",
    versionFrom: null,
    versionTo: "0.9.0",
    releaseFrom: null,
    wayBack: null,
    trigger: "by-hand",
    actor: { type: "user", id: "ada" },
    overrides: {},
  });
const statusOf = ({ instance, daemon }: Pick<RunningDaemon, "instance" | "daemon">) =>
  implementStatus({ instance, daemon, versions: { instar: "0", node: "0" } }).status({});

describe("a daemon", () => {
  it("puts the first version in place, and then each that may proceed by itself", async () => {
    const { instance } = bench.run(bench.open([step("stage"), step("switch")]));
    await ended(instance, "1.0.0");
    const commit = bench.publish("1.0.1");
    await ended(instance, "1.0.1");
    expect(readStanding(instance)).toMatchObject({ running: { release: "release-1.0.1", commit }, committed: { release: "release-1.0.1" } });
  });

  it("goes on where the one before it was ended in the middle of a step", async () => {
    let attempts = 0;
    const steps = [
      step("stage"),
      step("switch", async ({ signal, attempt }) => {
        attempts = attempt;
        if (attempt === 1) await bench.slow.sleep(1e9, signal);
        return { kind: "done", gives: {} };
      }),
    ];
    const first = bench.run(bench.open(steps));
    await expect.poll(() => attempts, { timeout: 40_000 }).toBe(1);
    await first.stop();
    const second = bench.run(bench.open(steps));
    const journal = await ended(second.instance, "1.0.0");
    expect(kindsOf(journal)).toEqual(["started", "applying", "applied", "applying", "applying", "applied", "ended"]);
  });

  it("does nothing about an update while it is looked for, and lets one at a time begin", async () => {
    const instance = bench.open([step("stage")]);
    startBy(instance);
    expect(() => startBy(instance)).toThrow(expect.objectContaining({ code: "CONFLICT" }));
  });

  it("lets an operator cancel a step that may be interrupted", async () => {
    const { daemon, instance } = bench.run(
      bench.open([step("build", async ({ signal }) => bench.slow.sleep(1e9, signal).then(() => ({ kind: "done", gives: {} })))]),
    );
    await expect.poll(() => instance.journal.unfinished().length, { timeout: 40_000 }).toBe(1);
    const [update] = instance.journal.unfinished();
    if (update === undefined) throw new Error("it has not begun");
    await expect.poll(() => instance.journal.read(update).at(-1)?.kind, { timeout: 40_000 }).toBe("applying");
    daemon.tell(update, { kind: "cancel-requested", by: "ada", because: "ada cancelled it" });
    expect((await ended(instance, "1.0.0")).at(-1)).toMatchObject({ outcome: "cancelled" });
  });

  it("lets a newer version take the place of one that is only watched", async () => {
    const watching = step("watch", async ({ start, signal }) => {
      if (start.versionTo === "1.0.1") await bench.slow.sleep(1e9, signal);
      return { kind: "done", gives: {} };
    });
    const { instance } = bench.run(bench.open([step("stage"), step("confirm", undefined, { endsLease: true }), watching]));
    await ended(instance, "1.0.0");
    bench.publish("1.0.1");
    await expect
      .poll(() => (instance.journal.unfinished()[0] === undefined ? "" : instance.journal.read(instance.journal.unfinished()[0] as never).at(-1)), {
        timeout: 40_000,
      })
      .toMatchObject({
        kind: "applying",
        step: "watch",
      });
    bench.publish("1.0.2");
    await ended(instance, "1.0.2");
    expect(readStanding(instance).ended.map((update) => update.outcome)).toEqual(["committed", "superseded", "committed"]);
  });

  it("lets newer versions take the place of one that nobody met yet, and then lets one go through", async () => {
    const making = step("build", async ({ start, signal }) => {
      if (start.versionTo !== "1.0.0") await bench.slow.sleep(LONG_BUILD_MS, signal);
      return { kind: "done", gives: {} };
    });
    const { instance } = bench.run(bench.open([making, step("stage"), step("switch", undefined, { exchanges: true })]));
    await ended(instance, "1.0.0");
    const building = (version: string) =>
      expect
        .poll(
          () => {
            const [open] = instance.journal.unfinished();
            const journal = open === undefined ? [] : instance.journal.read(open);
            const [first] = journal;
            return first?.kind === "started" ? { version: first.start.versionTo, last: journal.at(-1) } : undefined;
          },
          { timeout: 40_000 },
        )
        .toMatchObject({ version, last: { kind: "applying", step: "build" } });
    for (const version of ["1.0.1", "1.0.2", "1.0.3"]) {
      bench.publish(version);
      await building(version);
    }
    const newest = bench.publish("1.0.4");
    const because = `1.0.4 (${newest.slice(0, 10)}) waits until the update to 1.0.3 has ended: the 2 before it gave way already`;
    await expect.poll(() => instance.events.ofCommit(newest), { timeout: 40_000 }).toMatchObject({ decision: "hold", because });
    bench.slow.advance(LONG_BUILD_MS);
    await building("1.0.4");
    expect(readStanding(instance).ended.map(({ start, outcome, gaveWay }) => [start.versionTo, outcome, gaveWay])).toEqual([
      ["1.0.0", "committed", false],
      ["1.0.1", "cancelled", true],
      ["1.0.2", "cancelled", true],
      ["1.0.3", "committed", false],
    ]);
    expect(readBegunMs(instance)).toHaveLength(2);
  });

  it("does not wait for one that is stuck on its way back: what comes next is still looked at", async () => {
    const making = step(
      "build",
      async ({ start, signal }) => {
        if (start.versionTo !== "1.0.0") await bench.slow.sleep(LONG_BUILD_MS, signal);
        return { kind: "done", gives: {} };
      },
      {
        undo: async () => {
          throw new InstarError("ROLLBACK_FAILED", "it is for a person");
        },
      },
    );
    const { instance } = bench.run(bench.open([making, step("stage"), step("switch", undefined, { exchanges: true })]));
    await ended(instance, "1.0.0");
    const isStuck = () => {
      const [open] = instance.journal.unfinished();
      return open !== undefined && instance.journal.read(open).at(-1)?.kind === "stuck";
    };
    bench.publish("1.0.1");
    await expect.poll(() => instance.journal.unfinished().length, { timeout: 40_000 }).toBe(1);
    await expect.poll(() => bench.slow.sleepers, { timeout: 40_000 }).toBeGreaterThan(0);
    bench.publish("1.0.2");
    await expect.poll(isStuck, { timeout: 40_000 }).toBe(true);
    const newest = bench.publish("1.0.3");
    const because = `1.0.3 (${newest.slice(0, 10)}) waits until the update to 1.0.1 has ended`;
    await expect.poll(() => instance.events.ofCommit(newest), { timeout: 40_000 }).toMatchObject({ decision: "hold", because });
  });

  it("refuses to drive an update that was begun under steps which it does not have", () => {
    const instance = bench.open([step("stage")]);
    startBy(instance);
    const newer = bench.open([step("stage", undefined, { version: 2 })]);
    expect(() => new Daemon(newer, () => undefined)).toThrow(expect.objectContaining({ code: "DATA_TOO_NEW" }));
  });

  it("that has been replaced ends at its next write, and the newer one finishes", async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slowly = step("stage", async ({ attempt }) => {
      if (attempt === 1) await held;
      return { kind: "done", gives: { release: "release-1.0.0" } };
    });
    const first = bench.run(bench.open([slowly]));
    await expect.poll(() => bench.said.some((line) => line.includes("applying stage")), { timeout: 40_000 }).toBe(true);
    const second = bench.run(bench.open([slowly]));
    release();
    await expect(first.done).rejects.toMatchObject({ code: "FENCED" });
    const journal = await ended(second.instance, "1.0.0");
    expect(journal.filter((entry) => entry.kind === "applied").map((entry) => entry.epoch)).toEqual([second.instance.journal.epoch]);
  });
});

describe("a ledger whose files are not those that the database wrote", () => {
  it("is not written on top of and said once; nothing begins by itself, and all goes on when the right ones are back", async () => {
    const first = bench.run(bench.open([step("stage"), step("switch", undefined, { exchanges: true })]));
    await ended(first.instance, "1.0.0");
    await first.stop();
    const path = join(bench.data, "ledger", "00000000.jsonl");
    const right = readFileSync(path, "utf8");
    writeFileSync(path, right.slice(0, right.lastIndexOf("\n", right.length - 2) + 1));
    const cut = readFileSync(path, "utf8");
    bench.said.length = 0;
    const running = bench.run(bench.open([step("stage"), step("switch", undefined, { exchanges: true })]));
    const { instance } = running;
    const trouble = "the files end at entry";
    await expect.poll(() => bench.said.filter((line) => line.includes(`the ledger: ${trouble}`)).length, { timeout: 40_000 }).toBe(1);
    const newest = bench.publish("1.0.1");
    await expect
      .poll(() => instance.events.ofCommit(newest), { timeout: 40_000 })
      .toMatchObject({ decision: "hold", because: expect.stringContaining(trouble) });
    expect((await statusOf(running)).ledger.trouble).toContain(trouble);
    expect(readFileSync(path, "utf8")).toBe(cut);
    writeFileSync(path, right);
    bench.slow.advance(5_000);
    await expect.poll(() => bench.said.at(-1) !== undefined && instance.ledger.trouble === null, { timeout: 40_000 }).toBe(true);
    await ended(instance, "1.0.1");
    expect(bench.said.filter((line) => line.includes(`the ledger: ${trouble}`))).toHaveLength(1);
    expect(bench.said).toContain("the ledger is well again");
    await running.stop();
    expect(verifyLedger(join(bench.data, "ledger"), { expected: instance.ledger.head() })).toMatchObject({ kind: "intact" });
  });
});

describe("a disk that is full", () => {
  // More than the pages that the outbox gave back could hold.
  const LARGE = "x".repeat(400_000);

  it("stops nothing for good: the reserve is freed, and it goes on when there is room", async () => {
    const instance = bench.open([
      step("stage", async ({ attempt }) => {
        // No page more: what SQLite then says is what it says of a full disk.
        if (attempt === 1) instance.database.exec("PRAGMA max_page_count = 1");
        return { kind: "done", gives: { large: LARGE } };
      }),
    ]);
    // As an earlier update left it: what is only being set aside would be there again after it was freed.
    await ensureReserve(join(bench.data, "reserve"), instance.settings.keep.reserve);
    bench.run(instance);
    await expect.poll(() => bench.said.find((line) => line.includes("freeing the reserve")), { timeout: 40_000 }).toBeDefined();
    await expect.poll(() => existsSync(join(bench.data, "reserve")), { timeout: 40_000 }).toBe(false);
    instance.database.exec("PRAGMA max_page_count = 1073741823");
    const hasEnded = () => {
      bench.slow.advance(5_000);
      return instance.journal.unfinished().length === 0;
    };
    await expect.poll(hasEnded, { timeout: 40_000 }).toBe(true);
    const journal = await ended(instance, "1.0.0");
    expect(kindsOf(journal)).toEqual(["started", "applying", "applying", "applied", "ended"]);
  });

  it.skipIf(describeTinyDisk() !== undefined)("is no different where it is the disk itself", async () => {
    await withTinyDisk(12, async (folder) => {
      const tiny = new DaemonBench(folder);
      const filler = join(folder, "filler");
      try {
        const instance = tiny.open([
          step("stage", async ({ attempt }) => {
            if (attempt === 1) fillDisk(filler);
            return { kind: "done", gives: { large: LARGE } };
          }),
        ]);
        tiny.run(instance);
        await expect.poll(() => tiny.said.find((line) => line.includes("freeing the reserve")), { timeout: 40_000 }).toBeDefined();
        // However long it is full: nothing is begun again and again, or the step would count as one that takes the daemon down.
        fillDisk(filler);
        for (let nap = 0; nap < 20; nap += 1) {
          await expect.poll(() => tiny.slow.sleepers, { timeout: 40_000 }).toBeGreaterThanOrEqual(3);
          tiny.slow.advance(5_000);
          fillDisk(filler);
        }
        const beginnings = tiny.said.filter((line) => line.includes("applying stage")).length;
        expect(beginnings).toBeLessThan(6);
        rmSync(filler);
        const look = () => {
          tiny.slow.advance(5_000);
          return instance.journal.unfinished().length === 0 && instance.journal.list().length === 1;
        };
        await expect.poll(look, { timeout: 40_000 }).toBe(true);
        expect((await ended(instance, "1.0.0")).at(-1)).toMatchObject({ outcome: "committed" });
      } finally {
        await tiny.close();
      }
    });
  });
});

describe("a journal that is not whole", () => {
  it("with a gap moves nothing, and status says what is missing", async () => {
    let applied = 0;
    const steps = [
      step("stage", async () => {
        applied += 1;
        return { kind: "done", gives: {} };
      }),
      step("switch", async () => ({ kind: "waiting", waitsFor: "a sign", forMs: 1e9, because: "no sign yet", noted: {} })),
    ];
    const before = bench.open(steps);
    const update = startBy(before);
    const first = bench.run(before);
    await expect.poll(() => before.journal.read(update).at(-1)?.kind, { timeout: 40_000 }).toBe("waiting");
    await first.stop();

    const instance = bench.open(steps);
    instance.database.exec("DROP TRIGGER journal_is_never_cut; DELETE FROM journal WHERE kind = 'applied'");
    const left = instance.journal.read(update);
    const running = bench.run(instance);
    await expect.poll(() => bench.slow.sleepers, { timeout: 40_000 }).toBeGreaterThanOrEqual(3);
    bench.slow.advance(3_600_000);
    await expect.poll(() => bench.slow.sleepers, { timeout: 40_000 }).toBeGreaterThanOrEqual(3);
    expect(instance.journal.read(update)).toEqual(left);
    expect(applied).toBe(1);
    expect((await statusOf(running)).waiting).toContain("journal entry 2 is missing");
  });

  it("without its beginning is refused before anything moves", () => {
    const instance = bench.open([step("stage")]);
    const update = startBy(instance);
    instance.journal.append({ update, attempt: 1, body: { kind: "applying", step: "stage" }, ledger: [] });
    instance.database.exec("DROP TRIGGER journal_is_never_cut; DELETE FROM journal WHERE seq = 0");
    expect(() => new Daemon(instance, () => undefined)).toThrow(expect.objectContaining({ code: "DATA_DAMAGED" }));
  });
});

function fillDisk(path: string): void {
  const chunk = Buffer.alloc(65_536, 1);
  for (;;)
    try {
      writeFileSync(path, chunk, { flag: "a" });
    } catch {
      return;
    }
}
