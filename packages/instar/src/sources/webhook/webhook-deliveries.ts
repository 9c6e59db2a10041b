import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { transact } from "../../database/open-database.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Hook } from "./webhook-verdict.ts";

export interface WebhookDelivery {
  readonly hook: Hook;
  /** What the sender calls it; kept for people's eyes. */
  readonly delivery: string | null;
  /** webhook-id where the signature covers it, else null: a number that nobody signed makes no body a new one. */
  readonly signedId: string | null;
  readonly body: Uint8Array;
}

const KEPT_MS = 30 * 86_400_000;
const KEPT = 100_000;

/** Webhooks that were taken. A body is taken once, also across restarts; a second one is a replay. */
export class WebhookDeliveries {
  readonly #database: DatabaseSync;
  readonly #clock: Pick<Clock, "wallMs">;

  constructor({ database, clock }: { database: DatabaseSync; clock: Pick<Clock, "wallMs"> }) {
    this.#database = database;
    this.#clock = clock;
  }

  /**
   * Whether it is new; then it is written down, in a transaction of its own. A crash right after leaves a hint that is never followed: the next check of
   * the source finds the same thing.
   *
   * Whether it was there is asked without the time, and the time that is written never runs back: a clock that jumps makes nothing new.
   */
  take(taken: WebhookDelivery): "new" | "replayed" {
    return transact(this.#database, () => {
      const { newest } = this.#database.prepare("SELECT coalesce(max(wall_ms), 0) AS newest FROM webhook_delivery").get() as { newest: number };
      const nowMs = this.#clock.wallMs();
      const { changes } = this.#database
        .prepare("INSERT OR IGNORE INTO webhook_delivery (digest, hook, delivery, wall_ms) VALUES (?, ?, ?, ?)")
        .run(digestOf(taken), taken.hook, taken.delivery, Math.round(Math.max(nowMs, newest)));
      if (changes === 0) return "replayed";
      this.#forget(Math.round(nowMs));
      return "new";
    });
  }

  #forget(nowMs: number): void {
    this.#database.prepare("DELETE FROM webhook_delivery WHERE wall_ms < ?").run(nowMs - KEPT_MS);
    this.#database.prepare("DELETE FROM webhook_delivery WHERE rowid <= (SELECT max(rowid) FROM webhook_delivery) - ?").run(KEPT);
  }
}

/** The hook and the id go before the body, each ended by a zero that neither can hold. */
function digestOf({ hook, signedId, body }: WebhookDelivery): string {
  return createHash("sha256")
    .update(`${hook}\0${signedId ?? ""}\0`)
    .update(body)
    .digest("hex");
}
