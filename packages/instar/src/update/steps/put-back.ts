import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Component, InstarError } from "@instar/protocol";
import { dumpNameOf } from "../../backups/database-room.ts";
import { putBackConfigFile } from "../../backups/put-back-config.ts";
import { restoreDatabase } from "../../backups/restore-database.ts";
import { SLOTS } from "../../keeper/keeper-state.ts";
import { makePrivateFolder, removeTree } from "../../platform/durable-files.ts";
import { Exchange, slotOf } from "../exchange.ts";
import { findBackup } from "../find-backup.ts";
import type { Gives } from "../journal-entry.ts";
import { rememberOwnWriting, withBackupConfig } from "../read-backup-config.ts";
import { defineStep, type Step, type StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { openDatabaseRoom, stagingFolderOf } from "../take-backup.ts";
import { aheadIdOf, backUpToday } from "./keep-today.ts";

/** How far it has come, on disk. Absent: nothing was moved, and what is there is today's. */
interface PutBackFact {
  /** moving: partly today's, partly the backup's. placed: all the backup's, and the agent may have written since. undone: today's again. */
  readonly phase: "moving" | "placed" | "undoing" | "undone";
  /** Where the state of today was moved. */
  readonly asideAt?: string;
}

const factOf = (update: string) => `put-back:${update}`;

/**
 * Puts parts of a backup in the place of what serves: hold, end the agent, back today up, put the parts there, start it again. Wherever a crash falls the
 * keeper goes on holding, and the next daemon comes back here; today's backup was whole before the first file moved, so there is always a way on and a way back.
 */
export function putBackStep(rooms: StepRooms): Step {
  return defineStep({
    id: "put-back",
    version: 1,
    title: "Put the backup in place",
    exchanges: true,
    interruptible: false,
    probe: async (context) => {
      const { given, update } = context;
      const fact = rooms.facts.read<PutBackFact>(factOf(update));
      if (fact?.phase !== "placed") return { found: fact === undefined ? "absent" : "partial" };
      const report = await new Exchange(rooms, context).report();
      const slot = slotOf(report, String(given.release));
      const isServing = slot !== undefined && report.routed === slot && !report.holding && report.slots[slot].alive;
      return isServing ? { found: "present", gives: { slot, ...asideOf(fact) } } : { found: "partial" };
    },
    apply: async (context) => {
      const { update, given, start, say } = context;
      const beganMs = rooms.clock.monotonicMs();
      const exchange = new Exchange(rooms, context);
      await exchange.hold();
      say("the front holds requests");
      if (rooms.facts.read<PutBackFact>(factOf(update))?.phase !== "placed") {
        await endAll(exchange);
        await putBack(rooms, context, start.overrides.restore?.components ?? []);
      }
      const slot = await serve(exchange, String(given.release));
      const restoredBytes = (await findBackup(rooms, start.overrides.restore?.backup ?? ""))?.sizeBytes ?? 0;
      const aside = asideOf(rooms.facts.read<PutBackFact>(factOf(update)));
      await rooms.snapshots.remove(aheadIdOf(update));
      return { kind: "done", gives: { slot, tookMs: Math.round(rooms.clock.monotonicMs() - beganMs), restoredBytes, ...aside } };
    },
    undo: (context) => putTodayBack(rooms, context),
    describe: (gives) =>
      `served again${typeof gives.tookMs === "number" ? ` after ${gives.tookMs} ms` : ""}${typeof gives.asideAt === "string" ? `; today's state lies in ${gives.asideAt}` : ""}`,
  });
}

/** What was there before the restore, and when the agent was quiet. */
const todayIdOf = (update: string) => update;

async function putBack(rooms: StepRooms, context: StepContext, components: readonly Component[]): Promise<void> {
  const { update, start, say } = context;
  const backup = start.overrides.restore?.backup ?? "";
  const today = listToday(rooms, components);
  if (today.length > 0) await backUpToday(rooms, context, todayIdOf(update), today, true);
  const aside = asideOfApplying(rooms, update);
  // Durable before the first file moves: the way back then knows that there is something to put back.
  if (rooms.facts.read(factOf(update)) === undefined) rooms.facts.write(factOf(update), { phase: "moving" } satisfies PutBackFact);
  await placeParts(rooms, context, { backup, components, aside });
  const fact = rooms.facts.read<PutBackFact>(factOf(update));
  rooms.facts.write(factOf(update), { ...fact, phase: "placed" });
  say("the backup is in place");
}

/** Of what is to be replaced, what there is today. */
function listToday({ stateDirectory, settings }: StepRooms, components: readonly Component[]): Component[] {
  return components.filter((component) => {
    if (component === "data") return stateDirectory !== null && existsSync(stateDirectory);
    if (component === "database") return settings.backup.databases.length > 0;
    return component === "config";
  });
}

/** Each may be done again from its beginning: what is there already is found there. */
async function placeParts(rooms: StepRooms, context: StepContext, placing: { backup: string; components: readonly Component[]; aside: string }): Promise<void> {
  const { backup, components, aside } = placing;
  const { update, say } = context;
  if (components.includes("data") && rooms.stateDirectory !== null) {
    say("putting the state back");
    const { asideAt } = await rooms.snapshots.restore(backup, rooms.stateDirectory, aside);
    const fact = rooms.facts.read<PutBackFact>(factOf(update));
    if (fact !== undefined && asideAt !== undefined) rooms.facts.write(factOf(update), { ...fact, asideAt });
  }
  if (components.includes("config")) await placeConfig(rooms, backup, update);
  if (components.includes("database")) await placeDatabases(rooms, context, { backup, aside });
}

async function placeConfig(rooms: StepRooms, id: string, update: string): Promise<void> {
  const backup = await findBackup(rooms, id);
  if (backup === undefined) throw new InstarError("NOT_FOUND", `backup ${id} is no longer there`);
  await withBackupConfig(rooms, backup, `${update}-config`, async (differing) => {
    for (const file of differing) {
      await putBackConfigFile(file);
      if (file.kept !== undefined) rememberOwnWriting(rooms, file.path, await readFile(file.path));
    }
  });
}

async function placeDatabases(rooms: StepRooms, context: StepContext, { backup, aside }: { backup: string; aside: string }): Promise<void> {
  const { update, signal, say } = context;
  const info = await findBackup(rooms, backup);
  const kept = info?.parts.find(({ component }) => component === "database")?.roots ?? [];
  const folder = stagingFolderOf(rooms, `${update}-databases`);
  await removeTree(folder);
  await makePrivateFolder(folder);
  try {
    const room = await openDatabaseRoom(rooms, signal);
    for (const database of rooms.settings.backup.databases) {
      const name = dumpNameOf(database);
      const own = kept.filter((root) => root.name === name || root.name === `${name}-wal`);
      if (own.length === 0) continue;
      say(`restoring the database ${database.name}`);
      for (const root of own) await rooms.snapshots.writePart(backup, "database", root.name, join(folder, root.name));
      await restoreDatabase(database, folder, aside, room);
    }
  } finally {
    await removeTree(folder);
  }
}

/** The way back: today's parts from the backup that was made of them in the hold, and the version that ran. It needs nothing of the backup that failed. */
async function putTodayBack(rooms: StepRooms, context: StepContext): Promise<Gives> {
  const { update, start, say } = context;
  const beganMs = rooms.clock.monotonicMs();
  const exchange = new Exchange(rooms, context);
  const fact = rooms.facts.read<PutBackFact>(factOf(update));
  const report = await exchange.report();
  const old = slotOf(report, start.wayBack);
  const isServing = old !== undefined && report.slots[old].alive && report.routed === old && !report.holding;
  if (isServing && (fact === undefined || fact.phase === "undone")) return {};
  await exchange.hold();
  if (fact !== undefined && fact.phase !== "undone") {
    await endAll(exchange);
    // A crash in here puts the same parts there once more.
    rooms.facts.write(factOf(update), { ...fact, phase: "undoing" } satisfies PutBackFact);
    const today = await findBackup(rooms, todayIdOf(update));
    const components = today?.parts.map(({ component }) => component) ?? [];
    if (components.includes("data")) await finishMoving(rooms, context, start.overrides.restore?.backup ?? "");
    await placeParts(rooms, context, { backup: todayIdOf(update), components, aside: asideOfUndoing(rooms, update) });
    rooms.facts.write(factOf(update), { ...fact, phase: "undone" } satisfies PutBackFact);
    say("what was there before is there again");
  }
  await serveAsBefore(exchange, String(start.wayBack));
  const other = slotOf(await exchange.report(), String(context.given.release));
  if (other !== undefined && context.given.release !== start.wayBack) await exchange.clear(other);
  return { tookMs: Math.round(rooms.clock.monotonicMs() - beganMs) };
}

const asideOfApplying = (rooms: StepRooms, update: string) => join(rooms.folder, "aside", update);
const asideOfUndoing = (rooms: StepRooms, update: string) => join(rooms.folder, "aside", `${update}-undone`);

/** A restore that had begun to move the state has all that it needs beside it, and is finished before another one begins: nobody knows the way back from its middle. */
async function finishMoving(rooms: StepRooms, { update }: StepContext, backup: string): Promise<void> {
  if (rooms.stateDirectory !== null && (await rooms.snapshots.isMoving(backup, rooms.stateDirectory, asideOfApplying(rooms, update))))
    await rooms.snapshots.restore(backup, rooms.stateDirectory, asideOfApplying(rooms, update));
}

/** What served before serves again, well or not: requests meet what there is, rather than a hold that nobody ends. */
async function serveAsBefore(exchange: Exchange, release: string): Promise<void> {
  const slot = await exchange.startRelease(release);
  try {
    await exchange.waitUntilReady(slot);
  } finally {
    await exchange.route(slot);
    await exchange.release();
  }
}

/** Whatever the journals say: no process may have the state open while it is moved. */
async function endAll(exchange: Exchange): Promise<void> {
  const { slots } = await exchange.report();
  for (const slot of SLOTS) if (slots[slot].release !== null) await exchange.endSlot(slot);
}

async function serve(exchange: Exchange, release: string): Promise<string> {
  const slot = await exchange.startRelease(release);
  await exchange.waitUntilReady(slot);
  await exchange.assertSmoke(slot);
  await exchange.route(slot);
  await exchange.release();
  return slot;
}

const asideOf = (fact: PutBackFact | undefined): Gives => (fact?.asideAt === undefined ? {} : { asideAt: fact.asideAt });
