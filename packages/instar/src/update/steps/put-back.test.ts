import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeStepContract } from "@instar/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SnapshotStore } from "../../backups/snapshot-store.ts";
import { removeTree } from "../../platform/durable-files.ts";
import type { UpdateId } from "../journal-entry.ts";
import type { StepContext } from "../step.ts";
import { putBackStep } from "./put-back.ts";
import { KEPT, makeRestoreTemplate, openRestoreWorld, type RestoreWorld } from "./restore-world.testing.ts";
import { switchStep } from "./switch.ts";

let template: string;
beforeAll(async () => {
  template = await makeRestoreTemplate();
});
afterAll(() => removeTree(template));
const opened: RestoreWorld[] = [];
afterEach(async () => {
  for (const world of opened.splice(0)) await world.close();
});

function open(): RestoreWorld {
  const world = openRestoreWorld(template);
  opened.push(world);
  return world;
}

/** A world in which a step is called as the engine calls it for one kind of update. */
const caseOf = (start: Partial<StepContext["start"]>, given: StepContext["given"]) => async () => {
  const world = open();
  return {
    rooms: world.rooms,
    crashes: world.crashes,
    look: () => world.look(),
    close: () => world.close(),
    context: (attempt: number) => world.context(start, given, attempt),
  };
};
const restoring = {
  trigger: "restore",
  existingRelease: "r1",
  overrides: { restore: { backup: KEPT, components: ["data", "config", "database"], overwriteConfig: true } },
} as const;
const goingBack = { trigger: "rollback", strategy: "recreate", existingRelease: "r2", overrides: { stateOf: KEPT as UpdateId } } as const;
const runner = { describe, it: (name: string, body: () => Promise<void>) => void it(name, body) };

describeStepContract("put-back", ({ rooms }) => putBackStep(rooms), caseOf(restoring, { release: "r1" }), runner);
describeStepContract("switch, going back with an older state", ({ rooms }) => switchStep(rooms), caseOf(goingBack, { release: "r2", snapshot: "u1" }), runner);

describe("putting a backup back", () => {
  it("works although today's databases are damaged, and they come back as they were where it is undone", async () => {
    const world = open();
    const files = ["notes.db", "state/memory.db"].map((name) => join(world.folder, "agent", name));
    const damaged = readFileSync(join(world.folder, "agent", "notes.db"));
    damaged.fill(0xff, 100, 4_000);
    for (const file of files) writeFileSync(file, damaged);
    const step = putBackStep(world.rooms);
    await step.apply(world.context(restoring, { release: "r1" }, 1));
    expect(await world.look()).toMatchObject({ rows: [{ text: "then" }], serves: "r1" });
    if (typeof step.undo === "function") await step.undo(world.context(restoring, { release: "r1" }, 1));
    for (const file of files) expect(readFileSync(file).equals(damaged)).toBe(true);
  });

  it("brings state, configuration and databases of that moment, and keeps today's", async () => {
    const world = open();
    await putBackStep(world.rooms).apply(world.context(restoring, { release: "r1" }, 1));
    expect(await world.look()).toMatchObject({ config: "then\n", rows: [{ text: "then" }], serves: "r1", holding: false });
    expect(readFileSync(join(world.folder, "agent", "state", "deep", "old"), "utf8")).toBe("only then");
    const today = (await world.rooms.snapshots.list()).find(({ id }) => id === "u1");
    expect(today).toMatchObject({ state: "whole", about: { tags: ["before-restore"] } });
  });

  it("moves nothing before requests wait and the agent has ended", async () => {
    const world = open();
    const seen: unknown[] = [];
    const { snapshots } = world.rooms;
    const watched = {
      ...snapshots,
      restore: async (...asked: Parameters<SnapshotStore["restore"]>) => {
        seen.push({ holding: world.keeper.holding, running: world.keeper.running() });
        return snapshots.restore(...asked);
      },
    };
    await putBackStep({ ...world.rooms, snapshots: watched }).apply(world.context(restoring, { release: "r1" }, 1));
    expect(seen).toEqual([{ holding: true, running: {} }]);
  });
});
