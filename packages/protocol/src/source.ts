import { z } from "zod";
import { UPDATE_TYPES } from "./impact.ts";
import { origin } from "./origin.ts";

/** Where a change can be noticed: the specification's names. */
export const UPDATE_SOURCES = ["local_fs", "git_repo", "remote_registry", "api_endpoint", "manual", "scheduled", "webhook"] as const;
export type UpdateSource = (typeof UPDATE_SOURCES)[number];

export const UPDATE_PRIORITIES = ["low", "normal", "high", "critical"] as const;

export const CANDIDATE_DECISIONS = ["start", "hold", "dismiss", "nothing"] as const;

/** What made a source be asked. */
export const LOOK_REASONS = ["poll", "schedule", "webhook", "change", "person", "agent"] as const;
export type LookReason = (typeof LOOK_REASONS)[number];

export const updateEventView = z.object({
  eventId: z.string(),
  timestamp: z.string().describe("When it was first seen"),
  source: z.enum(UPDATE_SOURCES),
  noticedBy: z.enum(LOOK_REASONS).describe("What made Instar look"),
  seenBy: z.array(z.string()).describe("Every source that has it, in the order in which they were first seen to"),
  updateType: z.enum(UPDATE_TYPES),
  trigger: z
    .enum(["new_commit", "new_tag", "new_version", "files_changed", "force_push", "proposed", "refused", "announced"])
    .describe("What was noticed; announced: a webhook named it, and no source has been seen to have it"),
  currentVersion: z.string().nullable(),
  targetVersion: z.string(),
  changedFiles: z.array(z.string()).describe("At most 200 of them"),
  changedFileCount: z.int(),
  changeSummary: z.string(),
  priority: z.enum(UPDATE_PRIORITIES),
  requiresRestart: z.boolean(),
  requiresApproval: z.boolean().describe("Whether it waits for a person before it begins; policies may ask for more once it is analysed"),
  gitCommitHash: z.string().nullable(),
  gitBranch: z.string().nullable(),
  remoteUrl: z.string().nullable().describe("Without credentials"),
  digest: z.string().nullable().describe("Of what was downloaded, or of the tree"),
  origin: origin.nullable().describe("Who vouches for it; null where nobody looked yet"),
  decision: z.enum(CANDIDATE_DECISIONS),
  because: z.string(),
  update: z.string().nullable().describe("The update that began from it"),
});
export type UpdateEventView = z.output<typeof updateEventView>;

export const sourceView = z.object({
  id: z.string(),
  source: z.enum(UPDATE_SOURCES),
  address: z.string().describe("Where it is asked, without credentials"),
  follows: z.string().describe("A branch, a tag, a range, patterns of files"),
  lookedAt: z.string().nullable(),
  nextLookInMs: z.number().nullable(),
  failing: z.string().nullable().describe("Why it cannot be read at present"),
  failures: z.int().describe("How many times in a row it could not be read"),
  found: z.object({ version: z.string(), commit: z.string().nullable(), ref: z.string() }).nullable(),
  decision: z.enum(CANDIDATE_DECISIONS),
  because: z.string(),
});
export type SourceView = z.output<typeof sourceView>;

/** What people said about versions; it outlives everything. */
export const versionMarksView = z.object({
  pinned: z.object({ version: z.string(), by: z.string(), at: z.string(), because: z.string() }).nullable(),
  held: z.object({ until: z.string().nullable(), by: z.string(), at: z.string(), because: z.string() }).nullable(),
  skipped: z.array(z.object({ version: z.string(), by: z.string(), at: z.string(), because: z.string() })),
  begunInADay: z.int().describe("Updates that began by themselves within the last 24 hours"),
  perDay: z.int().nullable().describe("How many may"),
});
export type VersionMarksView = z.output<typeof versionMarksView>;
