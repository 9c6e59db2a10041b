import { expect, it } from "vitest";
import { planBackupSpace } from "./plan-backup-space.ts";

const MiB = 1_048_576;

it("a backup for which there is room is begun", () =>
  expect(planBackupSpace({ keptBytes: 50 * MiB, stagedBytes: 10 * MiB, freeBytes: 100 * MiB, reserveBytes: 0 })).toMatchObject({ kind: "enough" }));
it("what is set aside for going back is not touched", () =>
  expect(planBackupSpace({ keptBytes: 50 * MiB, stagedBytes: 10 * MiB, freeBytes: 100 * MiB, reserveBytes: 64 * MiB })).toEqual({
    kind: "short",
    needsBytes: expect.any(Number),
    spareBytes: 36 * MiB,
    because: "up to 63 MiB are needed, and 36 MiB are to be had (100 MiB free, 64 MiB of them set aside for going back)",
  }));
it("copies that are made first count too", () =>
  expect(planBackupSpace({ keptBytes: 50 * MiB, stagedBytes: 60 * MiB, freeBytes: 100 * MiB, reserveBytes: 0 })).toMatchObject({ kind: "short" }));
