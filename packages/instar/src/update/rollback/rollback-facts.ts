import type { Standing } from "../fold-standing.ts";

/** Where to go back to. */
export type RollbackTarget =
  /** The version before the one that runs. */
  | { readonly kind: "previous" }
  /** The newest that was watched to the end, other than what runs. */
  | { readonly kind: "last-committed" }
  /** A release or a version. */
  | { readonly kind: "version"; readonly name: string }
  /** What ran at a time. */
  | { readonly kind: "time"; readonly atMs: number }
  /** A snapshot, or the update that it was taken for: the code and the state of that moment. */
  | { readonly kind: "checkpoint"; readonly id: string };

export interface RollbackAsked {
  readonly target: RollbackTarget;
  /** Put the state of then back too. */
  readonly withState: boolean;
  /** Leave the state, whatever the rehearsal showed. */
  readonly codeAlone: boolean;
  /** Also to a release that misbehaved, or was left, before. */
  readonly quarantined: boolean;
}

/** A release that an update once made, and what is left of it. */
export interface KnownRelease {
  readonly release: string;
  readonly version: string;
  readonly commit: string;
  readonly digest: string | null;
  /** intact: what was sealed; damaged: on disk and changed; gone: no longer on disk. */
  readonly files: "intact" | "damaged" | "gone";
  readonly filesBecause: string;
  /** A copy of its tree is in the content-addressed store. */
  readonly isKept: boolean;
  /** Why it must not come again by itself; null where nothing is against it. */
  readonly quarantined: string | null;
}

export interface KnownSnapshot {
  readonly id: string;
  readonly takenAtMs: number;
  readonly isWhole: boolean;
  /** The agent's state is in it: one of the configuration alone puts none back. */
  readonly hasState: boolean;
  readonly sizeBytes: number;
  /** What ran when it was taken; null where that is not known. */
  readonly release: string | null;
}

/** An update of the configuration that stayed: its files can be put back as they were before. */
export interface KnownEdit {
  readonly update: string;
  readonly atMs: number;
  readonly files: readonly string[];
  readonly because: string;
}

/** All that a way back is planned from. */
export interface RollbackFacts {
  readonly standing: Standing;
  /** Every release of which an update tells, oldest first. */
  readonly releases: readonly KnownRelease[];
  /** Newest first. */
  readonly snapshots: readonly KnownSnapshot[];
  /** Oldest first. */
  readonly edits: readonly KnownEdit[];
  readonly state: { readonly kind: "exclusive" | "external" | "none"; readonly sizeBytes: number };
  readonly freeBytes: number;
  /** Set aside for going back: it counts as free here. */
  readonly reserveBytes: number;
  /** Acknowledged writes since what runs was put in place; `isKnown` false: at least so many. Null without a front. */
  readonly writesSince: { readonly writes: number; readonly isKnown: boolean } | null;
  /** What is not as it should be with the programs that the agent is started with; null where all are there. */
  readonly missingPrograms: string | null;
  /** How long going back took before; null where it never happened. */
  readonly rollbackMs: number | null;
}
