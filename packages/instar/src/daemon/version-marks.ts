import type { VersionMarksView } from "@instar/protocol";
import { hasGivenWay } from "../update/fold-standing.ts";
import type { JournalEntry } from "../update/journal-entry.ts";
import { NO_MARKS, type VersionMarks } from "../update/plan-version-policy.ts";
import { type Instance, readStanding } from "./instance.ts";

const FACT = "versionMarks";
const DAY_MS = 86_400_000;

export const readMarks = ({ facts }: Pick<Instance, "facts">): VersionMarks => facts.read<VersionMarks>(FACT) ?? NO_MARKS;

/** In the caller's transaction. */
export const writeMarks = ({ facts }: Pick<Instance, "facts">, marks: VersionMarks): void => facts.write(FACT, marks);

/** When updates began by themselves within the last 24 hours; the first version is none, nor one that gave way to a newer one. In ms of wall time, oldest first. */
export function readBegunMs({ journal, rooms }: Pick<Instance, "journal" | "rooms">): number[] {
  const nowMs = rooms.clock.wallMs();
  return journal.foldEach(foldBegunMs).filter((atMs): atMs is number => atMs !== null && atMs > nowMs - DAY_MS && atMs <= nowMs);
}

function foldBegunMs(entries: readonly JournalEntry[]): number | null {
  const [first] = entries;
  if (first?.kind !== "started" || first.start.trigger !== "found" || first.start.kind !== "code" || hasGivenWay(entries)) return null;
  return Date.parse(first.at);
}

export function describeMarks(instance: Pick<Instance, "facts" | "journal" | "rooms" | "settings">): VersionMarksView {
  const { pinned, held, skipped } = readMarks(instance);
  return {
    pinned,
    held: held === null ? null : { until: held.until, by: held.by, at: held.at, because: held.because },
    skipped: [...skipped],
    begunInADay: readBegunMs(instance).length,
    perDay: instance.settings.updates.perDay ?? null,
  };
}

/** Which source brought what runs; git where nothing says so. */
export function sourceOfRunning(instance: Pick<Instance, "journal">): string {
  const { running, ended } = readStanding(instance);
  const by = ended.findLast(({ start }) => start.commit === running?.commit && start.source !== undefined);
  return by?.start.source ?? "git";
}
