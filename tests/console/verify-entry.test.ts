import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InstarError, type LedgerEntryView } from "@instar/protocol";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type AskConsistency, followLedger, laterOf, type Seen } from "../../packages/console/src/proofs/follow-ledger.ts";
import { type ProofAnswer, verifyEntry } from "../../packages/console/src/proofs/verify-entry.ts";
import { openDatabase, transact } from "../../packages/instar/src/database/open-database.ts";
import { compareCheckpoint } from "../../packages/instar/src/ledger/compare-checkpoint.ts";
import { Ledger } from "../../packages/instar/src/ledger/ledger.ts";
import { openSignedLog, proveEntry } from "../../packages/instar/src/ledger/prove-entry.ts";
import { type NoteKey, renderVerifierKey } from "../../packages/instar/src/ledger/tree/note-key.ts";

// Real ledgers as the daemon writes them, on a real disk; what the browser makes of what they answer.

const NOW = "2026-11-29T18:00:00.000Z";
const newKey = (name = "instar.local/0123456789abcdef"): NoteKey => ({ name, key: generateKeyPairSync("ed25519").privateKey });

class RealLedger {
  readonly folder = mkdtempSync(join(tmpdir(), "instar-proofs-"));
  readonly key: NoteKey;
  readonly #database = openDatabase(join(this.folder, "instar.db"));
  readonly #ledger: Ledger;

  constructor(key: NoteKey) {
    this.key = key;
    this.#ledger = new Ledger({ database: this.#database, folder: join(this.folder, "ledger"), now: () => 0, key });
  }

  async say(count: number, word = "entry"): Promise<void> {
    transact(this.#database, () => {
      for (let at = 0; at < count; at += 1)
        this.#ledger.append({
          event: "UPDATE_DETECTED",
          actor: { type: "user", id: "möwe" },
          description: `${word} ${at}`,
          success: true,
          details: { share: 0.1, of: [1, null] },
        });
    });
    await this.#ledger.drain();
  }

  prove(index: number): ProofAnswer {
    return { index, ...proveEntry(join(this.folder, "ledger"), index, this.key), key: renderVerifierKey(this.key) };
  }

  head(): { note: string; key: string } {
    return { note: openSignedLog(join(this.folder, "ledger"), this.key).note, key: renderVerifierKey(this.key) };
  }

  readonly ask: AskConsistency = async (note, size) => compareCheckpoint(join(this.folder, "ledger"), note, this.key, size).proof;

  end(): void {
    this.#database.close();
    rmSync(this.folder, { recursive: true });
  }
}

const shownOf = (answer: ProofAnswer): LedgerEntryView => JSON.parse(answer.entry) as LedgerEntryView;
const KEY = newKey();
let ledger: RealLedger;
/** What a browser remembers that saw its first 100 entries. */
let seen: Seen;

beforeAll(async () => {
  ledger = new RealLedger(KEY);
  await ledger.say(100);
  seen = { ...ledger.head(), firstAt: NOW };
  await ledger.say(515);
});
afterAll(() => ledger.end());
afterEach(() => vi.restoreAllMocks());

