import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { SETTINGS_FILE } from "../settings/read-settings.ts";

/** Where edits may touch. */
export interface EditReach {
  /** The folder of instar.yaml, absolute. */
  readonly settingsFolder: string;
  /** backup.config, as instar.yaml says it. */
  readonly listed: readonly string[];
  /** Instar's data folder, with every release in it: nothing there is ever edited. */
  readonly dataFolder: string;
  /** Absolute paths that are not edited though they are listed, nor is anything below them: a passkey is wanted, and a token is none. */
  readonly sealed: readonly string[];
}

export type Target =
  | {
      readonly kind: "target";
      /** A folder of the operator's own naming: links on the way to it are followed, below it none is. */
      readonly base: string;
      /** From there to the file; at least one. */
      readonly names: readonly string[];
      readonly absolute: string;
      readonly isSettings: boolean;
    }
  | { readonly kind: "refused"; readonly because: string };

/** Whether a path is one that edits may touch, by names alone; links are looked for when it is opened. Pure. */
export function planTarget(path: string, { settingsFolder, listed, dataFolder, sealed }: EditReach): Target {
  const absolute = resolve(settingsFolder, path);
  const entries = listed.map((entry) => resolve(settingsFolder, entry));
  const entry = entries.find((each) => each === absolute) ?? entries.find((each) => isBelow(each, absolute));
  if (entry === undefined)
    return {
      kind: "refused",
      because: `${path} is not below ${listed.length === 0 ? "any path of backup.config in instar.yaml, which lists none" : `what backup.config in instar.yaml lists (${listed.join(", ")})`}`,
    };
  if (absolute === dataFolder || isBelow(dataFolder, absolute)) return { kind: "refused", because: `${path} is in Instar's data folder` };
  if (sealed.some((each) => each === absolute || isBelow(each, absolute)))
    return { kind: "refused", because: `${path} says who may approve, and approvals want a passkey here: it is changed on the machine, with an editor` };
  const isSettings = absolute === join(settingsFolder, SETTINGS_FILE);
  if (isSettings && entry !== absolute) return { kind: "refused", because: `${SETTINGS_FILE} is edited only where backup.config lists it by name` };
  const base = isBelow(settingsFolder, absolute) ? settingsFolder : dirname(entry);
  const names = relative(base, absolute).split("/");
  return names[0] === "" ? { kind: "refused", because: `${path} names no file` } : { kind: "target", base, names, absolute, isSettings };
}

export function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !way.startsWith("../") && !isAbsolute(way);
}
