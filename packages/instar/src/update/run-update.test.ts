import { InstarError } from "@instar/protocol";
import { SimulatedClock } from "@instar/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Facts } from "../database/facts.ts";
import { InstanceTime } from "./instance-time.ts";
import { takeEpoch } from "./journal.ts";
import type { EntryBody, JournalEntry, UpdateId } from "./journal-entry.ts";
import { type OpenJournal, openJournal } from "./open-journal.testing.ts";
import { assertStepsKnown, type Engine, pinSteps, runUpdate, Wake } from "./run-update.ts";
import { defineStep, type Step, type StepContext } from "./step.ts";
import { START } from "./tell-journal.testing.ts";

const UPDATE = "update-1" as UpdateId;
let open: OpenJournal;
let history: string[];
let wake: Wake;
beforeEach(() => {
  open = openJournal(new SimulatedClock({ whenAsleep: "skip" }));
  history = [];
  wake = new Wake();
});
afterEach(() => open.close());

/** A step that only keeps a history, and is otherwise as the test says. */
const step = (id: string, parts: Partial<Step> = {}): Step =>
  defineStep({
    id,
    version: 1,
    title: `Do ${id}`,
    interruptible: false,
    probe: async () => ({ found: "absent" }),
    apply: async () => {
      history.push(`apply ${id}`);
      return { kind: "done", gives: { [id]: "given" } };
    },
    undo: async () => {
      history.push(`undo ${id}`);
      return {};
    },
    describe: () => id,
    ...parts,
  });

const begin = (steps: readonly Step[]): void => {
  open.journal.append({ update: UPDATE, attempt: 0, body: { kind: "started", steps: pinSteps(steps), start: START }, ledger: [] });
};
const tell = (body: EntryBody): void => {
  open.journal.append({ update: UPDATE, attempt: 0, body, ledger: [] });
  wake.call();
};
const engine = (steps: readonly Step[], parts: Partial<Engine> = {}): Engine => ({
  journal: open.journal,
  steps,
  clock: open.clock,
  time: new InstanceTime(open.clock, new Facts(open.database), 0),
  onEntry: (entry) => history.push(`${entry.kind}${"step" in entry ? ` ${entry.step}` : ""}`),
  onProgress: () => undefined,
  freeReserve: async () => {
    history.push("free the reserve");
  },
  ...parts,
});
const run = (steps: readonly Step[], parts: Partial<Engine> = {}, signal = new AbortController().signal) =>
  runUpdate(UPDATE, engine(steps, parts), wake, signal);
const end = (): JournalEntry | undefined => open.journal.read(UPDATE).at(-1);

