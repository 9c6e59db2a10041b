import { InstarError } from "@instar/protocol";
import type { KnownRelease, KnownSnapshot, RollbackFacts, RollbackTarget } from "./rollback-facts.ts";

export interface FoundTarget {
  readonly goesTo: KnownRelease;
  /** The moment that is meant, where one is: what was edited later goes back too. */
  readonly atMs: number | null;
  /** Where the target names a snapshot. */
  readonly snapshot: KnownSnapshot | null;
  readonly words: string;
}

/** Which release a target means. Pure. @throws InstarError NOT_FOUND, CONFLICT */
export function findTarget(facts: RollbackFacts, target: RollbackTarget): FoundTarget {
  const { standing, releases } = facts;
  const found = (release: string | undefined, words: string, nothing: string): FoundTarget => {
    const goesTo = releases.findLast((known) => known.release === release);
    if (goesTo === undefined) throw new InstarError("NOT_FOUND", nothing, { advice: "`instar history` shows what there is." });
    return { goesTo, atMs: null, snapshot: null, words };
  };
  switch (target.kind) {
    case "previous": {
      const digest = releases.find(({ release }) => release === standing.running?.release)?.digest;
      // What first brought it, also where it was built anew since: from there it goes further back, and not forward again.
      const bringer = standing.ended.findLast(
        ({ start, given, outcome }) =>
          BRINGS.has(start.trigger) &&
          STAYED.has(outcome) &&
          (given.release === standing.running?.release || (typeof given.digest === "string" && given.digest === digest)),
      );
      return found(
        bringer?.start.wayBack ?? bringer?.start.releaseFrom ?? undefined,
        "the version before the one that runs",
        `${standing.running?.version} has no version before it`,
      );
    }
    case "last-committed": {
      const isLeft = (release: unknown) => releases.some((known) => known.release === release && known.quarantined !== null);
      const other = standing.ended.findLast(
        ({ given, outcome }) =>
          outcome === "committed" && typeof given.release === "string" && given.release !== standing.running?.release && !isLeft(given.release),
      );
      return found(
        typeof other?.given.release === "string" ? other.given.release : undefined,
        "the newest version that was watched to the end, other than what runs and what was left",
        "no other version was ever watched to the end",
      );
    }
    case "version": {
      const named = releases.findLast(({ release, version }) => release === target.name || version === target.name);
      return found(named?.release, `${target.name} was asked for`, `there is no release ${target.name}`);
    }
    case "time": {
      const then = new Date(target.atMs).toISOString();
      const running = standing.ended.findLast(
        // From the exchange on, and not only from the end of its window.
        ({ at, servedAt, outcome, given }) => STAYED.has(outcome) && typeof given.release === "string" && Date.parse(servedAt ?? at) <= target.atMs,
      );
      return { ...found(String(running?.given.release), `it ran at ${then}`, `nothing of this instance ran at ${then}`), atMs: target.atMs };
    }
    case "checkpoint": {
      const matches = facts.snapshots.filter(({ id }) => id.startsWith(target.id));
      const [snapshot] = matches;
      if (snapshot === undefined)
        throw new InstarError("NOT_FOUND", `there is no snapshot ${target.id}`, { advice: "`instar backup list` shows what there is." });
      if (matches.length > 1)
        throw new InstarError(
          "INPUT_INVALID",
          `${target.id} could be ${matches
            .map(({ id }) => id)
            .slice(0, 4)
            .join(", ")}`,
        );
      if (!snapshot.isWhole) throw new InstarError("SNAPSHOT_DAMAGED", `snapshot ${snapshot.id} is not whole`);
      if (!snapshot.hasState)
        throw new InstarError("CONFLICT", `snapshot ${snapshot.id} holds no state of the agent`, {
          advice: "`instar backup restore` puts back what it holds.",
        });
      const ran = snapshot.release ?? undefined;
      return {
        ...found(ran, `it ran when snapshot ${snapshot.id} was taken`, `what ran when snapshot ${snapshot.id} was taken is not known any more`),
        snapshot,
        atMs: snapshot.takenAtMs,
      };
    }
    default:
      return target satisfies never;
  }
}

/** What first brought a release: going back to it, or watching it again, does not tell what was before it. */
const BRINGS: ReadonlySet<string> = new Set(["first", "found", "by-hand"]);
/** Ends after which the update's release is what runs. */
const STAYED: ReadonlySet<string> = new Set(["committed", "superseded", "stuck-resolved"]);
