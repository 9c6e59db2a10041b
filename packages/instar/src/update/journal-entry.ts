import type { Component, ConflictStrategy, ErrorCode, Origin, Outcome } from "@instar/protocol";
import type { Approval } from "../governance/approvals/approval.ts";
import type { Json } from "../ledger/ledger-entry.ts";
import type { Strategy } from "../settings/plan-strategy.ts";

export type UpdateId = string & { readonly brand: "UpdateId" };

/** What a step gave to later ones: plain JSON, since it is read back by a process that was not there. */
export type Gives = { readonly [key: string]: Json };

/** A step as `started` pins it. A newer Instar finishes an update under these, or refuses to start. */
export interface PinnedStep {
  readonly id: string;
  readonly version: number;
  readonly title: string;
  /** Why there is no way back over this step, where there is none. */
  readonly undoImpossible?: string;
  /** Why going back passes over it. */
  readonly undoNeedless?: string;
  /** True from the step on that touches what serves: a failure before it is a refusal, after it a rollback. */
  readonly exchanges?: true;
  /** True where the running version is confirmed: from here a newer update may close this one as superseded. */
  readonly endsLease?: true;
}

/** What is known when an update starts. */
export interface UpdateStart {
  readonly kind: "code" | "configuration";
  readonly target: string;
  readonly commit: string;
  readonly ref: string;
  readonly versionFrom: string | null;
  readonly versionTo: string;
  /** The release that runs now; null for the first. */
  readonly releaseFrom: string | null;
  /** The last committed release: the way back. Differs from `releaseFrom` after a superseded update. */
  readonly wayBack: string | null;
  readonly trigger: "found" | "by-hand" | "first" | "rollback" | "restore" | "watch-again";
  readonly actor: { readonly type: "system" | "user" | "agent"; readonly id: string };
  /** Which source offered it; git where an older Instar did not say. */
  readonly source?: string;
  /** Who vouches for what was brought; absent where nothing was, and where an older Instar did not say. */
  readonly origin?: Origin;
  /** How old and new change places, settled when the update began; recreate where an older Instar did not say. */
  readonly strategy?: Strategy;
  /** What the operator said beyond the settings, by hand: carried by the update and the ledger. */
  readonly overrides: {
    readonly untested?: boolean;
    readonly quarantined?: boolean;
    readonly conflicts?: ConflictStrategy;
    /** Going back by hand: the update whose snapshot is put back with the code. */
    readonly stateOf?: UpdateId;
    /** Putting parts of a backup in the place of what serves. */
    readonly restore?: { readonly backup: string; readonly components: readonly Component[]; readonly overwriteConfig: boolean };
    /** The old version comes back by itself unless a person confirms the new one within so many ms of instance time in service. */
    readonly confirmWithinMs?: number;
  };
  /** An update to a release that is already on disk (going back by hand, watching again). */
  readonly existingRelease?: string;
  /** Going back to a release that is no longer there: it is built anew from its commit, and must be what it was. */
  readonly rebuilds?: { readonly release: string; readonly digest: string | null };
  /** Going back by hand from a newer release: its digest, which then does not come again by itself. */
  readonly leaves?: string;
  /** Going back by hand: the plan that it follows, as it was shown. */
  readonly rollback?: Json;
  /** Watching again: the update that put the release in place. Its snapshot, and what was counted since it, are the way back's. */
  readonly watches?: UpdateId;
  /** A change of its own that the agent asked for: what it said of it, for whom, and which earlier one it answers. */
  readonly deploy?: { readonly message: string; readonly asker: string | null; readonly revises: UpdateId | null; readonly push: boolean };
  /** An update of the configuration: where its edits are put down, why a person wants them, and whether the agent is started again for them. */
  readonly edits?: { readonly id: string; readonly because: string; readonly restart: boolean; readonly undoes?: UpdateId };
}

export type EntryBody =
  | { readonly kind: "started"; readonly steps: readonly PinnedStep[]; readonly start: UpdateStart }
  | { readonly kind: "applying"; readonly step: string }
  | { readonly kind: "applied"; readonly step: string; readonly gives: Gives }
  /** A step looked and it is not time yet. `untilTickMs`: when to look again. `noted`: what the next look builds on. */
  | {
      readonly kind: "waiting";
      readonly step: string;
      readonly waitsFor: string;
      readonly untilTickMs: number;
      readonly because: string;
      readonly noted: Gives;
    }
  | {
      readonly kind: "failed";
      readonly step: string;
      readonly code: ErrorCode;
      readonly because: string;
      readonly transient: boolean;
      readonly evidence?: Gives;
    }
  | { readonly kind: "undoing"; readonly step: string }
  | { readonly kind: "undone"; readonly step: string; readonly gives: Gives }
  | { readonly kind: "undo-failed"; readonly step: string; readonly code: ErrorCode; readonly because: string }
  | { readonly kind: "stuck"; readonly because: string }
  | { readonly kind: "cancel-requested"; readonly by: string; readonly because: string }
  | { readonly kind: "supersede-requested"; readonly by: string; readonly because: string }
  | { readonly kind: "resolved"; readonly how: "retry" | "accept" | "abandon"; readonly by: string; readonly mayLoseWrites: boolean }
  /** A person keeps a version that asked to be confirmed, or goes on after an alarm. */
  | { readonly kind: "confirmed"; readonly by: string; readonly because: string }
  /** A person's word that it may be exchanged, or that it may not. */
  | { readonly kind: "approved"; readonly approval: Approval }
  | { readonly kind: "rejected"; readonly by: string; readonly because: string }
  | { readonly kind: "ended"; readonly outcome: Outcome; readonly because: string };

/** One line of an update's journal. `seq` is dense from 0, so a gap is corruption and never a race. */
export type JournalEntry = EntryBody & {
  readonly update: UpdateId;
  readonly seq: number;
  /** Wall time, for people. */
  readonly at: string;
  /** The instance's own time, which only counts while a daemon lives: every duration is computed from it. */
  readonly tickMs: number;
  readonly epoch: number;
  /** Which beginning of the step this belongs to, from 1. Each has its own folders, so a dead daemon's leftovers harm nobody. */
  readonly attempt: number;
};
