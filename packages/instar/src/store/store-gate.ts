import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { acquireExclusiveLock, type ExclusiveLock, readLockHolder } from "../platform/exclusive-lock.ts";
import type { StoreFiles } from "./store-files.ts";
import { TEMPORARY_PACK } from "./store-writer.ts";

/**
 * Who may change the store when. Writers only ever add packs of names of their own, so those of one process go side by side: an exchange that
 * holds requests must not wait for a long backup. A sweep is alone, and ends early when a writer comes. Other processes are refused.
 */
export class StoreGate {
  readonly #folder: string;
  readonly #packs: string;
  readonly #files: StoreFiles;
  #inside = 0;
  #lock: Promise<ExclusiveLock> | undefined;
  #sweep: { ended: Promise<unknown>; isWanted: boolean } | undefined;
  #waiting: (() => void)[] = [];

  constructor(folder: string, packs: string, files: StoreFiles) {
    this.#folder = folder;
    this.#packs = packs;
    this.#files = files;
  }

  async enter<Result>(act: () => Promise<Result>): Promise<Result> {
    while (this.#sweep !== undefined) {
      this.#sweep.isWanted = true;
      await this.#sweep.ended;
    }
    this.#inside += 1;
    try {
      await this.#hold();
      return await act();
    } finally {
      this.#inside -= 1;
      if (this.#inside === 0) await this.#letGo();
    }
  }

  /** @param act asks now and then whether somebody wants in */
  async close<Result>(act: (isWanted: () => boolean) => Promise<Result>): Promise<Result> {
    while (this.#inside > 0 || this.#sweep !== undefined)
      if (this.#sweep !== undefined) await this.#sweep.ended;
      else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let end = () => {};
    const sweep = { ended: new Promise<void>((resolve) => (end = resolve)), isWanted: false };
    this.#sweep = sweep;
    try {
      if (existsSync(this.#packs)) await this.#hold();
      return await act(() => sweep.isWanted);
    } finally {
      await this.#letGo();
      this.#sweep = undefined;
      end();
    }
  }

  async #hold(): Promise<void> {
    this.#lock ??= this.#acquire();
    const lock = this.#lock;
    await lock.catch((error: unknown) => {
      if (this.#lock === lock) this.#lock = undefined;
      throw error;
    });
  }

  async #acquire(): Promise<ExclusiveLock> {
    const path = join(this.#folder, "lock");
    const lock = await acquireExclusiveLock(path);
    if (lock === undefined) {
      const holder = await readLockHolder(path);
      throw new InstarError("CONFLICT", `Process ${holder?.pid ?? "unknown"} is writing to the store`, {
        facts: { store: this.#folder, ...(holder === undefined ? {} : { pid: holder.pid }) },
        advice: "Wait until it has finished, then try again.",
        transient: true,
      });
    }
    // What writers of a process left that was killed. Nobody else writes now.
    for (const name of readdirSync(this.#packs)) if (TEMPORARY_PACK.test(name)) await this.#files.remove(join(this.#packs, name));
    return lock;
  }

  async #letGo(): Promise<void> {
    const lock = this.#lock;
    this.#lock = undefined;
    await lock?.then(
      (held) => held.release(),
      () => {},
    );
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
