import type { InitAnswers } from "../plan-init.ts";
import type { SettingsFile } from "../settings.ts";

/** What `instar init --preset` knows beforehand of a program that many people run. */
export interface Preset {
  /** Files that the agent needs: written where nothing of that name is, never over anything. Paths count from the agent's folder. */
  readonly seeds: readonly PresetSeed[];
  /** Go before what is found in the folder, and behind what the operator says. */
  readonly answers: InitAnswers;
  /** Settings that no question of `init` asks for. */
  complete(settings: SettingsFile): SettingsFile;
  readonly warnings: readonly string[];
  /** What to run between `instar init` and `instar plan`. */
  readonly next: readonly string[];
}

export interface PresetSeed {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

/** What a preset is planned from. All paths are absolute. */
export interface PresetPlace {
  /** The agent's folder, where `instar.yaml` will lie. */
  readonly folder: string;
  /** Where Instar keeps what it brings for this preset: programs that judge a release, and are no part of one. */
  readonly programs: string;
  /** The text of `agent/start.mjs` there. */
  readonly start: string;
  /** For a token that the agent asks its callers for; unguessable. */
  readonly secret: string;
  /** Whether the folder is in a git repository already. */
  readonly isRepository: boolean;
  /** Whether a package-lock.json is there: then somebody has pinned a version already. */
  readonly isPinned: boolean;
}
