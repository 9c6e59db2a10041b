import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ConfigurationWorld } from "../configuration-world.testing.ts";
import type { StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { MemoryKeeper } from "./memory-keeper.testing.ts";
import { switchStep } from "./switch.ts";

/** Going back from r2 to r1, and to the configuration of then: what runs is r2, with what was edited since. */
let world: ConfigurationWorld;
beforeEach(async () => {
  world = await ConfigurationWorld.create();
  await world.stage({ "/level": "debug" });
  await world.edits.prepare(world.id);
  await world.edits.keep(world.id);
});
afterEach(() => world.close());

const file = () => join(world.files.agent, "config/agent.json");
const level = () => (JSON.parse(readFileSync(file(), "utf8")) as { level: string }).level;

function open(keeper: MemoryKeeper) {
  const rooms = {
    ...world.rooms,
    keeper,
    releases: {
      readRecord: async (id: string) => ({ id, version: "1.0.0" }),
      verifyQuickly: async () => ({ kind: "intact" }),
      treePath: (id: string) => `/nowhere/${id}`,
    },
    observer: { close: async () => undefined },
  } as unknown as StepRooms;
  const context = {
    ...world.context({ release: "r1", snapshot: null }),
    start: { ...world.start(true), kind: "code", trigger: "rollback", strategy: "recreate", releaseFrom: "r2", wayBack: "r2", existingRelease: "r1" },
  } as unknown as StepContext;
  const step = switchStep(rooms);
  if (typeof step.undo !== "function") throw new Error("it can be undone");
  const { undo } = step;
  return { apply: () => step.apply(context), undo: () => undo(context) };
}
test("the configuration goes back before the other version starts, and while nobody meets anything", async () => {
  const keeper = new MemoryKeeper({ blue: "r2", green: null }, "blue");
  await open(keeper).apply();
  expect([level(), keeper.running(), keeper.holding]).toEqual(["debug", { green: "r1" }, false]);
});

test("where the other version does not get ready, what ran comes back with the configuration that it had", async () => {
  const keeper = new MemoryKeeper({ blue: "r2", green: null }, "blue", { diesAtOnce: "r1" });
  const { apply, undo } = open(keeper);
  await expect(apply()).rejects.toSatisfy((error) => InstarError.is(error, "UNHEALTHY"));
  expect(level()).toBe("debug");
  await undo();
  expect([level(), keeper.running(), keeper.routed, keeper.holding]).toEqual(["info", { blue: "r2" }, "blue", false]);
});

test("a file that a person changed meanwhile is not overwritten: what ran serves, a person is asked, and then it is started anew with what it had", async () => {
  const keeper = new MemoryKeeper({ blue: "r2", green: null }, "blue", { diesAtOnce: "r1" });
  const { apply, undo } = open(keeper);
  await expect(apply()).rejects.toThrow();
  const written = readFileSync(file());
  writeFileSync(file(), '{ "level": "mine" }');
  await expect(undo()).rejects.toSatisfy((error) => InstarError.is(error, "ROLLBACK_FAILED"));
  expect([level(), keeper.running(), keeper.holding]).toEqual(["mine", { blue: "r2" }, false]);
  const before = keeper.told.length;
  writeFileSync(file(), written);
  await undo();
  expect([level(), keeper.running(), keeper.holding]).toEqual(["info", { blue: "r2" }, false]);
  // It was started on what it was not meant to have: it ends, and begins with what is there now.
  expect(
    keeper.told
      .slice(before)
      .flatMap((command) => ("slot" in command && command.slot === "blue" && (command.do === "stop" || command.do === "start") ? [command.do] : [])),
  ).toEqual(["stop", "start"]);
});