describe("an entry's proof, checked in the browser", () => {
  for (const index of [0, 1, 99, 100, 255, 256, 511, 614])
    it(`holds for entry ${index} of 615`, async () => {
      const answer = ledger.prove(index);
      const verdict = await verifyEntry(shownOf(answer), answer, seen, ledger.ask, NOW);
      expect(verdict).toMatchObject({ kind: "verified", head: { how: "grown", checkpoint: { size: 615 } } });
      expect(verdict.steps.map(({ verdict: each }) => each)).toEqual(["pass", "pass", "pass", "pass", "pass"]);
    });

  it("holds for the only entry of a ledger, seen for the first time", async () => {
    const young = new RealLedger(newKey());
    await young.say(1);
    const answer = young.prove(0);
    expect(await verifyEntry(shownOf(answer), answer, undefined, young.ask, NOW)).toMatchObject({
      kind: "verified",
      head: { how: "first", keep: { firstAt: NOW } },
    });
    young.end();
  });

  it("is refused with any one character of receipt, entry or key changed", async () => {
    const answer = ledger.prove(300);
    const field = fc.constantFrom("receipt" as const, "entry" as const, "key" as const);
    await fc.assert(
      fc.asyncProperty(field, fc.nat(), fc.integer({ min: 0x20, max: 0x7e }), async (name, place, code) => {
        const text = answer[name];
        const at = place % text.length;
        const tampered = `${text.slice(0, at)}${String.fromCharCode(code)}${text.slice(at + 1)}`;
        fc.pre(tampered !== text);
        const verdict = await verifyEntry(shownOf(answer), { ...answer, [name]: tampered }, seen, ledger.ask, NOW);
        expect(verdict.kind).toBe("refused");
        expect(verdict.head).toBeNull();
      }),
      { numRuns: 400 },
    );
  });

  it("is refused with any one field of what is shown changed, removed or added, whatever the answer says of it", async () => {
    const answer = ledger.prove(300);
    const shown = shownOf(answer);
    for (const changed of [
      { ...shown, index: 301 },
      { ...shown, at: "2026-11-29T00:00:00.000Z" },
      { ...shown, event: "UPDATE_APPROVED" },
      { ...shown, actor: { ...shown.actor, id: "somebody" } },
      { ...shown, actor: { ...shown.actor, type: "agent" as const } },
      { ...shown, description: `${shown.description} ` },
      { ...shown, success: false },
      { ...shown, previous: shown.previous.replace(/^./, (digit) => (digit === "0" ? "1" : "0")) },
      { ...shown, update: "u1" },
      { ...shown, versionTo: "9.9.9" },
      { ...shown, details: { ...shown.details, share: 0.2 } },
      { ...shown, details: undefined },
    ]) {
      expect(await verifyEntry(changed as LedgerEntryView, answer, seen, ledger.ask, NOW)).toMatchObject({ kind: "refused" });
      // Also where whoever answers changes the entry's bytes to fit what is shown: then the tree does not have it.
      const fitting = { ...answer, entry: JSON.stringify(sortKeys(changed)) };
      expect(await verifyEntry(changed as LedgerEntryView, fitting, seen, ledger.ask, NOW)).toMatchObject({ kind: "refused" });
    }
  });

  it("is refused where another entry's receipt is given, or one of another ledger that the same name and another key signed", async () => {
    const answer = ledger.prove(300);
    expect(await verifyEntry(shownOf(answer), { ...answer, receipt: ledger.prove(301).receipt }, seen, ledger.ask, NOW)).toMatchObject({ kind: "refused" });
    const forged = new RealLedger(newKey());
    await forged.say(615);
    const other = forged.prove(300);
    const verdict = await verifyEntry(shownOf(other), other, seen, forged.ask, NOW);
    expect(verdict).toMatchObject({ kind: "refused", because: expect.stringContaining("somebody replaced its key") });
    expect(await verifyEntry(shownOf(other), { ...other, key: seen.key }, seen, forged.ask, NOW)).toMatchObject({ kind: "refused" });
    forged.end();
  });

  it("is neither verified nor refused where the browser lacks Ed25519", async () => {
    const answer = ledger.prove(5);
    vi.spyOn(crypto.subtle, "importKey").mockRejectedValue(new DOMException("no such algorithm", "NotSupportedError"));
    const verdict = await verifyEntry(shownOf(answer), answer, seen, ledger.ask, NOW);
    expect(verdict).toMatchObject({ kind: "uncheckable", head: null });
    expect(verdict.steps.at(-1)).toMatchObject({ verdict: "nodata" });
  });
});

