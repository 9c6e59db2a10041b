import { InstarError } from "@instar/protocol";
import type { Change } from "./change.ts";
import { type ChangePlace, findUndoConflict, makeChange, tidyChange, undoChange } from "./change-file.ts";
import type { EditPlan } from "./edit.ts";
import { type EditDisk, realEditDisk } from "./edit-disk.ts";
import { EditStore, type Prepared } from "./edit-store.ts";
import { assertRoom, type PlannedEdits, planEdits } from "./plan-edits.ts";
import type { EditReach } from "./plan-target.ts";
import { undoConflict } from "./undo-conflict.ts";

/**
 * Edits as one transaction. No file system changes many files at once: each file is whole at every moment, and that all or none are changed is
 * kept by what is written down before: `prepare`, `keep` and `apply` may each be killed and begun again, and `undo` takes back whatever was done.
 */
export class Edits {
  readonly store: EditStore;
  readonly #reach: Omit<EditReach, "sealed">;
  readonly #listSealed: () => Promise<readonly string[]>;
  readonly #disk: EditDisk;

  /** @param listSealed asked at each look: what may be edited today may be sealed tomorrow */
  constructor(reach: Omit<EditReach, "sealed">, disk: EditDisk = realEditDisk, listSealed: () => Promise<readonly string[]> = async () => []) {
    this.#reach = reach;
    this.#listSealed = listSealed;
    this.#disk = disk;
    this.store = new EditStore(reach.dataFolder, disk);
  }

  /** What a plan would do now. Changes nothing. */
  async look(plan: EditPlan, base: string | null): Promise<PlannedEdits> {
    return planEdits({
      reach: { ...this.#reach, sealed: await this.#listSealed() },
      edits: plan.edits,
      contentOf: (edit) => this.store.readContent(edit, base),
    });
  }

  /** Checks everything that can be checked, and puts the new contents down. @throws InstarError DISK_FULL */
  async prepare(id: string): Promise<PlannedEdits> {
    const planned = await this.look(await this.store.readPlan(id), null);
    if (planned.kind === "refused") return planned;
    await assertRoom(planned.changes);
    await this.store.writePrepared(id, planned.changes, planned.needless);
    return planned;
  }

  /**
   * Puts the inverse down: from here on going back is possible, and before it nothing is written. What was prepared is compared with what is there.
   * @returns in words what was changed meanwhile
   */
  async keep(id: string): Promise<string | undefined> {
    const plan = await this.store.readPlan(id);
    const { changes } = await this.store.readPrepared(id);
    const now = await this.look(plan, null);
    if (now.kind === "refused") return now.because;
    const changed = changes.find((change) => !now.changes.some((each) => isSameChange(change, each.change)));
    if (changed !== undefined || changes.length !== now.changes.length)
      return `${changed?.path ?? "a file"} was changed by somebody since the edits were prepared`;
    const was = new Map(now.changes.map((each) => [each.change.path, each.was]));
    await this.store.writeKept(
      id,
      changes.map((change) => was.get(change.path)),
    );
    return undefined;
  }

  /** @throws InstarError EDIT_CONFLICT, DISK_FULL, PLATFORM_FAILED; what is done by then is undone by `undo` */
  async apply(id: string): Promise<Prepared> {
    const prepared = await this.store.readPrepared(id);
    if (!(await this.store.isKept(id))) throw new InstarError("APPLY_FAILED", "what is there now was not kept, so nothing is edited", { facts: { edits: id } });
    for (const [index, change] of prepared.changes.entries()) await makeChange(change, () => this.store.readNew(id, index), this.#placeOf(id, index));
    return prepared;
  }

  /** What is in the way of undoing, in words, file by file. Changes nothing. */
  async findUndoConflicts(id: string): Promise<string[]> {
    if (!(await this.store.isKept(id))) return [];
    const { changes } = await this.store.readPrepared(id);
    const found = await Promise.all(changes.map((change, index) => findUndoConflict(change, this.#placeOf(id, index))));
    return found.filter((each) => each !== undefined);
  }

  /**
   * Takes back whatever `apply` did, newest first. Nothing is touched where somebody changed one of the files since.
   * @returns folders that stay because something else is in them now
   * @throws InstarError ROLLBACK_FAILED naming the files that somebody changed
   */
  async undo(id: string): Promise<{ readonly kept: readonly string[] }> {
    // Where the inverse was not whole, nothing was applied.
    if (!(await this.store.isKept(id))) return { kept: [] };
    const conflicts = await this.findUndoConflicts(id);
    if (conflicts.length > 0) throw undoConflict(id, conflicts);
    const { changes } = await this.store.readPrepared(id);
    const kept: string[] = [];
    for (const [index, change] of [...changes.entries()].toReversed()) {
      const left = await undoChange(change, () => this.store.readOld(id, index), this.#placeOf(id, index));
      if (left === "kept") kept.push(change.path);
    }
    return { kept };
  }

  /**
   * Takes away what is only needed on the way; the inverse stays.
   * @returns old files that somebody wrote into who had them open, while they were replaced: they stay
   */
  async tidy(id: string): Promise<{ readonly left: readonly string[] }> {
    const { changes } = await this.store.readPrepared(id);
    const left: string[] = [];
    for (const [index, change] of changes.entries()) left.push(...[(await tidyChange(change, this.#placeOf(id, index))) ?? []].flat());
    await this.store.removeNew(id);
    return { left };
  }

  /** Removes all that is known of edits, and what they left beside files. */
  async forget(id: string): Promise<void> {
    // A file's folder may be gone, and what was never prepared left nothing anywhere.
    await this.tidy(id).catch(() => undefined);
    await this.store.remove(id);
  }

  #placeOf(id: string, index: number): ChangePlace {
    return {
      disk: this.#disk,
      dataFolder: this.#reach.dataFolder,
      id,
      index,
      isBegun: () => this.store.isBegun(id, index),
      begin: () => this.store.markBegun(id, index),
    };
  }
}

function isSameChange(one: Change, other: Change): boolean {
  if (one.path !== other.path || one.kind !== other.kind) return false;
  if (one.kind !== "file" || other.kind !== "file") return true;
  return one.before?.digest === other.before?.digest && one.before?.mode === other.before?.mode && one.after?.digest === other.after?.digest;
}
