import { renameSync } from "node:fs";
import { join } from "node:path";
import { SimulatedCrash } from "@instar/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { defineConfigurationUpdate } from "./configuration-update.ts";
import { ConfigurationWorld } from "./configuration-world.testing.ts";
import { foldStanding } from "./fold-standing.testing.ts";
import type { Journal } from "./journal.ts";
import type { EntryBody, JournalEntry, UpdateId } from "./journal-entry.ts";
import { type OpenJournal, openJournal } from "./open-journal.testing.ts";
import { planLedgerStatements } from "./plan-ledger-statements.ts";
import { readInverseEdits } from "./read-inverse-edits.ts";
import { pinSteps, runUpdate, Wake } from "./run-update.ts";

const opened: { close(): unknown }[] = [];
let parts: OpenJournal;
let updates = 0;
beforeAll(() => {
  parts = openJournal();
});
afterAll(() => parts.close());
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

describe("an update of the configuration", () => {
  it("holds requests before the agent stops, and until the one with the new configuration is ready", async () => {
    const bench = await open({ "/level": "debug" });
    const { outcome } = await bench.run();
    expect(outcome).toBe("committed");
    expect(bench.world.keeper.told).toEqual(["hold", "retire", "drain", "stop", "start", "route", "release"]);
    expect(bench.world.keeper.look()).toMatchObject({ isAlive: true, hasRead: '{"level":"debug"}', holding: false });
  });

  it("with which the agent does not get ready is taken back, and the agent serves as before", async () => {
    const bench = await open({ "/level": "unready" });
    const before = await bench.world.look();
    const { outcome, because } = await bench.run();
    expect([outcome, because]).toEqual(["rolled-back", expect.stringContaining("did not become ready")]);
    expect(await bench.world.look()).toEqual(before);
  });

  it("of an agent that was not well before either is taken back all the same, and leaves nobody waiting", async () => {
    const bench = await open({ "/level": "still unready" });
    bench.world.write({ level: "unready" });
    bench.world.keeper.end();
    bench.world.keeper.begin();
    const { outcome } = await bench.run();
    expect(outcome).toBe("rolled-back");
    expect(bench.world.keeper.look()).toMatchObject({ holding: false, routed: "blue" });
    expect(await bench.world.files.read("config/agent.json")).toBe('{"level":"unready"}');
  });

  it("without a restart leaves the agent alone, and is refused where the agent is not well: nothing would tell what it did", async () => {
    const bench = await open({ "/level": "debug" }, { restart: false });
    expect((await bench.run()).outcome).toBe("committed");
    expect(bench.world.keeper.told).toEqual([]);
    const sick = await open({ "/level": "debug" }, { restart: false });
    sick.world.keeper.end();
    expect(await sick.run()).toMatchObject({ outcome: "refused", because: expect.stringContaining("the agent is not well") });
    expect(await sick.world.files.read("config/agent.json")).toBe('{"level":"info"}');
  });

  it("after which the agent is not well is taken back, also without a restart", async () => {
    const bench = await open({ "/level": "debug" }, { restart: false, onStep: (step) => step === "confirm-agent" && bench.world.keeper.end() });
    expect((await bench.run()).outcome).toBe("rolled-back");
    expect(await bench.world.files.read("config/agent.json")).toBe('{"level":"info"}');
  });

  it("that was to start the agent again and finds the same process is taken back", async () => {
    const bench = await open(
      { "/level": "debug" },
      {
        onStep: (step) => {
          if (step !== "confirm-agent") return;
          const { pid, startedAt } = bench.world.keeper.process();
          bench.world.facts.write(`edits-restart:${bench.journal()[0]?.update}`, { before: { pid, startedAt }, wasWell: true, phase: "stopping" });
        },
      },
    );
    expect(await bench.run()).toMatchObject({ outcome: "rolled-back", because: expect.stringContaining("was to be started again and was not") });
  });

  it("that meets a file which somebody changed while the agent was stopped leaves that file, and the agent runs", async () => {
    const bench = await open({ "/level": "debug" }, { onStep: (step) => step === "apply-edits" && bench.world.write({ level: "by hand" }) });
    expect(await bench.run()).toMatchObject({ outcome: "rolled-back", because: expect.stringContaining("config/agent.json") });
    expect(bench.world.keeper.look()).toMatchObject({ isAlive: true, hasRead: '{"level":"by hand"}', holding: false });
  });

  it("that cannot go back over what somebody changed is stuck and says which file, while requests meet the agent; moved away and tried again, all goes back", async () => {
    const bench = await open({ "/level": "debug" }, { onStep: (step) => step === "confirm-agent" && bench.world.keeper.end() });
    const before = await bench.world.look();
    bench.onUndo = () => bench.world.write({ level: "by hand" });
    const stuck = await bench.run();
    expect(stuck).toMatchObject({ outcome: null, because: expect.stringContaining("config/agent.json was changed by somebody") });
    expect(stuck.because).toContain("update resolve retry");
    expect(await bench.world.files.read("config/agent.json")).toBe('{"level":"by hand"}');
    expect(bench.world.keeper.look()).toMatchObject({ isAlive: true, holding: false });
    bench.onUndo = () => undefined;
    renameSync(join(bench.world.files.agent, "config/agent.json"), join(bench.world.files.data, "theirs"));
    bench.append({ kind: "resolved", how: "retry", by: "ada", mayLoseWrites: false });
    expect((await bench.run()).outcome).toBe("rolled-back");
    expect(await bench.world.look()).toEqual(before);
  });

  it.each([
    ["debug", "committed"],
    ["unready", "rolled-back"],
  ])("killed after any write of it, and again, to %s: ends %s, whole, with nobody held", async (level, outcome) => {
    let kills = 0;
    for (let number = 0, hit = true; hit; number += 1) {
      const bench = await open({ "/level": level });
      const before = (await bench.world.look()) as { files: unknown };
      hit = await bench.runKilledAt(number);
      kills += hit ? 1 : 0;
      if (hit) await bench.runKilledAt(number);
      expect((await bench.run()).outcome, `killed at write ${number}`).toBe(outcome);
      const { files, agent } = (await bench.world.look()) as { files: unknown; agent: unknown };
      expect(agent).toMatchObject({ isAlive: true, holding: false, hasRead: level === "debug" ? '{"level":"debug"}' : '{"level":"info"}' });
      if (outcome === "rolled-back") expect(files, `killed at write ${number}`).toEqual(before.files);
      else expect(Object.keys(files as object).sort()).toEqual(["config", "config/agent.json", "config/beside.txt", "config/plugins"]);
      await bench.close();
    }
    expect(kills).toBeGreaterThan(30);
  });

  it("changes nothing about which release runs", async () => {
    const bench = await open({ "/level": "debug" });
    await bench.run();
    expect(foldStanding([bench.journal()])).toEqual({ running: null, committed: null, ended: [] });
  });

  it("tells the ledger which files, with their digests, and never what is in them", async () => {
    const bench = await open({ "/level": "a-s3cret" });
    await bench.run();
    const told = parts.database
      .prepare("SELECT line FROM ledger_outbox")
      .all()
      .map(({ line }) => String(line));
    const changed = told.find((line) => line.includes("CONFIGURATION_CHANGED")) ?? "";
    expect(changed).toContain("config/agent.json");
    expect(changed).toMatch(/"before":"sha256:[0-9a-f]{64}"/);
    expect(told.join("")).not.toContain("s3cret");
    expect(JSON.stringify(bench.journal())).not.toContain("s3cret");
    // An agent that cannot read its configuration prints it; the keeper of this world says that the file itself is its log.
    const unready = await open({ "/level": "unready-s3cret" });
    expect((await unready.run()).outcome).toBe("rolled-back");
    expect(JSON.stringify(unready.journal())).not.toContain("s3cret");
  });

  it("that stayed has an inverse, and one that did not has none", async () => {
    const bench = await open({ "/level": "debug" });
    await bench.run();
    expect(await readInverseEdits(bench.world.rooms, bench.journal())).toMatchObject({
      kind: "planned",
      plan: {
        restart: true,
        edits: [{ kind: "file-delete", path: "config/beside.txt" }, { kind: "file-write", path: "config/agent.json" }, { kind: "directory-remove" }],
      },
    });
    const taken = await open({ "/level": "unready" });
    await taken.run();
    expect(await readInverseEdits(taken.world.rooms, taken.journal())).toMatchObject({ kind: "refused", because: expect.stringContaining("rolled-back") });
  });
});

