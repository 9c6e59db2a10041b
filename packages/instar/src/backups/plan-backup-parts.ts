import { basename, isAbsolute, join, relative } from "node:path";
import { type BackupKind, COMPONENTS, type Component } from "@instar/protocol";
import type { PartRoot } from "./backup-parts.ts";

/** What this agent has that a backup could be made of. */
export interface BackupSources {
  /** The release that runs. */
  readonly hasCode: boolean;
  readonly hasConfig: boolean;
  /** A state folder of its own, which exists. */
  readonly hasData: boolean;
  readonly databases: number;
}

export type BackupParts = { readonly kind: "planned"; readonly components: readonly Component[] } | { readonly kind: "refused"; readonly because: string };

/** Which components a backup takes. What was asked for by name and is not there is refused: a backup without it would look like one with it. Pure. */
export function planBackupParts(asked: { kind: BackupKind; components?: readonly Component[] | undefined }, sources: BackupSources): BackupParts {
  const why: Readonly<Record<Component, string | undefined>> = {
    code: sources.hasCode ? undefined : "nothing runs yet, so there is no code to back up",
    config: sources.hasConfig ? undefined : "there is no configuration to back up",
    data: sources.hasData ? undefined : "the agent has no state folder: state.directory names none, or it is not there yet",
    database: sources.databases > 0 ? undefined : "backup.databases in instar.yaml names no database",
  };
  const inKind: readonly Component[] = asked.kind === "state-only" ? ["data", "database"] : COMPONENTS;
  const outside = asked.components?.find((component) => !inKind.includes(component));
  if (outside !== undefined) return { kind: "refused", because: `a state-only backup has no ${outside}` };
  const absent = asked.components?.find((component) => why[component] !== undefined);
  if (absent !== undefined) return { kind: "refused", because: why[absent] ?? "" };
  const components = inKind.filter((component) => why[component] === undefined && (asked.components?.includes(component) ?? true));
  if (components.length === 0) return { kind: "refused", because: inKind.map((component) => why[component]).join("; ") };
  return { kind: "planned", components };
}

/**
 * Where each configured path lies in a backup: as from the settings' folder, or under `outside` where it is not in it. What lies in another that is
 * taken too is not taken twice. Pure.
 *
 * @param paths from the settings' folder, or absolute
 */
export function planConfigRoots(settingsFolder: string, paths: readonly string[]): PartRoot[] {
  const absolute = [...new Set(paths.map((path) => (isAbsolute(path) ? join(path) : join(settingsFolder, path)).replace(/(.)\/+$/, "$1")))];
  const outermost = absolute.filter((path) => !absolute.some((other) => other !== path && path.startsWith(`${other}/`)));
  return outermost.map((path, index) => {
    const inside = relative(settingsFolder, path);
    const isInside = inside !== "" && inside !== ".." && !inside.startsWith("../") && !isAbsolute(inside);
    return { name: isInside ? inside : `outside/${index}-${basename(path) || "root"}`, path };
  });
}
