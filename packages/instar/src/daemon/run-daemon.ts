import { InstarError } from "@instar/protocol";
import { transact } from "../database/open-database.ts";
import { BUCKET_MS } from "../observation/metrics-bucket.ts";
import { ensureReserve, freeReserve, readFreeBytes } from "../platform/disk-space.ts";
import { removeTree } from "../platform/durable-files.ts";
import { reservePathOf } from "../platform/with-reserve.ts";
import { nextRuns } from "../schedule/parse-schedule.ts";
import type { EntryBody, JournalEntry, UpdateId } from "../update/journal-entry.ts";
import { planHappenings } from "../update/plan-happenings.ts";
import { planLedgerStatements } from "../update/plan-ledger-statements.ts";
import { foldGives } from "../update/plan-next-move.ts";
import { planWatchAgain } from "../update/plan-watch-again.ts";
import { assertStepsKnown, runUpdate, startOf, Wake } from "../update/run-update.ts";
import { dismissAnnounced } from "./announced-releases.ts";
import { beginUpdate } from "./begin-update.ts";
import { guardRelease } from "./guard-release.ts";
import { type Instance, readStanding } from "./instance.ts";
import { Lookout } from "./lookout.ts";
import { noteBreaker } from "./note-breaker.ts";
import { noteClock } from "./note-clock.ts";
import { noteLedgerTrouble } from "./note-ledger-trouble.ts";
import { runTasks } from "./run-tasks.ts";
import { sweepEdits } from "./sweep-edits.ts";
import { planTaskTools } from "./task-tools.ts";
import { aboutOf, noteHappenings, tellPeople } from "./tell-people.ts";
import { keepSecretsOut, retainOldEntries } from "./tend-ledger.ts";
import { tendSelf } from "./tend-self.ts";

/** How often the driver looks for an update to drive, and how often time and reserve are seen to. */
const IDLE_NAP_MS = 300;
const HOUSEKEEPING_MS = 5_000;
/** Long beside a sync, short beside whoever looks. */
const SOON_MS = 250;
const RETAIN_EVERY_MS = 86_400_000;
/** How often the files of the release that serves are looked at: a walk through its tree, some hundred milliseconds for ten thousand files. */
const GUARD_MS = 15_000;
/** How often what was recorded long ago is made smaller. */
const THIN_EVERY_MS = 600_000;
/** After a disk that was full: the next try begins from the journal, as after a crash. */
const FULL_DISK_NAP_MS = 2_000;
/** Less than this may hold a step's first entry and not its last: each try would look like a step that took the daemon down. */
const ROOM_TO_GO_ON_BYTES = 1_048_576;

/**
 * Decides and records. Loops that share nothing but the journal: one asks each source, one drives the update that has not ended, others see to what serves.
 * It may be killed at any instant; the next one reads the journal and goes on.
 */
export class Daemon {
  readonly instance: Instance;
  readonly #say: (line: string) => void;
  readonly #wake = new Wake();
  readonly #listeners = new Set<(entry: JournalEntry) => void>();
  readonly #progress = new Map<UpdateId, { step: string; line: string }>();
  readonly #over = new AbortController();
  #isDraining = false;
  /** Asks the sources. */
  readonly lookout: Lookout;

  constructor(instance: Instance, say: (line: string) => void) {
    this.instance = instance;
    this.#say = say;
    this.lookout = new Lookout(instance, {
      say,
      supersede: (because, signal) => this.supersede(because, signal),
      nextScheduledMs: planScheduledLook(instance),
    });
    for (const update of instance.journal.unfinished()) assertStepsKnown(instance.journal.read(update), instance.definitions);
  }

