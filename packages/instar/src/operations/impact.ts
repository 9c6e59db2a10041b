import { join } from "node:path";
import { checkResults, type ImpactReport, type ImpactView, type Implementations, InstarError } from "@instar/protocol";
import { addChecks } from "../analysis/plan-impact.ts";
import { readStanding } from "../daemon/instance.ts";
import { findNewest } from "../daemon/look-for-updates.ts";
import { removeTree } from "../platform/durable-files.ts";
import { assessCandidate, writeToRead } from "../update/assess-candidate.ts";
import { foldGives } from "../update/plan-next-move.ts";
import { readConflictFacts } from "../update/read-conflict-facts.ts";
import { graphCacheOf } from "../update/step-rooms.ts";
import { recordOf } from "../update/steps/read-running.ts";
import type { OperationContext } from "./context.ts";
import { findUpdate, readUpdate } from "./updates.ts";

type Instance = OperationContext["instance"];
interface Version {
  readonly commit: string;
  readonly version: string;
}

/** Fetching, writing two versions out and reading them. */
const WITHIN_MS = 600_000;

/** What a change touches, for people who want to know before anything happens, or why something did. Touches no port and no process. */
export function implementImpact({ instance }: OperationContext): Pick<Implementations, "impact" | "graph"> {
  return {
    impact: async ({ update, from, to }) => {
      if (update === undefined) return assessNow(instance, from, to);
      if (from !== undefined || to !== undefined)
        throw new InstarError("INPUT_INVALID", "an update has its two commits already", { advice: "Leave out --from and --to, or the update." });
      return readRecorded(instance, update);
    },
    graph: async ({ of, format }) => {
      const signal = AbortSignal.timeout(WITHIN_MS);
      const running = readStanding(instance).running?.commit;
      const commit = of === undefined && running !== undefined ? running : (await findVersion(instance, of, signal)).commit;
      const scratch = scratchOf(instance);
      try {
        const tree = await writeToRead(instance.rooms, commit, join(scratch, "tree"), signal);
        const drawn = await instance.rooms.analysis.draw(
          { tree, format, cachePath: graphCacheOf(instance.rooms) },
          { scratch, logPath: logOf(instance), signal },
        );
        return { commit, ...drawn };
      } finally {
        await removeTree(scratch);
      }
    },
  };
}

/** @param from what runs, where it is undefined; @param to upstream's newest */
export async function assessNow(instance: Instance, from: string | undefined, to: string | undefined): Promise<ImpactView> {
  const { rooms } = instance;
  const signal = AbortSignal.timeout(WITHIN_MS);
  const running = readStanding(instance).running;
  const target = await findVersion(instance, to, signal);
  const base = from === undefined ? running : await findVersion(instance, from, signal);
  const beganMs = rooms.clock.monotonicMs();
  const report = await assessCandidate(
    rooms,
    {
      from: base === null ? null : { commit: base.commit, version: base.version },
      to: target,
      estimates: rooms.history(),
      conflicts: await readConflictFacts(rooms, await recordOf(rooms, from === undefined ? (running?.release ?? null) : null), openUpdateOf(instance)),
    },
    { scratch: scratchOf(instance), logPath: logOf(instance), signal, say: () => undefined },
  );
  return {
    update: null,
    from: base === null ? null : { version: base.version, commit: base.commit },
    to: target,
    tookMs: Math.round(rooms.clock.monotonicMs() - beganMs),
    report,
  };
}

/** A release that is on disk, by its id or version; else what upstream calls so. */
async function findVersion(instance: Instance, name: string | undefined, signal: AbortSignal): Promise<Version> {
  const { rooms, settings } = instance;
  const { source } = rooms;
  const release = name === undefined ? undefined : (await rooms.releases.list()).sealed.findLast(({ id, version }) => id === name || version === name);
  if (release !== undefined) return { commit: release.commit, version: release.version };
  if (name === undefined) {
    const { candidate } = await findNewest(instance, signal);
    return { commit: candidate.commit, version: candidate.version };
  }
  const found = await source.find(name, signal);
  await source.fetch(found.commit, signal, found.ref);
  const { version } = await source.readCommit(found.commit, { directory: settings.agent.directory, taggedAs: found.version });
  return { commit: found.commit, version };
}

function readRecorded(instance: Instance, prefix: string): ImpactView {
  const update = findUpdate(instance, prefix);
  const journal = instance.journal.read(update);
  const given = foldGives(journal);
  const report = given.impact as ImpactReport | undefined;
  if (report === undefined) throw new InstarError("NOT_FOUND", `update ${update} was not analysed`, { advice: "`instar update show` says how far it came." });
  const { versionFrom, versionTo, commit, releaseFrom } = readUpdate(instance, update);
  return {
    update,
    from: versionFrom === null ? null : { version: versionFrom, commit: String(given.commitFrom ?? releaseFrom ?? "") },
    to: { version: versionTo, commit },
    tookMs: null,
    report: addChecks(report, checkResults.parse(given.codeChecks ?? [])),
  };
}

function openUpdateOf({ journal }: Instance): { update: string; version: string } | null {
  const [open] = journal.unfinished();
  if (open === undefined) return null;
  const [first] = journal.read(open);
  return { update: open, version: first?.kind === "started" ? first.start.versionTo : "?" };
}

/** Two people may ask at once, and beside them an update comes to its end, which takes the scratch folder along. */
let asked = 0;
const scratchOf = ({ rooms }: Instance) => `${rooms.folder}/asked/${process.pid}-${asked++}`;
const logOf = ({ rooms }: Instance) => `${rooms.folder}/logs/analysis.log`;
