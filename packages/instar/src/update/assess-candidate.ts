import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Bump, ConflictStrategy, ImpactReport } from "@instar/protocol";
import type { AssessRequest } from "../analysis/analysis-request.ts";
import type { SourceTree } from "../analysis/source-tree.ts";
import { removeTree } from "../platform/durable-files.ts";
import { longestWatchMs } from "../settings/watch-settings.ts";
import { classifyBump } from "../sources/classify-bump.ts";
import type { Estimates } from "./estimate-from-history.ts";
import { readRuntime } from "./read-runtime.ts";
import { graphCacheOf, type StepRooms } from "./step-rooms.ts";

export interface Candidate {
  /** What it is compared with; null for the first version. */
  readonly from: { readonly commit: string; readonly version: string } | null;
  readonly to: { readonly commit: string; readonly version: string };
  /** Upstream's own two commits, where what is compared carries local changes as well. Default: `from` and `to`. */
  readonly upstream?: { readonly from: string | null; readonly to: string };
  readonly estimates: Estimates;
  readonly conflicts: Omit<AssessRequest["conflicts"], "strategy" | "touched"> & { readonly strategy?: ConflictStrategy };
}

interface AssessPlace {
  /** Made and removed here. */
  readonly scratch: string;
  readonly logPath: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * What the step from one commit to another touches. Both are written from the mirror into a scratch folder, to be read and never run: the
 * running release's own folder is not asked, since its files may no longer be what their names in git say.
 *
 * @throws InstarError ANALYSIS_FAILED, PACKAGE_REFUSED, DISK_FULL
 */
export async function assessCandidate(rooms: StepRooms, { from, to, upstream, estimates, conflicts }: Candidate, place: AssessPlace): Promise<ImpactReport> {
  const { settings, source } = rooms;
  const { scratch, signal } = place;
  await removeTree(scratch);
  try {
    const before = from === null ? null : await writeToRead(rooms, from.commit, join(scratch, "before"), signal);
    const after = await writeToRead(rooms, to.commit, join(scratch, "after"), signal);
    const differences = await source.diff(from?.commit ?? null, to.commit, signal);
    place.say(`${differences.length} of ${after.files.length} files differ`);
    const touched = upstream === undefined ? differences : await source.diff(upstream.from, upstream.to, signal);
    const facts = await source.readCommit(to.commit, { directory: settings.agent.directory, since: upstream?.from ?? from?.commit });
    const report = await rooms.analysis.assess(
      {
        before,
        after,
        differences,
        bump: bumpOf(from, to),
        subjects: facts.changes,
        agent: {
          start: settings.agent.start,
          directory: settings.agent.directory,
          tests: settings.tests?.command ?? null,
          install: settings.install?.command ?? null,
          runtime: await readRuntime(
            rooms,
            after.files.map(({ path }) => path),
            { folder: scratch, logPath: place.logPath, signal },
          ),
        },
        watchMs: longestWatchMs(settings.watch),
        cachePath: graphCacheOf(rooms),
        conflicts: {
          ...conflicts,
          touched: touched.map(({ path, from: old }) => ({ path, ...(old === undefined ? {} : { from: old }) })),
          strategy: conflicts.strategy ?? settings.analysis.conflicts,
        },
      },
      { scratch, logPath: place.logPath, signal, onLine: place.say },
    );
    return { ...report, estimatedTestMs: estimates.testMs, rollback: { ...report.rollback, estimatedMs: estimates.rollbackMs } };
  } finally {
    await removeTree(scratch);
  }
}

const bumpOf = (from: Candidate["from"], to: Candidate["to"]): Bump => (from === null ? "first" : classifyBump(from.version, to.version));

/** A version's files on disk, to be read. @throws InstarError PACKAGE_REFUSED, DISK_FULL */
export async function writeToRead({ source }: Pick<StepRooms, "source">, commit: string, root: string, signal: AbortSignal): Promise<SourceTree> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const entries = await source.writeTreeToRead(commit, root, signal);
  const files = entries.map(({ path, kind, sizeBytes, object }) => ({ path, kind, sizeBytes, content: object }));
  return { root, files: files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)) };
}
