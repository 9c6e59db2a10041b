import { z } from "zod";
import { duration, size } from "./setting-values.ts";

/** `ledger`: where its entries lie as they grow old. Nothing is ever deleted, and hashes stay: proofs hold whatever becomes of the entries. */
export const ledgerSettings = z.strictObject({
  compressAfter: duration.prefault("30d").describe("Bundles of entries older than this are compressed in place"),
  archive: z.string().min(1).optional().describe("A folder, of another disk for one, where old bundles are moved; they stay in place where it is left out"),
  moveAfter: duration.prefault("90d").describe("Older bundles than this are moved there"),
  keepAtMost: size.prefault("1GiB").describe("So much of bundles stays in place; the oldest are moved before their time"),
});
