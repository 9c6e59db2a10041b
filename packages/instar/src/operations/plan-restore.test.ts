import { InstarError } from "@instar/protocol";
import { expect, it } from "vitest";
import { estimateRestoreMs, planRestoredComponents } from "./plan-restore.ts";

const HAS = ["code", "config", "data"] as const;

it("in place everything is restored but the code, which has its own way back; aside everything is", () => {
  expect(planRestoredComponents(HAS, { components: undefined, to: undefined })).toEqual(["config", "data"]);
  expect(planRestoredComponents(HAS, { components: undefined, to: "/x" })).toEqual(["code", "config", "data"]);
  expect(planRestoredComponents(HAS, { components: ["code", "data"], to: undefined })).toEqual(["code", "data"]);
});
it("what a backup does not have is refused by name", () => {
  const refused = (components: Parameters<typeof planRestoredComponents>[1]["components"], has: Parameters<typeof planRestoredComponents>[0] = HAS) => {
    try {
      return planRestoredComponents(has, { components, to: undefined });
    } catch (error) {
      return InstarError.is(error, "INPUT_INVALID") ? error.message : error;
    }
  };
  expect(refused(["data", "database"])).toBe("this backup has no database; it has code, config, data");
  expect(refused(undefined, ["code"])).toMatch(/nothing but code/);
});
it("how long it takes is what it took here before, and never less", () => {
  expect(estimateRestoreMs(50_000_000, [])).toBe(3_000);
  expect(estimateRestoreMs(2_000, [{ sizeBytes: 1_000, tookMs: 500 }])).toBe(1_000);
  expect(estimateRestoreMs(1, [{ sizeBytes: 1_000, tookMs: 500 }])).toBe(500);
});
