import type { Bump, ConflictStrategy } from "@instar/protocol";
import type { MergeOutcome, TouchedPath } from "./conflicts/find-local-conflicts.ts";
import type { Runtime } from "./conflicts/find-version-mismatches.ts";
import type { FileDifference } from "./read-edits.ts";
import type { SourceTree } from "./source-tree.ts";

/** What an analysis is asked. Plain JSON: a process of its own answers, which may die of what it reads. */
export type AnalysisRequest = AssessRequest | DrawRequest;

export interface DrawRequest {
  readonly ask: "draw";
  readonly tree: SourceTree;
  readonly format: "dot" | "json";
  readonly cachePath: string | null;
}

/** What does the change between two versions touch? */
export interface AssessRequest {
  readonly ask: "assess";
  /** The version that runs; null for the first. */
  readonly before: SourceTree | null;
  readonly after: SourceTree;
  readonly differences: readonly FileDifference[];
  readonly bump: Bump;
  /** What the commits between say of themselves. */
  readonly subjects: readonly string[];
  readonly agent: {
    readonly start: string | readonly string[];
    /** The agent's folder inside the tree, `.` for the root. */
    readonly directory: string;
    readonly tests: string | readonly string[] | null;
    readonly install: string | readonly string[] | null;
    /** What would run it, as far as that is known. */
    readonly runtime: Runtime;
  };
  readonly watchMs: number;
  /** Where the module graph keeps what it has parsed; null: nowhere. */
  readonly cachePath: string | null;
  readonly conflicts: {
    readonly strategy: ConflictStrategy;
    /** Files of the running release that are not as they were sealed. */
    readonly local: { readonly changed: readonly string[]; readonly missing: readonly string[]; readonly added: readonly string[] };
    /** What the update itself touches: without what was carried over to it. */
    readonly touched: readonly TouchedPath[];
    /** What came of bringing local files over. */
    readonly merged?: MergeOutcome;
    /** Another update that has not ended: its id and version. */
    readonly underWay: { readonly update: string; readonly version: string } | null;
    /** Lock files that somebody holds. */
    readonly locks: readonly { readonly resource: string; readonly because: string }[];
  };
}
