import { InstarError } from "@instar/protocol";
import { readStateSize } from "../backups/read-state-size.ts";
import { type Instance, readStanding } from "../daemon/instance.ts";
import { readFreeBytes } from "../platform/disk-space.ts";
import { findProgram } from "../platform/find-program.ts";
import { describeDamage } from "../releases/describe-damage.ts";
import { countsOf } from "../update/exchange.ts";
import type { EndedUpdate, Standing } from "../update/fold-standing.ts";
import type { UpdateId } from "../update/journal-entry.ts";
import { foldGives } from "../update/plan-next-move.ts";
import type { KnownEdit, KnownRelease, KnownSnapshot, RollbackFacts } from "../update/rollback/rollback-facts.ts";
import { readBaseline } from "../update/steps/exchange-baseline.ts";

/** Reads all that a way back is planned from. Touches nothing. */
export async function readRollbackFacts(instance: Instance): Promise<RollbackFacts> {
  const { rooms, settings } = instance;
  const standing = readStanding(instance);
  return {
    standing,
    releases: await readReleases(instance, standing),
    snapshots: await readSnapshots(instance, standing),
    edits: readEdits(instance),
    state: { kind: settings.state.kind, sizeBytes: rooms.stateDirectory === null ? 0 : await readStateSize(rooms.stateDirectory) },
    freeBytes: await readFreeBytes(instance.folder),
    reserveBytes: settings.keep.reserve,
    writesSince: await readWritesSince(instance, standing),
    missingPrograms: await findMissingPrograms(instance),
    rollbackMs: rooms.history().rollbackMs,
  };
}

/** Ends after which the update's release served for good, or until the next. */
const SERVED: ReadonlySet<EndedUpdate["outcome"]> = new Set(["committed", "superseded", "stuck-resolved"]);

async function readReleases({ rooms }: Instance, { ended }: Standing): Promise<KnownRelease[]> {
  const known = new Map<string, KnownRelease>();
  for (const { start, given, outcome } of ended) {
    const { release, digest } = given;
    if (!SERVED.has(outcome) || typeof release !== "string") continue;
    known.set(release, {
      release,
      version: start.versionTo,
      commit: start.commit,
      digest: typeof digest === "string" ? digest : null,
      ...(await readFiles(rooms, release)),
      isKept: rooms.keptReleases.isKept(release),
      quarantined: typeof digest === "string" ? (rooms.quarantined(digest) ?? null) : null,
    });
  }
  return [...known.values()];
}

/** By sizes and times first: every byte is compared before a release is started, and here where something looks wrong. */
async function readFiles({ releases }: Instance["rooms"], release: string): Promise<Pick<KnownRelease, "files" | "filesBecause">> {
  try {
    if ((await releases.verifyQuickly(release)).kind === "intact") return { files: "intact", filesBecause: "" };
    const intact = await releases.verify(release);
    return intact.kind === "intact" ? { files: "intact", filesBecause: "" } : { files: "damaged", filesBecause: describeDamage(intact) };
  } catch (error) {
    if (InstarError.is(error, "NOT_FOUND")) return { files: "gone", filesBecause: "it is no longer on disk" };
    if (InstarError.is(error, "DATA_DAMAGED")) return { files: "damaged", filesBecause: error.message };
    throw error;
  }
}

/** What an exchange took away: the state as the version before left it. */
async function readSnapshots({ rooms }: Instance, { ended }: Standing): Promise<KnownSnapshot[]> {
  const ranBefore = new Map(ended.map(({ update, start }) => [update as string, start.releaseFrom]));
  return (await rooms.snapshots.list()).map((info) => ({
    id: info.id,
    takenAtMs: info.takenAtMs,
    isWhole: info.state === "whole",
    hasState: info.state === "whole" && info.parts.some(({ component, roots }) => component === "data" && roots.some(({ name }) => name === "state")),
    sizeBytes: info.state === "whole" ? info.sizeBytes : 0,
    release: (info.state === "whole" ? info.about.release : null) ?? ranBefore.get(info.id) ?? null,
  }));
}

/** Updates of the configuration that stayed and that nobody has taken back since. */
function readEdits({ journal }: Instance): KnownEdit[] {
  const stayed = journal.list().flatMap((update) => {
    const entries = journal.read(update);
    const [first] = entries;
    const last = entries.at(-1);
    if (first?.kind !== "started" || first.start.kind !== "configuration" || last?.kind !== "ended" || last.outcome !== "committed") return [];
    const changes = (foldGives(entries).changes ?? []) as readonly { path: string }[];
    const edit: KnownEdit = { update, atMs: Date.parse(last.at), files: changes.map(({ path }) => path), because: first.start.edits?.because ?? "" };
    return [{ edit, undoes: first.start.edits?.undoes }];
  });
  const undone = new Set(stayed.flatMap(({ undoes }) => undoes ?? []));
  return stayed.flatMap(({ edit, undoes }) => (undoes !== undefined || undone.has(edit.update as UpdateId) ? [] : [edit]));
}

async function readWritesSince({ rooms, settings }: Instance, { running, ended }: Standing): Promise<RollbackFacts["writesSince"]> {
  if (settings.front === undefined || running === null) return null;
  const report = await rooms.keeper.state().catch(() => undefined);
  if (report === undefined) return { writes: 0, isKnown: false };
  const bringer = ended.findLast(({ given, outcome }) => given.release === running.release && SERVED.has(outcome));
  const since = bringer === undefined ? undefined : readBaseline(rooms, bringer)?.since;
  return {
    writes: Math.max(0, countsOf(report, running.release).writes - (since?.writes ?? 0)),
    isKnown: report.front === null || !report.front.undercounted.includes(running.release),
  };
}

/** A line that the shell takes apart names no program that could be looked for. */
async function findMissingPrograms({ rooms, settings }: Instance): Promise<string | null> {
  const { start, path } = settings.agent;
  const [program] = typeof start === "string" ? [] : start;
  if (program === undefined || program.includes("{") || program.startsWith(".")) return null;
  const found = await findProgram(program, rooms.settingsFolder, { PATH: path?.join(":") ?? "/usr/local/bin:/usr/bin:/bin" });
  return found === undefined ? `the program ${program}, with which the agent is started, is not on agent.path` : null;
}