  /** Aborted when the loops have ended: what else is at work for a face must not keep the process. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Runs until `stop`. @throws when it no longer knows what is on disk: the caller ends the process, and the next start decides */
  async run(stop: AbortSignal): Promise<void> {
    await keepSecretsOut(this.instance);
    await this.#drainLedger();
    await this.#removeUnfinishedBackups();
    // A crash right after the end of an update: what follows an end is still to be done.
    if (this.instance.journal.unfinished().length === 0) await this.#tidy();
    noteBreaker(this.instance, this.#say);
    dismissAnnounced(this.instance, "Instar ended before it had asked upstream for it");
    this.#watchAgain();
    const failed = new AbortController();
    const until = AbortSignal.any([stop, failed.signal]);
    const loops = [
      this.#drive(until),
      this.lookout.run(until),
      this.#keepHouse(until),
      this.#guard(until),
      this.#observe(until),
      tellPeople(this.instance, this.#say, until),
      tendSelf(this.instance, this.#say, until),
      runTasks(this.instance, planTaskTools(this.instance, this.lookout), this.#say, until),
    ].map((loop) =>
      loop.catch((error: unknown) => {
        if (!until.aborted) failed.abort(error);
      }),
    );
    await Promise.all(loops);
    this.#over.abort(new InstarError("CANCELLED", "the daemon ends"));
    await this.instance.ledger.drain().catch(() => undefined);
    if (failed.signal.aborted) throw failed.signal.reason;
  }

  async #drive(until: AbortSignal): Promise<void> {
    const { instance } = this;
    while (!until.aborted) {
      const [update] = instance.journal.unfinished();
      if (update === undefined) {
        await instance.rooms.clock.sleep(IDLE_NAP_MS, until);
        continue;
      }
      try {
        await runUpdate(update, this.#engine(), this.#wake, until);
        await this.#ended(update);
        this.#watchAgain();
      } catch (error) {
        until.throwIfAborted();
        if (!InstarError.is(error, "DISK_FULL")) throw error;
        this.#say(`${error.message}; freeing the reserve and trying again`);
        await freeReserve(reservePathOf(instance.folder)).catch(() => undefined);
        do await instance.rooms.clock.sleep(FULL_DISK_NAP_MS, until);
        while ((await readFreeBytes(instance.folder)) < ROOM_TO_GO_ON_BYTES);
      }
    }
  }

  #engine(): Parameters<typeof runUpdate>[1] {
    const { instance } = this;
    return {
      journal: instance.journal,
      steps: instance.definitions,
      clock: instance.rooms.clock,
      time: instance.time,
      freeReserve: () => freeReserve(reservePathOf(instance.folder)),
      onProgress: (update, step, line) => this.#progress.set(update, { step, line }),
      also: (update, start, body) => noteHappenings(instance, planHappenings(update, start, body, aboutOf(instance))),
      onEntry: (entry) => this.#told(entry),
    };
  }

  /**
   * Files that are not those which this daemon's database wrote are not written on top of, and the agent is minded all the same: what happens waits in the
   * outbox, nothing begins by itself, and people are told. @throws InstarError DISK_FULL, PLATFORM_FAILED
   */
  async #drainLedger(): Promise<void> {
    try {
      await this.instance.ledger.drain();
    } catch (error) {
      if (!InstarError.is(error, "LEDGER_DAMAGED")) throw error;
    }
    noteLedgerTrouble(this.instance, this.#say);
  }

  /** What comes in quick succession goes to the files together: a signed head for each would cost more than the entries. */
  async #drainSoon(): Promise<void> {
    if (this.#isDraining) return;
    this.#isDraining = true;
    await this.instance.rooms.clock.sleep(SOON_MS, this.over).catch(() => undefined);
    this.#isDraining = false;
    if (this.instance.database.isOpen) await this.instance.ledger.drain().catch(() => undefined);
  }

  #told(entry: JournalEntry): void {
    this.#say(renderEntryLine(entry));
    for (const listener of this.#listeners) listener(entry);
    // The entry is durable in the outbox; the files follow. A disk that refuses now is asked again by housekeeping.
    void this.#drainSoon();
  }

  async #ended(update: UpdateId): Promise<void> {
    this.#progress.delete(update);
    this.lookout.soon();
    noteBreaker(this.instance, this.#say);
    await this.#tidy();
  }

  async #tidy(): Promise<void> {
    const { rooms, folder } = this.instance;
    // Between updates nothing there is of use: a build's home may hold a package manager's whole cache.
    await removeTree(`${folder}/scratch`).catch((error: unknown) => this.#say(`the scratch folder could not be removed: ${String(error)}`));
    await rooms.releases.sweep([]).catch((error: unknown) => this.#say(`leftovers could not be swept: ${String(error)}`));
    await sweepEdits(this.instance).catch((error: unknown) => this.#say(`what is left of edits could not be swept: ${String(error)}`));
    await ensureReserve(reservePathOf(folder), this.instance.settings.keep.reserve).catch(() => undefined);
  }

  /** What a daemon was taking that was killed: nothing half is kept. Called before anybody can take another. */
  async #removeUnfinishedBackups(): Promise<void> {
    const { rooms } = this.instance;
    const referenced = new Set(rooms.referencedSnapshots());
    try {
      for (const { id, state } of await rooms.snapshots.list()) if (state === "unfinished" && !referenced.has(id)) await rooms.snapshots.remove(id);
    } catch (error) {
      this.#say(`unfinished backups could not be removed: ${String(error)}`);
    }
  }

  /** Nothing serves unwatched. See planWatchAgain. */
  #watchAgain(): void {
    const { instance } = this;
    if (instance.journal.unfinished().length > 0) return;
    const again = planWatchAgain(readStanding(instance));
    if (again === undefined) return;
    this.#say(`${again.versionTo} serves and was not watched to the end: it is watched again`);
    beginUpdate(instance, {
      kind: "code",
      target: instance.name,
      ref: "release",
      ...again,
      trigger: "watch-again",
      actor: { type: "system", id: "daemon" },
      overrides: {},
    });
  }

  /** See guardRelease. */
  async #guard(until: AbortSignal): Promise<void> {
    const { instance } = this;
    while (!until.aborted) {
      try {
        noteClock(instance, this.#say);
        await guardRelease(instance, this.#say);
      } catch (error) {
        until.throwIfAborted();
        if (!InstarError.is(error, "DISK_FULL")) throw error;
        this.#say(error.message);
      }
      await instance.rooms.clock.sleep(GUARD_MS, until);
    }
  }

  /** Records what is seen of the version that serves, so that a new one can be compared with it. A full disk leaves a gap, and nothing else. */
  async #observe(until: AbortSignal): Promise<void> {
    const { instance } = this;
    const { observer, clock } = instance.rooms;
    let thinnedAtTickMs = 0;
    while (!until.aborted) {
      try {
        await observer.tend();
        if (instance.time.tickMs() - thinnedAtTickMs >= THIN_EVERY_MS) {
          thinnedAtTickMs = instance.time.tickMs();
          observer.record.thin(thinnedAtTickMs, findWatchBegin(instance), countersOf(instance.settings));
        }
      } catch (error) {
        until.throwIfAborted();
        if (!InstarError.is(error, "DISK_FULL")) throw error;
        this.#say(`what was seen could not be recorded: ${error.message}`);
      }
      await clock.sleep(BUCKET_MS, until);
    }
  }

  /** The step's newest word, while it is at work. */
  progressOf(update: UpdateId, step: string): string | undefined {
    const progress = this.#progress.get(update);
    return progress?.step === step ? progress.line : undefined;
  }

  /** Writes an entry from outside the driver (a cancellation, an answer) and calls the driver. */
  tell(update: UpdateId, body: EntryBody): void {
    const journal = this.instance.journal.read(update);
    const { start } = startOf(journal);
    const entry = this.instance.journal.append({ update, attempt: 0, body, ledger: planLedgerStatements(update, start, body, foldGives(journal)) });
    this.#told(entry);
    this.#wake.call();
  }

  /** Closes the window of the update that is being watched, or takes back one that nobody met yet; returns once it has ended, or is stuck on its way. */
  async supersede(because: string, signal: AbortSignal): Promise<void> {
    const [update] = this.instance.journal.unfinished();
    if (update === undefined) return;
    this.tell(update, { kind: "supersede-requested", by: "upstream", because });
    const { journal, rooms } = this.instance;
    // One that is stuck waits for a person, perhaps for days: what comes next must not wait in here.
    while (journal.unfinished().includes(update) && journal.read(update).at(-1)?.kind !== "stuck") await rooms.clock.sleep(50, signal);
  }

  async #keepHouse(until: AbortSignal): Promise<void> {
    const { instance } = this;
    let retainedAtTickMs = Number.NEGATIVE_INFINITY;
    while (!until.aborted) {
      try {
        transact(instance.database, () => instance.time.store());
        await keepSecretsOut(instance);
        await this.#drainLedger();
        if (instance.time.tickMs() - retainedAtTickMs >= RETAIN_EVERY_MS && instance.ledger.trouble === null) {
          retainedAtTickMs = instance.time.tickMs();
          await retainOldEntries(instance, this.#say);
        }
        if (instance.journal.unfinished().length === 0) await ensureReserve(reservePathOf(instance.folder), instance.settings.keep.reserve);
      } catch (error) {
        until.throwIfAborted();
        if (!InstarError.is(error, "DISK_FULL")) throw error;
        this.#say(error.message);
      }
      await instance.rooms.clock.sleep(HOUSEKEEPING_MS, until);
    }
  }
}

/** Instance time from which on what was seen is still judged; null where nothing is watched. */
function findWatchBegin({ journal }: Instance): number | null {
  const [open] = journal.unfinished();
  const begun =
    open === undefined ? undefined : journal.read(open).find((entry) => entry.kind === "applying" && (entry.step === "trial" || entry.step === "watch"));
  return begun?.tickMs ?? null;
}

const countersOf = ({ watch }: Instance["settings"]): ReadonlySet<string> =>
  new Set(watch.metrics.filter(({ kind }) => kind === "counter").map(({ name }) => name));

function renderEntryLine(entry: JournalEntry): string {
  const step = "step" in entry ? ` ${entry.step}` : "";
  const because = "because" in entry ? `: ${entry.because}` : "";
  return `update ${entry.update} #${entry.seq} ${entry.kind}${step}${because}`;
}

/** When source.checkAt asks next; by source.checkEvery where it is not written. */
function planScheduledLook({ settings }: Instance): (afterMs: number) => number | null {
  const { checkAt } = settings.source;
  if (checkAt === undefined) return () => null;
  return (afterMs) => nextRuns(checkAt, afterMs, 1)[0] ?? null;
}
