import type { StageResult, TestRunner } from "@instar/protocol";
import type { Command } from "../../settings/settings.ts";

export type Gate = StageResult["gate"];

/** A command of the operator's, and how its tests are understood. */
export interface TestWish {
  readonly command: Command;
  readonly runner: TestRunner | "auto" | "exit-status";
  /** A report that the command writes itself, inside the tree. */
  readonly report: string | undefined;
  /** Percent of lines. */
  readonly coverage: number | undefined;
  readonly retries: number;
  readonly flaky: "reported" | "refused";
  readonly leftBehind: "reported" | "refused";
}

export interface PlannedStage {
  readonly stage: string;
  readonly gate: Gate;
  /** The operator wrote the stage down: then that there is nothing to run is no excuse. */
  readonly isWritten: boolean;
  /** For all that the stage runs, again and again included. */
  readonly withinMs: number;
  readonly tests: TestWish | null;
  readonly hasBuiltIn: boolean;
  /** Why there is nothing to run, where that is not simply that nobody wrote anything down. */
  readonly idle?: string;
}
