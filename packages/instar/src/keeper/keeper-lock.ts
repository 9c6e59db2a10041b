import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InstarError } from "@instar/protocol";
import { explainFileError, writeFileDurably } from "../platform/durable-files.ts";
import { acquireExclusiveLock, type ExclusiveLock, readLockHolder } from "../platform/exclusive-lock.ts";
import { readProcessIdentity } from "../platform/process-identity.ts";
import { withReserve } from "../platform/with-reserve.ts";

/**
 * Makes two keepers of one instance impossible. Who has it is the keeper, and says so in `keeper/pid` (its pid, and below it when it was
 * started): the daemon, or a service manager whose main process ends, looks there whether another has taken its place. A keeper that ends
 * because it was told to leaves no such file.
 */
export class KeeperLock {
  readonly #home: string;
  readonly #say: (line: string) => void;
  #lock: ExclusiveLock | undefined;

  /** @param home the keeper's own folder in the instance's data folder */
  constructor(home: string, say: (line: string) => void) {
    this.#home = home;
    this.#say = say;
  }

  /** @throws InstarError ALREADY_RUNNING */
  async take(): Promise<void> {
    const path = join(this.#home, "lock");
    this.#lock = await acquireExclusiveLock(path);
    if (this.#lock === undefined)
      throw new InstarError("ALREADY_RUNNING", `another keeper runs on this data folder (pid ${(await readLockHolder(path))?.pid ?? "unknown"})`, {
        facts: { folder: this.#home },
        advice: "`instar status` shows it; `instar down` ends it.",
      });
    const self = await readProcessIdentity(process.pid);
    const record = () => writeFileDurably(this.#pidPath, `${process.pid}\n${self?.startedAt ?? ""}\n`);
    // Without it others start a keeper that finds the lock taken, which is no reason not to keep the agent.
    await withReserve(dirname(this.#home), record).catch((error: unknown) => this.#say(explainFileError(error, "the pid was not written").message));
  }

  /** Another keeper may take it: this one goes on, or ends without having been told to. */
  letGo(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }

  /** The end that was asked for: nobody is to follow. */
  async end(): Promise<void> {
    await rm(this.#pidPath, { force: true }).catch((error: unknown) => this.#say(explainFileError(error, "the pid was not removed").message));
    this.letGo();
  }

  get #pidPath(): string {
    return join(this.#home, "pid");
  }
}
