import type { ErrorCode } from "@instar/protocol";
import type { Answers } from "./fold-answers.ts";
import type { Gives, UpdateId, UpdateStart } from "./journal-entry.ts";

/** What the world says about a step's effect. The engine asks before it acts. */
export type Probe =
  | { readonly found: "absent" }
  /** Begun and not finished: `apply` goes on from there. */
  | { readonly found: "partial" }
  | { readonly found: "present"; readonly gives: Gives }
  /** Not what a step may meet: nothing is done, the update fails with this. */
  | { readonly found: "blocked"; readonly code: ErrorCode; readonly because: string };

export type StepResult =
  | { readonly kind: "done"; readonly gives: Gives }
  | { readonly kind: "waiting"; readonly waitsFor: string; readonly forMs: number; readonly because: string; readonly noted: Gives }
  /** An expected no: the candidate is at fault, not the machine. */
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly because: string; readonly evidence?: Gives };

/** What a step may know: who it works for, what earlier steps gave, and how to stop early. */
export interface StepContext {
  readonly update: UpdateId;
  readonly start: UpdateStart;
  readonly attempt: number;
  readonly epoch: number;
  readonly given: Gives;
  /** What this step noted at its last look, where it waits. */
  readonly noted: Gives;
  /** What an operator allowed when resolving a stuck update. */
  readonly mayLoseWrites: boolean;
  /** Instance time at which a person last confirmed the new version; null where nobody did. */
  readonly confirmedAtTickMs: number | null;
  /** What people said to whether it may be exchanged. */
  readonly answers: Answers;
  /** Instance time now, ms. */
  readonly tickMs: () => number;
  readonly signal: AbortSignal;
  /** Progress for people: may be dropped, never decides anything. */
  readonly say: (line: string) => void;
}

/**
 * One reversible move of an update. The obligations, which the step contract tests for every step:
 * - `apply` twice equals once; a crash anywhere inside is repaired by running it again;
 * - `undo` after `apply` leaves what was there before; `undo` twice equals once; `undo` without `apply` changes nothing;
 * - `probe` changes nothing, and answers `present` only where the whole effect is there and durable;
 * - what later steps need is in `gives`; nothing is remembered in memory.
 */
export interface Step {
  readonly id: string;
  readonly version: number;
  readonly title: string;
  readonly exchanges?: true;
  readonly endsLease?: true;
  /** May be interrupted by a cancellation while it acts. A step that touches what serves may not. */
  readonly interruptible: boolean;
  readonly probe: (context: StepContext) => Promise<Probe>;
  readonly apply: (context: StepContext) => Promise<StepResult>;
  /** `needless`: why nothing outside is changed, so that going back passes over it. */
  readonly undo: ((context: StepContext) => Promise<Gives>) | { readonly impossible: string } | { readonly needless: string };
  /** One line for people on what it gave. */
  readonly describe: (gives: Gives) => string;
}

/** A step whose definition the compiler checks, returned as it is. */
export const defineStep = (step: Step): Step => step;
