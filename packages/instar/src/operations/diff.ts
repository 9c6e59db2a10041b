import { type FileDiff, type Implementations, InstarError } from "@instar/protocol";
import { isLockfile } from "../analysis/lockfiles/parse-lockfile.ts";
import type { FileChange } from "../sources/diff-commits.ts";
import type { UpdateId } from "../update/journal-entry.ts";
import { foldGives } from "../update/plan-next-move.ts";
import type { OperationContext } from "./context.ts";
import { planShownDiffs } from "./plan-shown-diffs.ts";
import { findUpdate } from "./updates.ts";

type Instance = OperationContext["instance"];

const WITHIN_MS = 60_000;
/** Of more than these only the number is told. */
const MAX_FILES = 1_000;

/** What an update changes, line by line, from the mirror: nothing is fetched and nothing of the candidate runs. */
export function implementDiff({ instance }: Pick<OperationContext, "instance">): Pick<Implementations, "update.diff"> {
  return {
    "update.diff": async ({ update: prefix, path }) => {
      const update = findUpdate(instance, prefix);
      const { from, to } = await readTwoCommits(instance, update);
      const { source } = instance.rooms;
      const signal = AbortSignal.timeout(WITHIN_MS);
      const all = await source.diff(from?.commit ?? null, to.commit, signal);
      const asked = path === undefined ? all : all.filter((file) => file.path === path);
      if (path !== undefined && asked.length === 0) throw new InstarError("NOT_FOUND", `update ${update} does not change ${JSON.stringify(path)}`);
      const files = asked.slice(0, MAX_FILES);
      const { shown, leftOut } = planShownDiffs(files, path !== undefined);
      const texts = await source.fileDiffs(from?.commit ?? null, to.commit, shown, signal);
      return {
        update,
        from,
        to,
        addedLines: all.reduce((sum, { addedLines }) => sum + addedLines, 0),
        deletedLines: all.reduce((sum, { deletedLines }) => sum + deletedLines, 0),
        total: all.length,
        files: files.map((file) => describeFile(file, texts.get(file.path), leftOut.get(file.path))),
      };
    },
  };
}

async function readTwoCommits({ journal, rooms }: Instance, update: UpdateId) {
  const entries = journal.read(update);
  const [first] = entries;
  if (first?.kind !== "started") throw new InstarError("DATA_DAMAGED", `the journal of update ${update} does not begin as it should`, { facts: { update } });
  const { start } = first;
  if (start.kind !== "code")
    throw new InstarError("NOT_FOUND", `update ${update} changes files of the configuration and no code`, { advice: "`instar update show` says which." });
  const { commitFrom } = foldGives(entries);
  const before =
    typeof commitFrom === "string"
      ? commitFrom
      : await rooms.releases.readRecord(start.releaseFrom ?? "").then(
          ({ commit }) => commit,
          () => null,
        );
  if (before === null && start.releaseFrom !== null)
    throw new InstarError("NOT_FOUND", `nothing says any more from which commit update ${update} began`, { facts: { release: start.releaseFrom } });
  return {
    from: before === null ? null : { version: start.versionFrom ?? "?", commit: before },
    to: { version: start.versionTo, commit: start.commit },
  };
}

function describeFile(file: FileChange, text: string | undefined, leftOut: string | undefined): FileDiff {
  return {
    path: file.path,
    from: file.from ?? null,
    change: file.status,
    addedLines: file.addedLines,
    deletedLines: file.deletedLines,
    isBinary: file.isBinary,
    modes: file.modeBefore === file.modeAfter ? null : { before: file.modeBefore.toString(8), after: file.modeAfter.toString(8) },
    isLockfile: isLockfile(file.path),
    text: text ?? null,
    leftOut: text === undefined ? (leftOut ?? "its lines are too long to be shown") : null,
  };
}
