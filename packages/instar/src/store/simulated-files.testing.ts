import { CrashPoints } from "@instar/testkit";
import { type StoreFile, type StoreFiles, systemStoreFiles } from "./store-files.ts";

export interface PlannedFault {
  /** Which of the writes from now, counted from 0. */
  readonly number: number;
  readonly code: "ENOSPC" | "EIO" | "EROFS";
  /** persisted: it is on the disk all the same. */
  readonly mode: "failed" | "persisted";
}

/** The real disk, which refuses one write, or after one of which this life ends. */
export class SimulatedFiles implements StoreFiles {
  readonly crash = new CrashPoints();
  #fault: PlannedFault | undefined;
  #number = 0;
  /** What was met, in its order. */
  readonly names: string[] = [];

  plan(fault?: PlannedFault): void {
    this.#fault = fault;
    this.#number = 0;
    this.names.length = 0;
  }

  async create(path: string): Promise<StoreFile> {
    let file: StoreFile | undefined;
    try {
      await this.#meet("create", async () => {
        file = await systemStoreFiles.create(path);
      });
    } catch (error) {
      await file?.close();
      throw error;
    }
    const real = file as StoreFile;
    return {
      write: (bytes) => this.#meet("write", () => real.write(bytes)),
      sync: () => this.#meet("sync", () => real.sync()),
      close: () => real.close(),
    };
  }

  rename(from: string, to: string): Promise<void> {
    return this.#meet("rename", () => systemStoreFiles.rename(from, to));
  }

  syncFolder(path: string): Promise<void> {
    return this.#meet("sync folder", () => systemStoreFiles.syncFolder(path));
  }

  remove(path: string): Promise<void> {
    return this.#meet("remove", () => systemStoreFiles.remove(path));
  }

  writeFileDurably(path: string, data: string | Uint8Array): Promise<void> {
    return this.#meet("write durably", () => systemStoreFiles.writeFileDurably(path, data));
  }

  /** Nothing of it can be seen without cutting the power, and it costs a process each time. */
  async syncTree(): Promise<void> {
    this.crash.assertAlive();
  }

  async #meet(name: string, act: () => Promise<void>): Promise<void> {
    this.crash.assertAlive();
    this.names.push(name);
    const fault = this.#number === this.#fault?.number ? this.#fault : undefined;
    this.#number += 1;
    if (fault?.mode === "failed") throw refusal(fault);
    await act();
    if (fault !== undefined) throw refusal(fault);
    this.crash.pass(name);
  }
}

const refusal = ({ code }: PlannedFault) => Object.assign(new Error(`${code}: simulated`), { code });