interface Bench {
  readonly world: ConfigurationWorld;
  onUndo: () => void;
  journal(): JournalEntry[];
  append(body: EntryBody): void;
  /** Until it ended or is stuck. */
  run(): Promise<{ outcome: string | null; because: string }>;
  /** True where it was killed. */
  runKilledAt(number: number): Promise<boolean>;
  close(): Promise<void>;
}

async function open(values: Record<string, unknown>, { restart = true, onStep = (_step: string): unknown => undefined } = {}): Promise<Bench> {
  const world = await ConfigurationWorld.create();
  await world.stage(values);
  updates += 1;
  const update = `update-${updates}` as UpdateId;
  const steps = defineConfigurationUpdate(world.rooms, { restart }, world.edits).map((step) => ({
    ...step,
    apply: (context: Parameters<typeof step.apply>[0]) => {
      onStep(step.id);
      return step.apply(context);
    },
    undo:
      typeof step.undo === "function"
        ? (context: Parameters<typeof step.apply>[0]) => {
            bench.onUndo();
            return (step.undo as (given: typeof context) => ReturnType<typeof step.undo & ((given: typeof context) => Promise<Record<string, never>>)>)(
              context,
            );
          }
        : step.undo,
  }));
  const start = world.start(restart);
  const body = { kind: "started", steps: pinSteps(steps), start } as const;
  parts.journal.append({ update, attempt: 0, body, ledger: planLedgerStatements(update, start, body, {}) });
  const drive = async (): Promise<void> => {
    const stop = new AbortController();
    const onEntry = (entry: JournalEntry): void => {
      world.crashes.pass(`entry ${entry.kind}`);
      if (entry.kind === "stuck") stop.abort(new Error("stuck"));
    };
    // Pauses between tries of an undo pass at once.
    let tickMs = 0;
    const engine = {
      journal: journalOfALife(parts.journal, world.crashes),
      steps,
      clock: world.rooms.clock,
      time: { tickMs: () => (tickMs += 10_000) },
      onEntry,
      onProgress: () => undefined,
      freeReserve: async () => undefined,
    };
    await runUpdate(update, engine, new Wake(), stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
  };
  const bench: Bench = {
    world,
    onUndo: () => undefined,
    journal: () => parts.journal.read(update),
    append: (appended) => void parts.journal.append({ update, attempt: 0, body: appended, ledger: [] }),
    run: async () => {
      await drive();
      const last = bench.journal().at(-1);
      return { outcome: last?.kind === "ended" ? last.outcome : null, because: last !== undefined && "because" in last ? last.because : "" };
    },
    runKilledAt: async (number) => {
      world.crashes.plan(number);
      await drive().catch((error: unknown) => {
        if (!(error instanceof SimulatedCrash) && !world.crashes.isDead) throw error;
      });
      const wasKilled = world.crashes.isDead;
      world.crashes.restart();
      return wasKilled;
    },
    close: () => world.close(),
  };
  opened.push(bench);
  return bench;
}

/** A process that was killed writes no entry either. */
function journalOfALife(journal: Journal, crashes: ConfigurationWorld["crashes"]): Journal {
  const append: Journal["append"] = (entry) => {
    crashes.assertAlive();
    return journal.append(entry);
  };
  return { append, read: (read: UpdateId) => journal.read(read), epoch: journal.epoch } as unknown as Journal;
}
