import { mkdir, readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { EditWorld } from "../edits/edit-world.testing.ts";
import type { JournalEntry, UpdateId } from "../update/journal-entry.ts";
import type { StepRooms } from "../update/step-rooms.ts";
import { ended, START, tellJournal } from "../update/tell-journal.testing.ts";
import type { Instance } from "./instance.ts";
import { sweepEdits } from "./sweep-edits.ts";

it("what is kept of edits is that of the newest twenty that stayed, and of what is under way or just put down", async () => {
  const world = await EditWorld.create();
  try {
    const told = (id: string, ...bodies: Parameters<typeof tellJournal>[0]) =>
      tellJournal(bodies, [], { ...START, kind: "configuration", edits: { id, because: "x", restart: false } });
    const journals: JournalEntry[][] = [
      ...Array.from({ length: 22 }, (_, number) => told(`stayed-${number}`, ended("committed"))),
      told("back", ended("rolled-back")),
      told("refused", ended("refused")),
      told("open"),
      tellJournal([ended("committed")]),
    ];
    const folder = join(world.data, "edits");
    for (const journal of journals)
      if (journal[0]?.kind === "started" && journal[0].start.edits) await mkdir(join(folder, journal[0].start.edits.id), { recursive: true });
    await mkdir(join(folder, "just-now"));
    await mkdir(join(folder, "orphan"));
    await utimes(join(folder, "orphan"), 1, 1);
    const journal = { list: () => journals.map((_, index) => String(index) as UpdateId), read: (update: UpdateId) => journals[Number(update)] ?? [] };
    const rooms = { settings: { backup: { config: ["config"] } }, settingsFolder: world.agent, folder: world.data } as unknown as StepRooms;
    await sweepEdits({ journal: journal as unknown as Instance["journal"], rooms });
    expect((await readdir(folder)).sort()).toEqual(["just-now", "open", ...Array.from({ length: 20 }, (_, number) => `stayed-${number + 2}`)].sort());
  } finally {
    await world.end();
  }
});