describe("running an update", () => {
  it("writes before and after each effect", async () => {
    const steps = [step("stage"), step("switch")];
    begin(steps);
    await run(steps);
    expect(history).toEqual(["applying stage", "apply stage", "applied stage", "applying switch", "apply switch", "applied switch", "ended"]);
  });

  it("hands on what earlier steps gave, and to a waiting one what it noted", async () => {
    const seen: StepContext[] = [];
    const steps = [
      step("stage"),
      step("watch", {
        apply: async (context) => {
          seen.push(context);
          return seen.length < 3
            ? { kind: "waiting", waitsFor: "requests", forMs: 5_000, because: "too few", noted: { looks: seen.length } }
            : { kind: "done", gives: {} };
        },
      }),
    ];
    begin(steps);
    await run(steps);
    expect(seen.map(({ given, noted, attempt }) => ({ given, noted, attempt }))).toEqual([
      { given: { stage: "given" }, noted: {}, attempt: 1 },
      { given: { stage: "given" }, noted: { looks: 1 }, attempt: 2 },
      { given: { stage: "given" }, noted: { looks: 2 }, attempt: 3 },
    ]);
  });

  it("takes what the world has already for done, and does not make it again", async () => {
    const steps = [step("stage", { probe: async () => ({ found: "present", gives: { from: "the world" } }) })];
    begin(steps);
    await run(steps);
    expect(history).not.toContain("apply stage");
    expect(open.journal.read(UPDATE)).toContainEqual(expect.objectContaining({ kind: "applied", gives: { from: "the world" } }));
  });

  it("touches nothing where the world is not as expected", async () => {
    const steps = [step("stage", { probe: async () => ({ found: "blocked", code: "CONFLICT", because: "somebody else's files are there" }) })];
    begin(steps);
    await run(steps);
    expect(history).not.toContain("apply stage");
    expect(end()).toMatchObject({ kind: "ended", outcome: "refused", because: "somebody else's files are there" });
  });

  it("keeps the sentence and the advice of what failed, and never the cause's text", async () => {
    const steps = [
      step("stage", {
        apply: async () => {
          throw new InstarError("BUILD_FAILED", "it does not build", { cause: new Error("secret stack"), advice: "Read the log." });
        },
      }),
    ];
    begin(steps);
    await run(steps);
    expect(open.journal.read(UPDATE)).toContainEqual(
      expect.objectContaining({ kind: "failed", code: "BUILD_FAILED", because: "it does not build. Read the log.", transient: false }),
    );
  });

  it("frees the reserve before it goes back", async () => {
    const steps = [step("switch", { exchanges: true, apply: () => Promise.reject(new InstarError("UNHEALTHY", "no")) })];
    begin(steps);
    await run(steps);
    expect(history).toEqual(["applying switch", "failed switch", "free the reserve", "undoing switch", "undo switch", "undone switch", "ended"]);
  });

  it("tells an undo what the operator allowed when it was stuck, and not before", async () => {
    const allowed: boolean[] = [];
    const steps = [
      step("switch", {
        exchanges: true,
        apply: async () => ({ kind: "refused", code: "MISBEHAVED", because: "no" }),
        undo: async ({ mayLoseWrites }) => {
          allowed.push(mayLoseWrites);
          if (!mayLoseWrites) throw new InstarError("ROLLBACK_FAILED", "writes would be lost");
          return {};
        },
      }),
    ];
    begin(steps);
    await run(steps, { onEntry: (entry) => entry.kind === "stuck" && tell({ kind: "resolved", how: "retry", by: "ada", mayLoseWrites: true }) });
    expect(allowed).toEqual([false, true]);
    expect(end()).toMatchObject({ outcome: "rolled-back" });
  });

  it("quarantines what was rolled back, in the transaction of the end", async () => {
    const steps = [
      step("build", { apply: async () => ({ kind: "done", gives: { digest: "d1" } }) }),
      step("switch", { exchanges: true, apply: async () => ({ kind: "refused", code: "MISBEHAVED", because: "500 all over" }) }),
    ];
    begin(steps);
    await run(steps);
    expect(open.database.prepare("SELECT digest, update_id, because FROM quarantine").all()).toEqual([
      { digest: "d1", update_id: UPDATE, because: "500 all over" },
    ]);
  });

  it("does not quarantine what was cancelled or refused", async () => {
    const steps = [
      step("build", { apply: async () => ({ kind: "done", gives: { digest: "d1" } }) }),
      step("decide", { apply: async () => ({ kind: "refused", code: "VALIDATION_FAILED", because: "no tests" }) }),
    ];
    begin(steps);
    await run(steps);
    expect(open.database.prepare("SELECT * FROM quarantine").all()).toEqual([]);
  });
});

