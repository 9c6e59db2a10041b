import { InstarError } from "@instar/protocol";
import { SimulatedClock } from "@instar/testkit";
import { expect, test } from "vitest";
import type { StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { START } from "../tell-journal.testing.ts";
import { blueGreenWayBack } from "./blue-green.ts";
import { MemoryKeeper } from "./memory-keeper.testing.ts";

test("the way back ends the new version, and the old one serves alone", async () => {
  const keeper = new MemoryKeeper({ blue: "old", green: "new" }, "green");
  await wayBack(keeper, "old");
  expect(keeper.running()).toEqual({ blue: "old" });
  expect(keeper.routed).toBe("blue");
});

test("where the version that serves superseded the one that is gone back to, it ends as well", async () => {
  const keeper = new MemoryKeeper({ blue: "superseded", green: "new" }, "blue");
  await wayBack(keeper, "committed");
  expect(keeper.running()).toEqual({ green: "committed" });
  expect(keeper.routed).toBe("green");
});

test("nobody is in a share any longer when the slot of the version on trial is used for the old one", async () => {
  const keeper = new MemoryKeeper({ blue: "superseded", green: "new" }, "blue");
  keeper.share = { slot: "green", of: 0.3 };
  await wayBack(keeper, "committed");
  expect(keeper.told[0]).toMatchObject({ do: "route", slot: "blue" });
  expect(keeper.told.findIndex((command) => command.do === "stop")).toBeGreaterThan(0);
});

test("something always serves: nothing that requests go to is ended before they go elsewhere", async () => {
  const keeper = new MemoryKeeper({ blue: "superseded", green: "new" }, "blue");
  await wayBack(keeper, "committed");
  expect(keeper.endedWhileRouted).toEqual([]);
});

test("where the old version does not get well, requests stay where they are and that version goes on running", async () => {
  const keeper = new MemoryKeeper({ blue: "superseded", green: "new" }, "blue", { diesAtOnce: "committed" });
  await expect(wayBack(keeper, "committed")).rejects.toSatisfy((error) => InstarError.is(error, "ROLLBACK_FAILED"));
  expect(keeper.routed).toBe("blue");
  expect(keeper.running()).toMatchObject({ blue: "superseded" });
});

function wayBack(keeper: MemoryKeeper, release: string): Promise<unknown> {
  const rooms = {
    keeper,
    clock: new SimulatedClock({ whenAsleep: "skip" }),
    folder: "/nowhere",
    settingsFolder: "/nowhere",
    stateDirectory: null,
    inherited: {},
    slotPrefix: async () => [],
    settings: {
      agent: { directory: ".", environment: {}, portVariable: "PORT" },
      state: { kind: "none" },
      health: { readyWithin: 5_000, before: [], after: [] },
      exchange: { drain: 1_000, sockets: { group: 20, within: 1_000 }, smoke: [] },
    },
    releases: {
      readRecord: async (id: string) => ({ id, version: "1.0.0" }),
      verifyQuickly: async () => ({ kind: "intact" }),
      treePath: (id: string) => `/nowhere/${id}`,
    },
  } as unknown as StepRooms;
  const context = { start: { ...START, wayBack: release }, given: { release: "new" }, epoch: 1, signal: new AbortController().signal, say: () => undefined };
  return blueGreenWayBack(rooms, context as unknown as StepContext);
}
