import type { LedgerEntry, LedgerStatement } from "../ledger/ledger-entry.ts";
import type { EntryBody, Gives, PinnedStep, UpdateId, UpdateStart } from "../update/journal-entry.ts";
import { planLedgerStatements } from "../update/plan-ledger-statements.ts";
import { applied, ended, failed, START, undoing, undone } from "../update/tell-journal.testing.ts";

const DAEMON = { type: "system", id: "daemon" } as const;
const step = (id: string): PinnedStep => ({ id, version: 1, title: id });

/** The steps of each sort of update, shortened to those that tell something. */
export const CODE = ["fetch", "analyse", "build", "validate", "rehearse", "decide", "approve", "back-up", "switch", "confirm", "watch", "commit"];
export const CONFIGURATION = ["prepare-edits", "keep-before", "stop-agent", "apply-edits", "start-agent", "confirm-agent", "tidy-edits"];
export const GOING_BACK = ["check-release", "back-up", "switch", "confirm", "commit"];
export const RESTORING = ["check-backup", "keep-today", "put-back", "confirm", "commit"];
export const WATCHING_AGAIN = ["check-release", "switch", "confirm", "watch", "commit"];

/** What steps give, as the real ones do. */
export const GIVES: Readonly<Record<string, Gives>> = {
  analyse: { updateType: "patch", risk: "low", bump: "patch" },
  validate: { tests: "pass", testsBecause: "3 tests passed" },
  rehearse: { rehearsalVerdict: "pass", rehearsalBecause: "11 of 11 findings pass" },
  decide: { comesTo: "proceed", decision: "it may proceed" },
  switch: { slot: "green", tookMs: 400 },
  "put-back": { slot: "green", tookMs: 900, restoredBytes: 12 },
  watch: { watched: "0 of 300 requests failed", watchedRequests: 300, watchedFailed: 0, watchedMs: 4_000 },
};

/** A ledger in the words of the real engine, told a second apart. Time goes on by `after`. */
export class ToldLedger {
  readonly entries: LedgerEntry[] = [];
  readonly #starts = new Map<string, UpdateStart>();
  #nowMs: number;

  constructor(from = "2026-03-01T00:00:00.000Z") {
    this.#nowMs = Date.parse(from);
  }

  after(ms: number): this {
    this.#nowMs += ms;
    return this;
  }

  say(statement: Partial<LedgerStatement> & Pick<LedgerStatement, "event">): this {
    const at = new Date(this.#nowMs).toISOString();
    this.entries.push({ actor: DAEMON, description: "", success: true, ...statement, index: this.entries.length, at, previous: "" });
    return this.after(1_000);
  }

  detect(version: string, commit = `c${version}`): this {
    return this.say({ event: "UPDATE_DETECTED", description: `upstream has ${version}`, versionTo: version, details: { commit, ref: "refs/heads/main" } });
  }

  begin(id: string, steps: readonly string[] = CODE, start: Partial<UpdateStart> = {}): this {
    const versionTo = start.versionTo ?? "1.1.0";
    this.#starts.set(id, { ...START, commit: `c${versionTo}`, ...start });
    return this.write(id, { kind: "started", steps: steps.map(step), start: this.#startOf(id) });
  }

  write(id: string, body: EntryBody, given: Gives = {}): this {
    for (const statement of planLedgerStatements(id as UpdateId, this.#startOf(id), body, given)) this.say(statement);
    return this;
  }

  done(id: string, steps: readonly string[], gives: Readonly<Record<string, Gives>> = {}): this {
    for (const each of steps) this.write(id, applied(each, { ...GIVES[each], ...gives[each] }));
    return this;
  }

  /** All steps, and the end. */
  commit(id: string, steps: readonly string[] = CODE, gives: Readonly<Record<string, Gives>> = {}): this {
    return this.done(id, steps, gives).write(id, ended("committed", "every step is done"));
  }

  /** A refusal before the exchange. */
  refuse(id: string, at: string, because = "it broke"): this {
    return this.done(id, CODE.slice(0, CODE.indexOf(at)))
      .write(id, failed(at, because))
      .write(id, undoing("build"))
      .write(id, undone("build"))
      .write(id, ended("refused", because));
  }

  /** Exchanged, found bad under watch, and taken back. */
  goBack(id: string, because = "26 of 79 requests failed"): this {
    return this.done(id, CODE.slice(0, CODE.indexOf("watch")))
      .write(id, { kind: "failed", step: "watch", code: "MISBEHAVED", because, transient: false })
      .write(id, undoing("switch"))
      .write(id, undone("switch", { tookMs: 500, writesSince: 27 }))
      .write(id, ended("rolled-back", because), { digest: "d1" });
  }

  #startOf(id: string): UpdateStart {
    return this.#starts.get(id) ?? START;
  }
}
