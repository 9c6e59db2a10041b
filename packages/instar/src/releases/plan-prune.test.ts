import { expect, test } from "vitest";
import { planPrune } from "./plan-prune.ts";
import type { ReleaseRecord } from "./release-record.ts";

const release = (id: string, wayBack: string | null = null): ReleaseRecord => ({
  id,
  version: "1.0.0",
  commit: "c",
  author: "a",
  at: "2026-01-01T00:00:00.000Z",
  changes: [],
  updateType: "patch",
  previous: null,
  wayBack: wayBack === null ? null : { release: wayBack, commit: "c" },
  settingsDigest: "s",
  digest: "sha256:x",
  files: 1,
  sizeBytes: 1,
  sealedAt: `2026-01-0${id.slice(1)}T00:00:00.000Z`,
});

const releases = [release("r5"), release("r2"), release("r1"), release("r4", "r2"), release("r3", "r1")];

test("the newest stay and the others go, oldest first", () => {
  const { remove, keep } = planPrune({ releases, newest: 2, referenced: new Set() });
  expect(remove).toEqual(["r1", "r2", "r3"]);
  expect(keep).toEqual([
    { id: "r4", because: "it is among the 2 newest" },
    { id: "r5", because: "it is among the 2 newest" },
  ]);
});

test("what is in use stays however old, and so does what it would go back to", () => {
  expect(planPrune({ releases, newest: 1, referenced: new Set(["r3"]) }).remove).toEqual(["r2", "r4"]);
});

test("nothing goes while there are no more than are kept", () => {
  for (const newest of [5, 9]) expect(planPrune({ releases, newest, referenced: new Set() }).remove).toEqual([]);
  expect(planPrune({ releases: [], newest: 0, referenced: new Set(["r1"]) }).remove).toEqual([]);
});
