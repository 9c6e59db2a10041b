import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InstarError, type Outcome } from "@instar/protocol";
import { CrashPoints, SimulatedClock, SimulatedCrash, SimulatedWorld } from "@instar/testkit";
import { Facts } from "../database/facts.ts";
import { openDatabase } from "../database/open-database.ts";
import { Ledger } from "../ledger/ledger.ts";
import { InstanceTime } from "./instance-time.ts";
import { type Append, Journal, takeEpoch } from "./journal.ts";
import type { EntryBody, JournalEntry, UpdateId } from "./journal-entry.ts";
import { type Engine, pinSteps, runUpdate, Wake } from "./run-update.ts";
import { defineStep, type Step } from "./step.ts";
import { START } from "./tell-journal.testing.ts";

export type Behaviour = "well" | "fails" | "stumbles" | "refuses" | "waits" | "is blocked";

/** What the world does to one update. Beginnings are counted in the world, so a crash does not make it forget. */
export interface Scenario {
  /** What becomes of each beginning of a step, the last one repeated; all is well where nothing is said. */
  readonly steps?: Readonly<Record<string, readonly Behaviour[]>>;
  /** How each try to undo a step goes, the last one repeated. */
  readonly undos?: Readonly<Record<string, readonly ("well" | "fails" | "hopeless")[]>>;
  /** The step in which an operator cancels. */
  readonly cancelIn?: string;
  /** The step in which a newer version asks for the place. */
  readonly supersedeIn?: string;
  /** What a person answers when it is stuck. */
  readonly answer?: "retry" | "accept" | "abandon";
}

export interface Run {
  readonly journal: readonly JournalEntry[];
  readonly outcome: Outcome | undefined;
  readonly effects: readonly string[];
  /** What should never have happened, in words. */
  readonly broken: readonly string[];
  /** How many of the planned crashes were reached. */
  readonly crashed: number;
}

/** Steps with an effect on the world, and those that only look. */
const EFFECTS: ReadonlySet<string> = new Set(["prepare", "switch", "commit"]);
export const STEP_IDS = ["prepare", "look", "switch", "confirm", "commit"] as const;

/**
 * The real runner, planner, journal and ledger on a real database; only the steps' effects and the clock are simulated. `run` lives one
 * update through, killed at the given writes, each counted from the start of its life.
 */
export class CrashBench {
  readonly folder = mkdtempSync(join(tmpdir(), "instar-crash-"));
  readonly database = openDatabase(join(this.folder, "instar.db"));
  readonly clock = new SimulatedClock({ whenAsleep: "skip" });
  readonly ledger = new Ledger({ database: this.database, folder: join(this.folder, "ledger"), now: () => this.clock.wallMs(), key: null });
  #updates = 0;

  constructor() {
    // What is tested is the order of writes; losing power is not among the crashes here, so thousands of syncs are spared.
    this.database.exec("PRAGMA synchronous = OFF");
  }

  close(): void {
    this.database.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async run(scenario: Scenario, crashes: readonly number[]): Promise<Run> {
    this.#updates += 1;
    const life = new UpdateLife(this, scenario, `update-${this.#updates}` as UpdateId);
    return life.live(crashes);
  }
}

class UpdateLife {
  readonly #bench: CrashBench;
  readonly #scenario: Scenario;
  readonly #update: UpdateId;
  readonly #points = new CrashPoints();
  readonly #world = new SimulatedWorld(this.#points, (change, effect) => this.#assertAnnounced(change === "remove" ? "undoing" : "applying", effect));
  readonly #counts = new Map<string, number>();
  readonly #steps: readonly Step[];
  #newest: JournalEntry | undefined;

  constructor(bench: CrashBench, scenario: Scenario, update: UpdateId) {
    this.#bench = bench;
    this.#scenario = scenario;
    this.#update = update;
    this.#steps = STEP_IDS.map((id) => this.#defineStep(id));
  }

  async live(crashes: readonly number[]): Promise<Run> {
    this.#openJournal().append({ update: this.#update, attempt: 0, body: { kind: "started", steps: pinSteps(this.#steps), start: START }, ledger: [] });
    let crashed = 0;
    for (const number of [...crashes, undefined]) {
      this.#points.restart();
      this.#points.plan(number);
      try {
        await this.#liveOnce();
        break;
      } catch (error) {
        if (!(error instanceof SimulatedCrash)) throw error;
        crashed += 1;
      }
    }
    this.#points.restart();
    const journal = this.#openJournal().read(this.#update);
    const last = journal.at(-1);
    return {
      journal,
      outcome: last?.kind === "ended" ? last.outcome : undefined,
      effects: Object.keys(this.#world.look()),
      broken: this.#world.broken,
      crashed,
    };
  }

  async #liveOnce(): Promise<void> {
    const journal = this.#openJournal();
    const stop = new AbortController();
    const engine: Engine = {
      journal,
      steps: this.#steps,
      clock: this.#bench.clock,
      time: new InstanceTime(this.#bench.clock, new Facts(this.#bench.database), journal.read(this.#update).at(-1)?.tickMs ?? 0),
      onEntry: (entry) => this.#answer(journal, entry),
      onProgress: () => undefined,
      freeReserve: async () => undefined,
    };
    this.#answer(journal, journal.read(this.#update).at(-1));
    await runUpdate(this.#update, engine, new Wake(), stop.signal);
  }

  /** A new daemon: the next epoch, and a journal that can be cut off after any entry. */
  #openJournal(): Journal {
    const life = this;
    class CuttableJournal extends Journal {
      override append(given: Append): JournalEntry {
        life.#points.assertAlive();
        const entry = super.append(given);
        life.#assertTrue(entry);
        life.#points.pass(`${entry.kind} ${"step" in entry ? entry.step : ""}`);
        return entry;
      }
    }
    const { database, ledger, clock } = this.#bench;
    return new CuttableJournal(database, ledger, new InstanceTime(clock, new Facts(database), 0), takeEpoch(database));
  }

  #answer(journal: Journal, entry: JournalEntry | undefined): void {
    const { answer } = this.#scenario;
    if (entry?.kind === "stuck" && answer !== undefined) this.#tell(journal, { kind: "resolved", how: answer, by: "ada", mayLoseWrites: false });
  }

