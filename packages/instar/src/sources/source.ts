import type { Origin, UpdateEventView, UpdateSource } from "@instar/protocol";
import type { SOURCE_IDS } from "../settings/version-settings.ts";

export type SourceId = (typeof SOURCE_IDS)[number];

/** What a source has now. */
export interface Sighting {
  /** What it is at its source: the same key is the same thing. */
  readonly key: string;
  /** A ref, or what a person would name it by: `refs/heads/main`, `npm:agent@1.2.3`. */
  readonly ref: string;
  /** Where the source itself names one: a tag's, a package's. */
  readonly version?: string | undefined;
  readonly branch?: string | undefined;
  /** Of what is downloaded, as the source promises it. */
  readonly digest?: string | undefined;
  readonly trigger: Extract<UpdateEventView["trigger"], "new_commit" | "new_tag" | "new_version" | "files_changed">;
  /** Why it must not be taken although it is offered; null where nothing stands against it. */
  readonly refusedBecause: string | null;
}

/** Something is there and cannot be looked at just now: a rebase is under way, for one. */
export interface NotNow {
  readonly waitsBecause: string;
}

/**
 * A place where new versions come from. Whatever it is, what it brings becomes a commit in Instar's own mirror: from there on every version is treated
 * alike, and the same files are the same commit.
 */
export interface Source {
  readonly id: SourceId;
  readonly kind: UpdateSource;
  /** Without credentials. */
  readonly address: string;
  /** What of it is followed, for people. */
  readonly follows: string;
  readonly checkEveryMs: number;
  /** Asks what there is; cheap where nothing changed. @throws InstarError as the source fails */
  look(signal: AbortSignal): Promise<Sighting | NotNow>;
  /** Brings what was seen into the mirror and pins it. Doing it again asks nobody. @returns the commit */
  bring(sighting: Sighting, signal: AbortSignal): Promise<string>;
  /**
   * Who vouches for what was brought. What could not be checked is an error, and never taken for what nobody vouches for.
   * @param commit as `bring` gave it
   */
  prove(sighting: Sighting, commit: string, signal: AbortSignal): Promise<Origin>;
  /** Calls when there may be something new, for a source that can tell. Runs until it is aborted. */
  watch?(onChange: () => void, signal: AbortSignal): Promise<void>;
}
