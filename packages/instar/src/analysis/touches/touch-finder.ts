import type { Touch, TouchKind } from "@instar/protocol";
import type { ChangedFile } from "./changed-file.ts";

/** What is known of the agent, from instar.yaml. Paths are relative to the tree. */
export interface TouchFacts {
  readonly startCommand: readonly string[] | string;
  /** The agent's folder in the tree, `.` for the root. */
  readonly agentDirectory: string;
  readonly settingsFiles: readonly string[];
  readonly testCommand: readonly string[] | string | undefined;
}

/** What a finder says: its kind and path are added. */
export type Finding = Omit<Touch, "kind" | "path">;
export type TouchFinder = (file: ChangedFile, facts: TouchFacts) => readonly Finding[];
export type TouchFinders = Readonly<Record<TouchKind, TouchFinder>>;

/** Recognised by its name alone. */
export const byName = (because: string, weakens = false): Finding => ({ line: null, by: "name", weakens, because });
export const byContent = (line: number | null, because: string): Finding => ({ line, by: "content", weakens: false, because });
export const weakening = (line: number | null, because: string): Finding => ({ line, by: "content", weakens: true, because });

const MEDIA = /\.(png|jpe?g|gif|webp|ico|bmp|avif|mp[34]|wav|ogg|webm|woff2?|ttf|otf|pdf)$/i;

/** The touch of a file that matters by its name, and what it means where its texts were not read: nobody knows then that it is harmless. */
export function nameTouch({ edit, isRead }: ChangedFile, because: string, isGoneWeak = false): Finding {
  const gone = edit.status === "deleted";
  if (isRead) return byName(gone ? `${because} is deleted` : because, gone && isGoneWeak);
  return byName(`${because}${gone ? " is deleted, and" : ""} could not be read`, (edit.status !== "added" && !MEDIA.test(edit.path)) || (gone && isGoneWeak));
}
