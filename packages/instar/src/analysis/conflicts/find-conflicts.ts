import type { Conflict, ConflictStrategy } from "@instar/protocol";
import type { NamedText } from "../lockfiles/plan-dependency-changes.ts";
import { findDependencyConflicts } from "./find-dependency-conflicts.ts";
import { findLocalConflicts, type LocalFiles, type MergeOutcome, type TouchedPath } from "./find-local-conflicts.ts";
import { findVersionMismatches, type Runtime } from "./find-version-mismatches.ts";

export interface ConflictFacts {
  readonly strategy: ConflictStrategy;
  readonly local: LocalFiles;
  /** The update's own edits: without what was carried over to it. */
  readonly edits: readonly TouchedPath[];
  /** What came of bringing local files over; absent where that is still to come. */
  readonly merged?: MergeOutcome;
  /** Another update that has not ended. */
  readonly underWay: { readonly update: string; readonly version: string } | null;
  readonly locks: readonly { readonly resource: string; readonly because: string }[];
  /** Of the candidate: package.json files, lockfiles, and `.nvmrc`, `.node-version`, `pyproject.toml` where there are. */
  readonly packages: readonly NamedText[];
  readonly lockfiles: readonly NamedText[];
  readonly toolFiles?: readonly NamedText[];
  /** The same of the version that runs: what it asks for already counts against nobody. */
  readonly before?: { readonly packages: readonly NamedText[]; readonly lockfiles: readonly NamedText[]; readonly toolFiles?: readonly NamedText[] };
  readonly runtime: Runtime;
  /** The agent's folder inside the tree. Default: the root. */
  readonly directory?: string;
  /** What installs the dependencies; absent where that is not known. */
  readonly install?: string | readonly string[] | null;
}

/**
 * What stands against an update (`self-updating-loop` §4.5). The strategy decides about files that were changed by hand and about nothing else: of
 * two updates, a held lock or a missing Node no side can win. What is not known is said and blocks nothing, as each of these is met again where it
 * matters: the installation, the build and the start are gates of their own. Pure.
 */
export function findConflicts(facts: ConflictFacts): Conflict[] {
  const { strategy, local, edits, merged, underWay, locks } = facts;
  return [
    ...(underWay === null ? [] : [concurrentUpdate(underWay)]),
    ...locks.map(heldLock),
    ...findLocalConflicts({ strategy, local, edits, merged }),
    ...findVersionMismatches(facts),
    ...findDependencyConflicts(facts),
  ];
}

function concurrentUpdate({ update, version }: { readonly update: string; readonly version: string }): Conflict {
  return {
    kind: "concurrent_update",
    what: update,
    because: `the update to ${version} has not ended`,
    resolution: "manual",
    blocks: true,
    advice: "Wait until it has ended, or cancel it.",
  };
}

function heldLock({ resource, because }: { readonly resource: string; readonly because: string }): Conflict {
  return {
    kind: "resource_lock",
    what: resource,
    because,
    resolution: "manual",
    blocks: true,
    advice: "Wait until whoever holds it is done. If nobody is at work there, the lock was left behind and can be removed.",
  };
}