  #tell(journal: Journal, body: EntryBody): void {
    journal.append({ update: this.#update, attempt: 0, body, ledger: [] });
  }

  #defineStep(id: string): Step {
    const hasEffect = EFFECTS.has(id);
    return defineStep({
      id,
      version: 1,
      title: id,
      ...(id === "switch" ? { exchanges: true as const } : {}),
      ...(id === "confirm" ? { endsLease: true as const } : {}),
      interruptible: !hasEffect,
      probe: async () => {
        if (this.#peek(id, "apply", this.#scenario.steps?.[id]) === "is blocked") return { found: "blocked", code: "CONFLICT", because: `${id} is blocked` };
        const found = hasEffect ? this.#world.find(id) : "absent";
        return found === "present" ? { found, gives: { [id]: "done" } } : { found };
      },
      apply: async () => {
        this.#hearOutside(id);
        const behaviour = this.#next(id, "apply", this.#scenario.steps?.[id]);
        if (behaviour === "refuses") return { kind: "refused", code: "VALIDATION_FAILED", because: `${id} refused` };
        if (behaviour === "waits") return { kind: "waiting", waitsFor: "a sign", forMs: 1_000, because: "no sign yet", noted: {} };
        if (behaviour === "fails" || behaviour === "stumbles") {
          // In the middle of its effect: had it been whole, a step that died before it could say so would be found to have worked.
          if (hasEffect) this.#world.begin(id);
        } else if (hasEffect) this.#world.make(id);
        if (behaviour === "fails") throw new InstarError("APPLY_FAILED", `${id} failed`);
        if (behaviour === "stumbles") throw new InstarError("SOURCE_GONE", `${id} stumbled`, { transient: true });
        return { kind: "done", gives: { [id]: "done", digest: "d1" } };
      },
      undo: hasEffect
        ? async () => {
            const behaviour = this.#next(id, "undo", this.#scenario.undos?.[id]);
            if (behaviour === "hopeless") throw new InstarError("ROLLBACK_FAILED", `${id} is for a person`);
            if (behaviour === "fails") throw new InstarError("PLATFORM_FAILED", `${id} would not go`);
            this.#world.remove(id);
            return {};
          }
        : { needless: "it only looks" },
      describe: () => id,
    });
  }

  /** An operator or upstream has a word while the step is under way, once. */
  #hearOutside(id: string): void {
    const journal = this.#openOutside();
    const has = (kind: EntryBody["kind"]) => journal.read(this.#update).some((entry) => entry.kind === kind);
    if (this.#scenario.cancelIn === id && !has("cancel-requested")) this.#tell(journal, { kind: "cancel-requested", by: "ada", because: "ada cancelled it" });
    if (this.#scenario.supersedeIn === id && !has("supersede-requested"))
      this.#tell(journal, { kind: "supersede-requested", by: "upstream", because: "1.2.0 is new" });
  }

  /** The same daemon's other hand: its epoch, not a new one. */
  #openOutside(): Journal {
    const { database, ledger, clock } = this.#bench;
    const { epoch } = database.prepare("SELECT epoch FROM lease").get() as { epoch: number };
    return new Journal(database, ledger, new InstanceTime(clock, new Facts(database), 0), epoch);
  }

  #peek<Word>(id: string, what: string, words: readonly Word[] | undefined): Word | undefined {
    return words?.[Math.min(this.#counts.get(`${what} ${id}`) ?? 0, words.length - 1)];
  }

  #next<Word>(id: string, what: string, words: readonly Word[] | undefined): Word | undefined {
    const word = this.#peek(id, what, words);
    this.#counts.set(`${what} ${id}`, (this.#counts.get(`${what} ${id}`) ?? 0) + 1);
    return word;
  }

  /** No effect without an entry before it. */
  #assertAnnounced(kind: "applying" | "undoing", effect: string): void {
    const newest = this.#newest;
    if (newest?.kind !== kind || newest.step !== effect) this.#world.broken.push(`${effect} was changed without '${kind}' before it, after '${newest?.kind}'`);
  }

  /** No entry that says more than is true. */
  #assertTrue(entry: JournalEntry): void {
    this.#newest = entry;
    if (entry.kind === "applied" && EFFECTS.has(entry.step) && this.#world.find(entry.step) !== "present")
      this.#world.broken.push(`'applied ${entry.step}' was written before it was so`);
    if (entry.kind === "undone" && this.#world.find(entry.step) !== "absent") this.#world.broken.push(`'undone ${entry.step}' was written before it was so`);
  }
}
