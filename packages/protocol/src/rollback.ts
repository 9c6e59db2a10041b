import { z } from "zod";
import { VERDICTS } from "./verdict.ts";

/** `self-updating-loop` §6.2, in Instar's meaning: see the field's description. */
export const ROLLBACK_STRATEGIES = ["git reset", "backup restore", "incremental undo", "state reconstruction"] as const;

/** `self-updating-loop` §6.4. */
export const ROLLBACK_CHECKS = ["backup_current_state", "check_disk_space", "verify_backup_integrity", "check_dependencies", "validate_target_state"] as const;

/** What going back would do: the same for a dry run and for the act. */
export const rollbackPlan = z.object({
  target: z.object({ release: z.string(), version: z.string(), commit: z.string(), because: z.string() }),
  parts: z.array(
    z.object({
      what: z.enum(["code", "state", "configuration"]),
      strategy: z
        .enum(ROLLBACK_STRATEGIES)
        .describe(
          "git reset: the release of an earlier commit, as it was sealed; backup restore: from a snapshot; incremental undo: the inverse of edits; state reconstruction: fetched and built anew",
        ),
      because: z.string(),
    }),
  ),
  takes: z.object({ ms: z.number().nullable(), because: z.string() }),
  lost: z.object({
    writes: z.int().describe("Acknowledged writes that would no longer be in the state"),
    isKnown: z.boolean().describe("False: at least so many"),
    because: z.string(),
    keptAside: z.boolean(),
    files: z.object({ total: z.int(), first: z.array(z.string()) }).describe("Of the state: new, changed or removed since the snapshot that would be put back"),
    edits: z.array(z.string()).describe("Configuration updates that would be undone"),
  }),
  checks: z.array(z.object({ check: z.enum(ROLLBACK_CHECKS), verdict: z.enum(VERDICTS), because: z.string() })),
  verdict: z.enum(VERDICTS).describe("fail: it would be refused"),
  because: z.string(),
});
export type RollbackPlan = z.output<typeof rollbackPlan>;
