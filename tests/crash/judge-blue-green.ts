import { endsAgent, type Sight, type World } from "./crash-point.ts";
import { outcomeOf } from "./judge-journals.ts";
import type { Evidence } from "./read-evidence.ts";

/**
 * What only an exchange side by side promises: nothing is ever held; in every sight there is a version that serves; the old one
 * stays up until the new one is confirmed, a warm one until the commit; requests go only where a process answered well, to the new
 * one once, and back only when the way back has begun; and no share of the callers is left behind.
 */
export function judgeBlueGreen(evidence: Evidence): string[] {
  if (evidence.kind.strategy !== "blue-green") return [];
  return [
    ...new Set([
      ...judgeHolds(evidence),
      ...judgeServing(evidence),
      ...judgeReadiness(evidence),
      ...judgeOldVersions(evidence),
      ...judgeShares(evidence),
      ...judgeStates(evidence),
    ]),
  ];
}

function judgeHolds({ sights, held }: Evidence): string[] {
  return [
    ...(sights.some(({ world }) => world.holding) ? ["the front held requests"] : []),
    ...(held > 0 ? [`${held} requests waited in a hold that nothing asked for`] : []),
  ];
}

/** How long an agent that was killed may be seen dead: its keeper may have been killed with it, and then again and again. */
const DEAD_AFTER_KILL_MS = 60_000;

/** From the first that serves on, what is routed to is there, is to run, and runs. */
function judgeServing({ sights, kills }: Evidence): string[] {
  const since = sights.findIndex(({ world }) => world.routed !== null);
  return sights.slice(since === -1 ? sights.length : since).flatMap((sight) => {
    const { at, atMs, world } = sight;
    const serving = slotOf(world, world.routed);
    if (serving === undefined) return [`nothing was routed to at ${describeAt(at)}`];
    if (serving.wanted !== "running") return [`${serving.release} was routed to and wanted ${serving.wanted} at ${describeAt(at)}`];
    return serving.isAlive || wasAgentKilled(kills, atMs) ? [] : [`${serving.release} was routed to and dead at ${describeAt(at)}`];
  });
}

function wasAgentKilled(kills: Evidence["kills"], atMs: number): boolean {
  return kills.some((kill) => endsAgent(kill) && kill.atMs <= atMs && atMs - kill.atMs < DEAD_AFTER_KILL_MS);
}

/** Forward or back: requests go to another release once that very process passed its health check. */
function judgeReadiness({ sights, shown, kills }: Evidence): string[] {
  return sights.flatMap(({ atMs, world }, index) => {
    const before = sights[index - 1]?.world.routed ?? null;
    const next = slotOf(world, world.routed);
    if (next === undefined || world.routed === before || wasAgentKilled(kills, atMs)) return [];
    const isWell = shown.some((one) => one.kind === "healthy" && one.pid === next.pid && one.atMs <= atMs);
    return isWell ? [] : [`requests were to go to ${next.release}, and its process had not answered well yet`];
  });
}

interface Exchanging {
  readonly update: string;
  readonly old: string | null;
  isRouted: boolean;
}

/** Up as long as it may be needed, and, kept warm or not, no longer. */
function judgeOldVersions({ sights, kind }: Evidence): string[] {
  const problems: string[] = [];
  let exchanging: Exchanging | undefined;
  for (const { at, world } of sights) {
    if ("entry" in at && at.entry === "undoing") exchanging = undefined;
    if (exchanging !== undefined) {
      const { update, old } = exchanging;
      // A release's id carries the update that made it.
      const isRouted = world.routed?.includes(`-${update}-`) === true;
      if (exchanging.isRouted && !isRouted) problems.push(`update ${update}: requests went to the new version and away again at ${describeAt(at)}`);
      exchanging.isRouted ||= isRouted;
      if (old !== null && slotOf(world, old)?.wanted !== "running")
        problems.push(`update ${update}: the old version was not to run any longer at ${describeAt(at)}`);
    }
    if (!("entry" in at)) continue;
    const running = world.slots.filter(({ wanted }) => wanted === "running").length;
    if (at.entry === "applied" && at.step === (kind.isWarm ? "commit" : "confirm") && running > 1)
      problems.push(`update ${at.update}: ${running} versions were still to run when '${at.step}' was applied`);
    if (at.entry === "applying" && (at.step === "trial" || at.step === "switch") && exchanging?.update !== at.update)
      exchanging = { update: at.update, old: world.routed, isRouted: false };
    // From here on the old one may be stopped.
    if (at.entry === "applying" && at.step === (kind.isWarm ? "commit" : "confirm")) exchanging = undefined;
    if (at.entry === "ended") exchanging = undefined;
  }
  return problems;
}

/** A share of the callers meets the version on trial while that is to run, and is gone when the trial is over, however it ended. */
function judgeShares({ sights, journals }: Evidence): string[] {
  const known = new Set(journals.map((journal) => journal[0]?.update));
  return sights.flatMap(({ at, world }) => {
    if (world.share === null) return [];
    if (slotOf(world, world.share)?.wanted !== "running") return [`a share of the callers was to meet ${world.share}, which was not to run`];
    if ("rename" in at || !known.has(at.update)) return [];
    const isOver = at.step === null ? at.entry === "started" || at.entry === "ended" : OVER.has(`${at.entry} ${at.step}`);
    return isOver ? [`a share of the callers was left with ${world.share} at ${describeAt(at)}`] : [];
  });
}

const OVER: ReadonlySet<string> = new Set(["undone trial", "applied switch", "undone switch"]);

/** A state elsewhere is nobody's to copy, to put back or to put aside. */
function judgeStates({ snapshots, aside, journals, keeper, living }: Evidence): string[] {
  const isAtRest = journals.every((journal) => outcomeOf(journal) !== null);
  const agents = living.filter(({ part }) => part === "agent").length;
  return [
    ...(snapshots.length === 0 ? [] : ["a state that is elsewhere was copied"]),
    ...(aside.length === 0 ? [] : ["a state that is elsewhere was put aside"]),
    ...(isAtRest && keeper.running !== agents ? [`${keeper.running} slots are to run at rest, and ${agents} agents live`] : []),
  ];
}

const slotOf = (world: World, release: string | null) => (release === null ? undefined : world.slots.find((slot) => slot.release === release));

function describeAt(at: Sight["at"]): string {
  return "rename" in at ? "a change of the keeper's mind" : `'${at.entry} ${at.step ?? ""}' of ${at.update}`;
}
