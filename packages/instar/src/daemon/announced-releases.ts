import type { UpdateEventView } from "@instar/protocol";
import { transact } from "../database/open-database.ts";
import { newId } from "../update/new-id.ts";
import { type Instance, readStanding } from "./instance.ts";

export interface Announcement {
  readonly commit: string;
  readonly ref: string | null;
  /** Who announced it. */
  readonly by: string;
}

/**
 * Writes down what a webhook announced before its source is asked, so that whoever watches sees it at once. Nothing begins from it: whether it is so, and what
 * is in it, the source tells, in the same event. Nothing where the commit is known already.
 */
export function noteAnnounced(instance: Instance, { commit, ref, by }: Announcement): void {
  const { events, rooms, sources } = instance;
  const git = sources.find(({ id }) => id === "git");
  const { running } = readStanding(instance);
  if (git === undefined || running?.commit === commit || events.ofCommit(commit) !== undefined) return;
  const event: UpdateEventView = {
    eventId: newId(),
    timestamp: new Date(rooms.clock.wallMs()).toISOString(),
    source: "webhook",
    noticedBy: "webhook",
    seenBy: [],
    updateType: "patch",
    trigger: "announced",
    currentVersion: running?.version ?? null,
    targetVersion: commit.slice(0, 7),
    changedFiles: [],
    changedFileCount: 0,
    changeSummary: `announced by ${by}`,
    priority: "normal",
    requiresRestart: true,
    requiresApproval: false,
    gitCommitHash: commit,
    gitBranch: ref?.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : null,
    remoteUrl: git.address,
    digest: null,
    origin: null,
    decision: "nothing",
    because: "a webhook announced it: upstream is asked",
    update: null,
  };
  transact(instance.database, () => events.put(event));
}

/** Announced, and no source has had it yet. */
export const isOnlyAnnounced = ({ trigger, seenBy }: UpdateEventView): boolean => trigger === "announced" && seenBy.length === 0;

/** What was announced and that the source did not have when it was asked; after a crash, what was not asked for any more. */
export function dismissAnnounced({ events, database }: Pick<Instance, "events" | "database">, because: string): void {
  transact(database, () => {
    for (const event of events.list(ANNOUNCED_AT_ONCE, "nothing")) if (isOnlyAnnounced(event)) events.put({ ...event, decision: "dismiss", because });
  });
}

const ANNOUNCED_AT_ONCE = 100;
