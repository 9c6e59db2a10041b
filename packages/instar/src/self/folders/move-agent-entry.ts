import { lstat, rename } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import { countTree } from "./count-tree.ts";
import { explainRefusal, quotePath } from "./explain-refusal.ts";
import type { FolderRoom } from "./folder-room.ts";
import { type HeldFolder, holdFolder, holdInner } from "./hold-folder.ts";
import { lookAt } from "./place-file.ts";
import { parseFilePath } from "./write-agent-file.ts";

/** Gives a file, a link itself or a whole folder another path. Nothing may be there; parents are made. */
export async function moveAgentEntry(room: FolderRoom, from: string, to: string): Promise<void> {
  const [source, target] = [parseFilePath(from), parseFilePath(to)];
  if (source.every((name, depth) => name === target[depth]))
    throw new InstarError("INPUT_INVALID", `${quotePath(from)} cannot be moved ${source.length === target.length ? "to where it is" : "into itself"}`);
  const outer = await holdFolder(room, source.slice(0, -1));
  try {
    const name = source.at(-1) ?? "";
    await assertMovable(room, outer, name);
    const folder = await holdFolder(room, target.slice(0, -1), true);
    try {
      await moveInto(room, { outer, name }, { folder, name: target.at(-1) ?? "", path: target.join("/") });
    } finally {
      await folder.close();
    }
  } catch (error) {
    throw explainRefusal(error, source.join("/"), "move");
  } finally {
    await outer.close();
  }
}

async function assertMovable(room: FolderRoom, outer: HeldFolder, name: string): Promise<void> {
  await outer.assertSame();
  if (!(await lstat(outer.at(name))).isDirectory()) return;
  const folder = await holdInner(room, outer, name);
  try {
    await countTree(room, folder);
  } finally {
    await folder.close();
  }
}

interface MoveSource {
  readonly outer: HeldFolder;
  readonly name: string;
}

interface MoveTarget {
  readonly folder: HeldFolder;
  readonly name: string;
  readonly path: string;
}

async function moveInto(room: FolderRoom, source: MoveSource, target: MoveTarget): Promise<void> {
  if ((await lookAt(target.folder, target.name)) !== undefined)
    throw new InstarError("CONFLICT", `${quotePath(target.path)} is there already: remove it first`, { facts: { path: target.path } });
  await room.between("checked", target.path);
  await Promise.all([source.outer.assertSame(), target.folder.assertSame()]);
  await rename(source.outer.at(source.name), target.folder.at(target.name));
  await Promise.all([source.outer.assertSame(), target.folder.assertSame()]);
}
