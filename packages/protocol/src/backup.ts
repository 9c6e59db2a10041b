import { z } from "zod";

/** What a backup is made of (`self-updating-loop` §4.2). */
export const COMPONENTS = ["code", "config", "data", "database"] as const;
export type Component = (typeof COMPONENTS)[number];

/** full: every byte is read again; incremental: what looks unchanged since the newest snapshot is not; state-only: data and databases alone. */
export const BACKUP_KINDS = ["full", "incremental", "state-only"] as const;
export type BackupKind = (typeof BACKUP_KINDS)[number];

export const backupView = z.object({
  id: z.string(),
  state: z.enum(["whole", "unfinished", "damaged"]),
  takenAt: z.string(),
  kind: z.enum(BACKUP_KINDS).nullable().describe("Null where it is not whole"),
  tags: z.array(z.string()),
  because: z.string(),
  update: z.string().nullable().describe("The update that it was taken for"),
  version: z.string().nullable().describe("What ran when it was taken"),
  release: z.string().nullable(),
  components: z.array(
    z.object({
      component: z.enum(COMPONENTS),
      files: z.int(),
      sizeBytes: z.int(),
      about: z.record(z.string(), z.string()).describe("Such as the code's commit, or which tool dumped a database"),
    }),
  ),
  files: z.int(),
  sizeBytes: z.int().describe("Of its files; on disk it takes less, since snapshots share what is the same"),
});
export type BackupView = z.output<typeof backupView>;

export const restorePlanView = z.object({
  backup: z.string(),
  takenAt: z.string(),
  version: z.string().nullable(),
  to: z.string().nullable().describe("A folder aside; null where what serves is replaced"),
  components: z.array(
    z.object({
      component: z.enum(COMPONENTS),
      would: z.string().describe("What would be replaced, in words"),
      files: z.int(),
      sizeBytes: z.int(),
    }),
  ),
  lost: z.array(z.string()).describe("What was written since and would no longer be in service; it is kept aside"),
  keptAside: z.array(z.string()).describe("Where what is there today would lie"),
  conflicts: z.array(z.string()).describe("Configuration that somebody changed since; --overwrite-config replaces it all the same, and keeps it aside"),
  needsBytes: z.int(),
  freeBytes: z.int(),
  takesMs: z.number().describe("About how long; while state is put back, requests wait"),
});
export type RestorePlanView = z.output<typeof restorePlanView>;

/** Work that may take long, done by the daemon while the asker looks on. */
export const backupJob = z.object({
  id: z.string(),
  what: z.enum(["create", "verify", "restore", "prune"]),
  state: z.enum(["running", "done", "failed"]),
  progress: z.object({
    line: z.string().describe("What it is doing, in words"),
    files: z.int(),
    sizeBytes: z.int(),
    share: z.number().nullable().describe("0 to 1; null where it is not known how much is left"),
  }),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  problem: z.looseObject({ code: z.string(), detail: z.string() }).nullable().describe("Why it failed, as problem+json (RFC 9457)"),
  backup: backupView.nullable().describe("create: what was made"),
  verified: z
    .array(z.object({ backup: z.string(), verdict: z.enum(["intact", "damaged"]), paths: z.array(z.string()) }))
    .describe("verify: restored aside, and every byte compared"),
  plan: restorePlanView.nullable().describe("restore: what it does, or would do"),
  update: z.string().nullable().describe("restore: the update that puts it in place; `update.show` follows it"),
  restoredTo: z.string().nullable().describe("restore with `to`: the folder"),
  pruned: z.array(z.object({ backup: z.string(), because: z.string() })),
  freedBytes: z.int().nullable().describe("prune: what it gave back, or would at most"),
});
export type BackupJob = z.output<typeof backupJob>;
