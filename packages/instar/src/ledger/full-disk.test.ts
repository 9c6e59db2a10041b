import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDatabase, transact } from "../database/open-database.ts";
import { describeTinyDisk, withTinyDisk } from "../platform/tiny-disk.testing.ts";
import { Ledger } from "./ledger.ts";
import { verifyLedger } from "./verify-ledger.ts";

const KEY = { name: "instar.local/test", key: generateKeyPairSync("ed25519").privateKey };
const BLOCK = 4_096;

/** Leaves so many bytes; more than what is free is nothing. */
function fillBut(folder: string, leftBytes: number): string {
  const { bavail, bsize } = statfsSync(folder);
  const filler = join(folder, "filler");
  writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - leftBytes)));
  return filler;
}

test.skipIf(describeTinyDisk() !== undefined)(
  "a disk that is full at any of the writes loses nothing, writes nothing twice, and is gone on from when there is room",
  async () => {
    const failed = new Set<number>();
    for (let leftBytes = 0; leftBytes <= 90 * BLOCK; leftBytes += 3 * BLOCK)
      await withTinyDisk(4, async (disk) => {
        const elsewhere = mkdtempSync(join(tmpdir(), "instar-full-"));
        const database = openDatabase(join(elsewhere, "instar.db"));
        const open = () => new Ledger({ database, folder: join(disk, "ledger"), now: () => 0, key: KEY });
        const say = (count: number) =>
          transact(database, () => {
            for (let at = 0; at < count; at += 1)
              ledger.append({ event: "UPDATE_DETECTED", actor: { type: "system", id: "test" }, description: `entry ${at}`, success: true });
          });
        let ledger = open();
        try {
          say(200);
          await ledger.drain();
          const filler = fillBut(disk, leftBytes);
          say(400);
          await ledger.drain().catch((error: { code: string }) => {
            expect(error.code).toBe("DISK_FULL");
            failed.add(leftBytes);
          });
          // As after a crash, and as in the same process.
          if (leftBytes % (2 * BLOCK) === 0) ledger = open();
          say(1);
          await ledger.drain().catch((error: { code: string }) => expect(error.code).toBe("DISK_FULL"));
          expect(ledger.trouble).toBe(null);
          rmSync(filler);
          await ledger.drain();
          expect(verifyLedger(join(disk, "ledger"), { expected: ledger.head(), key: KEY })).toMatchObject({ kind: "intact", length: 601, signed: 601 });
        } finally {
          database.close();
          rmSync(elsewhere, { recursive: true });
        }
      });
    // It was full at many places, and at the end at none.
    expect(failed.size).toBeGreaterThan(10);
    expect(failed.has(90 * BLOCK)).toBe(false);
  },
);
