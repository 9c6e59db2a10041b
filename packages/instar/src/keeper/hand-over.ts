import { InstarError } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import type { FrontCounts } from "./front/front-counts.ts";
import type { RetireOptions } from "./front/tunnels.ts";
import type { Keeper } from "./keeper.ts";
import type { KeeperLock } from "./keeper-lock.ts";
import { retireKeeper } from "./retire-keeper.ts";
import { Successor, type SuccessorOptions } from "./successor.ts";
import { pointAwayFromTheDead, type Tending } from "./tend-instance.ts";

export interface HandOverOptions {
  readonly successor: SuccessorOptions;
  readonly drainMs: number;
  readonly sockets: RetireOptions;
  readonly isManaged: boolean;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  readonly lock: KeeperLock;
  readonly keeper: () => Keeper;
  readonly tending: () => Tending;
  /** Aborted when this keeper was told to end. */
  readonly until: AbortSignal;
  readonly keepAgent: () => boolean;
}

/**
 * Puts another keeper in the place of this one, under traffic. The front accepts until the successor does, on the same socket; and until the
 * successor has said that it has everything, this keeper can go on as if nothing had been.
 */
export class HandOver {
  readonly #options: HandOverOptions;
  readonly #done = new AbortController();
  #retirement: { readonly successor: Successor; readonly counted: FrontCounts | null; readonly reached: Promise<void> } | undefined;
  #words: string | null = null;

  constructor(options: HandOverOptions) {
    this.#options = options;
  }

  /** Aborted when this keeper is no longer the keeper. */
  get isDone(): AbortSignal {
    return this.#done.signal;
  }

  /** For `status`; null while none is going on. */
  describe(): string | null {
    return this.#words;
  }

  /**
   * Resolves when the successor can be reached.
   * @throws InstarError why there is none; unless `isDone`, this keeper goes on
   */
  async run(): Promise<void> {
    const { clock, say, successor: options, until, tending } = this.#options;
    try {
      await this.#waitUntilAlone();
      this.#words = "the keeper that is to follow this one is being started";
      const successor = await Successor.start(options, clock, until);
      this.#words = `keeper ${successor.pid} is taking over`;
      await tending().between(() => this.#pass(successor));
      say(`keeper ${successor.pid} has taken over`);
    } catch (error) {
      this.#words = null;
      say(`this keeper was not replaced: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
    await this.#retirement?.reached;
  }

  /** What is left to do once it is done. */
  async retire(): Promise<void> {
    if (this.#retirement === undefined) return void (await this.#options.keeper().front?.close({ graceMs: this.#options.drainMs }));
    const keeper = this.#options.keeper();
    await retireKeeper({ ...this.#options, ...this.#retirement, front: keeper.front, look: () => pointAwayFromTheDead(keeper) });
  }

  /** Counts go from keeper to keeper: one that still answers for the one before would have to pass on what it is told. */
  async #waitUntilAlone(): Promise<void> {
    const { predecessor } = this.#options.keeper();
    this.#words = predecessor?.describe() ?? null;
    await predecessor?.gone;
    if (this.#options.until.aborted) throw new InstarError("CANCELLED", "the keeper was told to end");
  }

  async #pass(successor: Successor): Promise<void> {
    const { lock } = this.#options;
    const { front } = this.#options.keeper();
    const counted = front?.counts() ?? null;
    lock.letGo();
    try {
      await successor.take(counted, front?.status().listening ?? null, () => front?.listener());
    } catch (error) {
      // Only once it is gone can it no longer have the lock.
      await successor.kill();
      await lock.take().catch((refusal: unknown) => {
        this.#done.abort();
        throw refusal;
      });
      throw error;
    }
    const reached = successor.letGo();
    reached.catch(() => undefined);
    this.#retirement = { successor, counted, reached };
    this.#done.abort();
  }
}
