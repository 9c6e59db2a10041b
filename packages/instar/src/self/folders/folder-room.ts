import type { Clock } from "../../platform/clock.ts";

/**
 * How an open folder is reached. `descriptors`: each folder on the way is held open and the next is looked up in it, so nothing can be put in its place.
 * `paths`: by its path, with each folder on the way compared before and after.
 */
export type FolderWay = "descriptors" | "paths";

/** Moments between a check and what was checked for. */
export type FolderMoment = "held" | "entered" | "named" | "looking" | "looked" | "emptied" | "staged" | "checked" | "placed";

/** What every call of one agent's folder shares. */
export interface FolderRoom {
  readonly root: string;
  readonly way: FolderWay;
  readonly clock: Clock;
  /** Nothing happens there; a test lets an attacker act. `path` is what the moment is about, from the top. */
  between(moment: FolderMoment, path: string): void | Promise<void>;
}
