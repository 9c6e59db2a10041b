import { endsAgent, type Sight } from "./crash-point.ts";
import { givenOf, releaseOf } from "./judge-journals.ts";
import type { Evidence, JournalRow } from "./read-evidence.ts";

/**
 * "Write before, write after", looked at from outside: when `applying` was about to be written the effect was not there yet, when
 * `applied` was about to be written it was; the same going back. And no snapshot became whole unless the front held and
 * nobody was to run.
 */
export function judgeSights({ kind, sights, journals, kills }: Evidence): string[] {
  const byUpdate = new Map(journals.map((journal) => [journal[0]?.update, journal]));
  const problems = sights.flatMap((sight) => {
    if ("rename" in sight.at) return judgeSnapshot(sight);
    const journal = byUpdate.get(sight.at.update);
    if (journal === undefined) return []; // killed before its first entry
    const said = [judgeEntry(sight, sight.at, journal, kind.strategy === "recreate"), judgeTrialEntry(sight, sight.at, journal)].filter(
      (text) => text !== undefined,
    );
    return said.map((text) => `update ${journal[0]?.update}: ${text}`);
  });
  return [...new Set([...problems, ...(kills.some(endsAgent) ? [] : judgeHolds(sights))])];
}

/** What serves is exchanged once: a front that served a release holds again only for going back, or for another update; unless the agent died. */
function judgeHolds(sights: readonly Sight[]): string[] {
  const problems: string[] = [];
  const served = new Set<string>();
  let holds = false;
  let mover = "";
  for (const { at, world } of sights) {
    if ("entry" in at && (at.entry === "applying" || at.entry === "undoing") && at.step === "switch") mover = `${at.entry} ${at.update}`;
    if (!("rename" in at) || !at.rename.endsWith("/state.json")) continue;
    if (world.routed !== null && !world.holding) served.add(`${mover} ${world.routed}`);
    if (world.holding && !holds && served.has(`${mover} ${world.routed}`) && isNewReleaseOf(mover, world.routed))
      problems.push(`${world.routed} served already, and was exchanged again`);
    holds = world.holding;
  }
  return problems;
}

/** A release's id carries the update that made it. */
function isNewReleaseOf(mover: string, release: string | null): boolean {
  const [kind, update] = mover.split(" ");
  return kind === "applying" && release?.includes(`-${update}-`) === true;
}

type EntryAt = Exclude<Sight["at"], { rename: string }>;

function judgeEntry({ world }: Sight, at: EntryAt, journal: readonly JournalRow[], isStateCopied: boolean): string | undefined {
  const given = givenOf(journal);
  const release = typeof given.release === "string" ? given.release : undefined;
  const staged = world.releases.filter((id) => id.includes(`-${at.update}-`));
  const isSlotted = release !== undefined && world.slots.some((slot) => slot.release === release);
  const isServed = release !== undefined && world.routed === release && !world.holding;
  const wayBack = journal[0]?.body.start?.wayBack ?? null;
  const isFirst = at.attempt === 1;
  const isTried = hasApplied(journal, "trial");
  switch (`${at.entry} ${at.step}`) {
    case "started null": {
      const from = journal[0]?.body.start?.releaseFrom ?? null;
      return world.routed === from ? undefined : `it began from ${from}, and ${world.routed} served`;
    }
    case "applying stage":
      return isFirst && staged.length > 0 ? "files were staged before 'applying stage' was written" : undefined;
    case "applied stage":
      return staged.some((id) => id.endsWith(`-${at.attempt}`)) ? undefined : "'applied stage' was written before the files were staged";
    case "undone stage":
      return release !== undefined && world.releases.includes(release) ? "'undone stage' was written before the files were gone" : undefined;
    case "applying build":
      return isFirst && release !== undefined && world.sealed.includes(release) ? "the release was sealed before 'applying build' was written" : undefined;
    case "applied build":
      return release !== undefined && !world.sealed.includes(release) ? "'applied build' was written before the release was sealed" : undefined;
    case "applying back-up":
      return isFirst && world.snapshots.includes(at.update) ? "state was copied before 'applying back-up' was written" : undefined;
    case "applied back-up":
      return !isStateCopied || world.snapshots.includes(at.update) ? undefined : "'applied back-up' was written before state was copied";
    case "applying switch":
      return isFirst && (world.holding || (isTried ? isServed : isSlotted)) ? "the exchange began before 'applying switch' was written" : undefined;
    case "applied switch":
      return isServed ? undefined : "'applied switch' was written before the new release was served";
    case "undoing switch":
      return isFirstUndo(at, journal) && isSlotted === false && hasApplied(journal, "switch")
        ? "the way back began before 'undoing switch' was written"
        : undefined;
    case "undone switch":
      return isSlotted || world.holding || world.routed !== wayBack ? "'undone switch' was written before the old release was served" : undefined;
    case "undoing stage":
      return isFirstUndo(at, journal) && release !== undefined && !world.releases.includes(release)
        ? "files were removed before 'undoing stage' was written"
        : undefined;
    default:
      return undefined;
  }
}

function judgeTrialEntry({ world }: Sight, at: EntryAt, journal: readonly JournalRow[]): string | undefined {
  const release = releaseOf(journal);
  const { releaseFrom = null, wayBack = null } = journal[0]?.body.start ?? {};
  const isSlotted = release !== undefined && world.slots.some((slot) => slot.release === release);
  const isOnTrial = release !== undefined && world.share === release && world.routed === releaseFrom;
  switch (`${at.entry} ${at.step}`) {
    case "applying trial":
      return at.attempt === 1 && isSlotted ? "the trial began before 'applying trial' was written" : undefined;
    case "applied trial":
      return isOnTrial || releaseFrom === null ? undefined : "'applied trial' was written and the version is not on trial";
    case "undone trial":
      return isSlotted || world.share !== null || world.routed !== wayBack ? "'undone trial' was written before the old release served alone" : undefined;
    default:
      return undefined;
  }
}

const hasApplied = (journal: readonly JournalRow[], step: string) => journal.some((row) => row.kind === "applied" && row.step === step);

function isFirstUndo(at: EntryAt, journal: readonly JournalRow[]): boolean {
  return !journal.some((row) => row.seq < at.seq && row.kind === "undoing" && row.step === at.step);
}

function judgeSnapshot({ at, world }: Sight): string[] {
  if ("rename" in at && at.rename.endsWith("/state.json")) return [];
  const name = "rename" in at ? at.rename.split("/").at(-2) : "";
  if (!world.holding) return [`snapshot ${name} became whole while the front did not hold`];
  const running = world.slots.find(({ wanted }) => wanted === "running");
  return running === undefined ? [] : [`snapshot ${name} became whole while a slot was to run ${running.release}`];
}