describe("the ledger's head, held to what was seen before", () => {
  it("is the same, or has grown by a proof", async () => {
    expect(await followLedger({ ...ledger.head(), firstAt: NOW }, ledger.head(), ledger.ask, NOW)).toMatchObject({ kind: "verified", how: "same" });
    expect(await followLedger(seen, ledger.head(), ledger.ask, NOW)).toMatchObject({
      kind: "verified",
      how: "grown",
      checkpoint: { size: 615 },
      keep: { firstAt: NOW },
    });
  });

  it("raises an alarm where it goes back", async () => {
    const late: Seen = { ...ledger.head(), firstAt: NOW };
    expect(await followLedger(late, { note: seen.note, key: seen.key }, ledger.ask, NOW)).toMatchObject({ kind: "alarm", how: "went-back" });
  });

  it("raises an alarm where the same key signed two histories, of the same length or a longer one", async () => {
    const fork = new RealLedger(KEY);
    await fork.say(100, "otherwise");
    expect(await followLedger(seen, fork.head(), fork.ask, NOW)).toMatchObject({ kind: "alarm", how: "split" });
    await fork.say(20, "otherwise");
    expect(await followLedger(seen, fork.head(), fork.ask, NOW)).toMatchObject({ kind: "alarm", how: "split" });
    // Nor does a proof of the honest ledger, or an empty one, lead to the fork.
    expect(await followLedger(seen, fork.head(), () => ledger.ask(seen.note, 120), NOW)).toMatchObject({ kind: "alarm", how: "split" });
    expect(await followLedger(seen, fork.head(), async () => [], NOW)).toMatchObject({ kind: "alarm", how: "split" });
    fork.end();
  });

  it("raises an alarm with any hash of the proof changed", async () => {
    const proof = await ledger.ask(seen.note, 615);
    expect(proof.length).toBeGreaterThan(3);
    for (const at of proof.keys()) {
      const bytes = Buffer.from(proof[at] ?? "", "base64");
      bytes[at % 32] = (bytes[at % 32] ?? 0) ^ 1;
      const changed = proof.with(at, bytes.toString("base64"));
      expect(await followLedger(seen, ledger.head(), async () => changed, NOW)).toMatchObject({ kind: "alarm", how: "split" });
    }
    expect(await followLedger(seen, ledger.head(), async () => proof.slice(1), NOW)).toMatchObject({ kind: "alarm" });
    expect(await followLedger(seen, ledger.head(), async () => [...proof, proof[0] ?? ""], NOW)).toMatchObject({ kind: "alarm" });
    expect(await followLedger(seen, ledger.head(), async () => proof.with(0, "no base64"), NOW)).toMatchObject({ kind: "alarm" });
  });

  it("says that a key changed before anything else of it is believed", async () => {
    const other = new RealLedger(newKey());
    await other.say(3);
    expect(await followLedger(seen, other.head(), other.ask, NOW)).toMatchObject({ kind: "alarm", how: "key-changed" });
    other.end();
  });

  it("takes the ledger's own word that history was changed, and throws what is only an outage", async () => {
    const damaged = async () => Promise.reject(new InstarError("LEDGER_DAMAGED", "the first 100 entries are not those that were signed then"));
    expect(await followLedger(seen, ledger.head(), damaged, NOW)).toMatchObject({ kind: "alarm", how: "split" });
    await expect(followLedger(seen, ledger.head(), async () => Promise.reject(new TypeError("fetch failed")), NOW)).rejects.toThrow("fetch failed");
  });

  it("is refused with any one character of the note changed", async () => {
    const { note, key } = ledger.head();
    for (let at = 0; at < note.length; at += 1) {
      const tampered = `${note.slice(0, at)}${note[at] === "A" ? "B" : "A"}${note.slice(at + 1)}`;
      expect(await followLedger(undefined, { note: tampered, key }, ledger.ask, NOW)).toMatchObject({ kind: "alarm", how: "unsigned" });
    }
  });
});

describe("what two windows remember", () => {
  it("is the larger tree, whichever window is slower", async () => {
    const late: Seen = { ...ledger.head(), firstAt: NOW };
    expect(await laterOf(late, seen)).toBe(late);
    expect(await laterOf(seen, late)).toBe(late);
    expect(await laterOf(undefined, seen)).toBe(seen);
  });
});

const sortKeys = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sortKeys)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, inner]) => [key, sortKeys(inner)]),
        )
      : value;
