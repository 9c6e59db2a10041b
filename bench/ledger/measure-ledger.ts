import { generateKeyPairSync } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openDatabase, transact } from "../../packages/instar/src/database/open-database.ts";
import { Ledger } from "../../packages/instar/src/ledger/ledger.ts";
import type { LedgerStatement } from "../../packages/instar/src/ledger/ledger-entry.ts";
import { proveEntry } from "../../packages/instar/src/ledger/prove-entry.ts";
import { parseProof } from "../../packages/instar/src/ledger/tree/tlog-proof.ts";
import { verifyLedger } from "../../packages/instar/src/ledger/verify-ledger.ts";
import { nowMs, sleep } from "../bench-clock.ts";
import { median } from "../percentile.ts";

const KEY = { name: "instar.local/bench", key: generateKeyPairSync("ed25519").privateKey };

const SOON_MS = 250;
const WALL_MS = Date.UTC(2026, 0, 2);

/** As an update writes them: some 300 bytes. */
const statementOf = (at: number): LedgerStatement => ({
  event: "STAGE_COMPLETED",
  actor: { type: "system", id: "daemon" },
  description: `step build done, time ${at}`,
  update: "wyeps3rg",
  versionFrom: "1.0.4",
  versionTo: "1.0.5",
  success: true,
  details: { step: "build", files: at % 1_000, tookMs: (at * 7) % 10_000 },
});

export class LedgerBench {
  readonly #folder: string;
  readonly #database: ReturnType<typeof openDatabase>;
  readonly #ledger: Ledger;
  #written = 0;
  #soon: Promise<void> | undefined;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#folder = join(folder, "ledger");
    this.#database = openDatabase(join(folder, "instar.db"));
    this.#ledger = this.#open();
  }

  close(): void {
    this.#database.close();
  }

  #open(): Ledger {
    return new Ledger({ database: this.#database, folder: this.#folder, now: () => WALL_MS, key: KEY });
  }

  /** One entry a transaction, each durable before the next; the files follow behind, as in the daemon. Entries a second. */
  async alone(count: number): Promise<number> {
    const fromMs = nowMs();
    for (let at = 0; at < count; at += 1) {
      transact(this.#database, () => this.#ledger.append(statementOf(this.#next())));
      this.#drainSoon();
      if (at % 16 === 0) await new Promise(setImmediate);
    }
    const tookMs = nowMs() - fromMs;
    await this.#soon;
    return (count / tookMs) * 1_000;
  }

  /** As the daemon does. */
  #drainSoon(): void {
    this.#soon ??= sleep(SOON_MS).then(async () => {
      this.#soon = undefined;
      await this.#ledger.drain();
    });
  }

  /** Many a transaction, then the files with tiles and the signed head: all of it durable. Entries a second. */
  async grouped(count: number, group: number): Promise<number> {
    const fromMs = nowMs();
    for (let at = 0; at < count; at += group) {
      transact(this.#database, () => {
        for (let one = 0; one < Math.min(group, count - at); one += 1) this.#ledger.append(statementOf(this.#next()));
      });
      await this.#ledger.drain();
    }
    return (count / (nowMs() - fromMs)) * 1_000;
  }

  #next(): number {
    this.#written += 1;
    return this.#written;
  }

  /** ms */
  verify(): number {
    const fromMs = nowMs();
    const found = verifyLedger(this.#folder, { expected: this.#ledger.head(), key: KEY });
    if (found.kind !== "intact") throw new Error(`the ledger does not verify: ${found.because}`);
    return nowMs() - fromMs;
  }

  /** Of an entry in the middle: bytes of the proof's hashes, and ms to make, check and render the receipt. */
  prove(): { bytes: number; ms: number } {
    const tookMs = Array.from({ length: 5 }, () => {
      const fromMs = nowMs();
      proveEntry(this.#folder, Math.floor(this.#written / 2), KEY);
      return nowMs() - fromMs;
    });
    const { receipt } = proveEntry(this.#folder, Math.floor(this.#written / 2), KEY);
    return { bytes: parseProof(receipt).proof.reduce((sum, hash) => sum + hash.length, 0), ms: median(tookMs) };
  }

  /** Opened anew, one entry, until it is in the files and signed: ms. */
  async reopen(): Promise<number> {
    const fromMs = nowMs();
    const ledger = this.#open();
    transact(this.#database, () => ledger.append(statementOf(this.#next())));
    await ledger.drain();
    return nowMs() - fromMs;
  }
}

/** Rows of the same size into one table, each durable: rows a second. */
export function insertPlainly(folder: string, count: number): number {
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, "plain.db"));
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE entry (idx INTEGER PRIMARY KEY, line TEXT NOT NULL) STRICT");
    const insert = database.prepare("INSERT INTO entry VALUES (?, ?)");
    const fromMs = nowMs();
    for (let at = 0; at < count; at += 1)
      insert.run(at, JSON.stringify({ ...statementOf(at), at: "2026-01-02T00:00:00.000Z", previous: "0".repeat(64), index: at }));
    return (count / (nowMs() - fromMs)) * 1_000;
  } finally {
    database.close();
  }
}