describe("being interrupted", () => {
  it("a call ends an interruptible step, which is then undone and not called failed", async () => {
    const steps = [
      step("build", {
        interruptible: true,
        apply: ({ signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
            tell({ kind: "cancel-requested", by: "ada", because: "ada cancelled it" });
          }),
      }),
    ];
    begin(steps);
    await run(steps);
    expect(open.journal.read(UPDATE).map((entry) => entry.kind)).toEqual(["started", "applying", "cancel-requested", "undoing", "undone", "ended"]);
    expect(end()).toMatchObject({ outcome: "cancelled" });
  });

  it("a call leaves a step alone that touches what serves", async () => {
    let aborted = false;
    const steps = [
      step("switch", {
        exchanges: true,
        apply: async ({ signal }) => {
          tell({ kind: "cancel-requested", by: "ada", because: "ada cancelled it" });
          aborted = signal.aborted;
          return { kind: "done", gives: {} };
        },
      }),
    ];
    begin(steps);
    await run(steps);
    expect(aborted).toBe(false);
    expect(open.journal.read(UPDATE).map((entry) => entry.kind)).toEqual(["started", "applying", "cancel-requested", "applied", "undoing", "undone", "ended"]);
  });

  it("a call ends a wait", async () => {
    open.close();
    const clock = new SimulatedClock();
    open = openJournal(clock);
    const steps = [
      step("approve", { apply: async () => ({ kind: "waiting", waitsFor: "approval", forMs: 86_400_000, because: "nobody answered", noted: {} }) }),
    ];
    begin(steps);
    const running = run(steps);
    await expect.poll(() => clock.sleepers, { timeout: 40_000 }).toBe(1);
    tell({ kind: "cancel-requested", by: "ada", because: "enough" });
    await running;
    expect(end()).toMatchObject({ outcome: "cancelled", because: "enough" });
  });

  it("the daemon's own end leaves the step begun, and the next daemon goes on", async () => {
    const stop = new AbortController();
    const steps = [
      step("build", {
        apply: async ({ signal, attempt }) => {
          if (attempt === 1) stop.abort(new Error("told to end"));
          signal.throwIfAborted();
          return { kind: "done", gives: {} };
        },
      }),
    ];
    begin(steps);
    await expect(run(steps, {}, stop.signal)).rejects.toThrow("told to end");
    expect(end()).toMatchObject({ kind: "applying", step: "build" });
    await run(steps);
    expect(end()).toMatchObject({ outcome: "committed" });
  });
});

describe("a daemon that has been replaced", () => {
  it("stops at its next write and makes no effect after it", async () => {
    const steps = [
      step("stage", {
        apply: async () => {
          takeEpoch(open.database);
          return { kind: "done", gives: {} };
        },
      }),
      step("switch"),
    ];
    begin(steps);
    await expect(run(steps)).rejects.toMatchObject({ code: "FENCED" });
    expect(history).toEqual(["applying stage"]);
    expect(end()).toMatchObject({ kind: "applying", step: "stage" });
  });

  it("does not take the keeper's refusal for a failure of the step", async () => {
    const steps = [step("switch", { exchanges: true, apply: () => Promise.reject(new InstarError("FENCED", "the keeper obeys another")) })];
    begin(steps);
    await expect(run(steps)).rejects.toMatchObject({ code: "FENCED" });
    expect(end()).toMatchObject({ kind: "applying" });
  });

  it("leaves a later daemon no doubt: damage found by a step is nobody's rollback", async () => {
    const steps = [step("back-up", { apply: () => Promise.reject(new InstarError("DATA_DAMAGED", "not as we left it")) })];
    begin(steps);
    await expect(run(steps)).rejects.toMatchObject({ code: "DATA_DAMAGED" });
    expect(end()).toMatchObject({ kind: "applying" });
  });
});

describe("definitions that an update began with", () => {
  it("are pinned with what going back must know", () =>
    expect(
      pinSteps([
        step("stage"),
        step("look", { undo: { needless: "it only looks" } }),
        step("post", { undo: { impossible: "it is posted" }, exchanges: true, endsLease: true }),
      ]),
    ).toEqual([
      { id: "stage", version: 1, title: "Do stage" },
      { id: "look", version: 1, title: "Do look", undoNeedless: "it only looks" },
      { id: "post", version: 1, title: "Do post", undoImpossible: "it is posted", exchanges: true, endsLease: true },
    ]));

  it("are asked for before anything moves: another version is another step", () => {
    begin([step("stage")]);
    const journal = open.journal.read(UPDATE);
    expect(() => assertStepsKnown(journal, [step("stage")])).not.toThrow();
    expect(() => assertStepsKnown(journal, [step("stage", { version: 2 })])).toThrow(expect.objectContaining({ code: "DATA_TOO_NEW" }));
  });
});
