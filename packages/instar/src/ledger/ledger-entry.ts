import { createHash } from "node:crypto";
import canonicalize from "canonicalize";

/** Event types: the specification's (`self-updating-loop` §9.1) where it has one, ours beside them. */
export type LedgerEvent =
  | "UPDATE_DETECTED"
  | "UPDATE_DISMISSED"
  | "UPDATE_STARTED"
  | "ANALYSIS_STARTED"
  | "ANALYSIS_COMPLETED"
  | "STAGE_COMPLETED"
  | "VALIDATION_PASSED"
  | "VALIDATION_FAILED"
  | "BACKUP_CREATED"
  | "STEP_FAILED"
  | "CANCEL_REQUESTED"
  | "ROLLBACK_STARTED"
  | "ROLLBACK_COMPLETED"
  | "ROLLBACK_FAILED"
  | "UPDATE_COMPLETED"
  | "UPDATE_FAILED"
  | "UPDATE_RESOLVED"
  | "RELEASE_QUARANTINED"
  | "INSTANCE_STARTED"
  | "INSTANCE_STOPPED"
  | "SETTINGS_CHANGED"
  | "EPOCH_TAKEN";

export interface Actor {
  readonly type: "system" | "user" | "agent";
  readonly id: string;
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What a caller says happened. Who, when and where in the chain are added by the ledger. */
export interface LedgerStatement {
  readonly event: LedgerEvent;
  readonly actor: Actor;
  /** One sentence for a person. */
  readonly description: string;
  readonly update?: string;
  readonly versionFrom?: string;
  readonly versionTo?: string;
  readonly success: boolean;
  readonly details?: { readonly [key: string]: Json };
}

export interface LedgerEntry extends LedgerStatement {
  /** Position in the ledger, dense from 0. */
  readonly index: number;
  /** Wall time, ISO 8601 in UTC; for people only, since clocks jump. */
  readonly at: string;
  /** SHA-256 of the previous entry's line, as 64 hex digits; of nothing (`GENESIS`) for the first. */
  readonly previous: string;
}

export const GENESIS = createHash("sha256").update("").digest("hex");

/** An entry longer than this is refused: large facts belong elsewhere and are named by their digest. */
const ENTRY_LIMIT_BYTES = 65_536;

/** The entry as it is hashed and stored: canonical JSON (RFC 8785), one line. */
export function renderEntry(entry: LedgerEntry): string {
  const line = canonicalize(entry);
  if (line === undefined || Buffer.byteLength(line) > ENTRY_LIMIT_BYTES) throw new RangeError(`a ledger entry is limited to ${ENTRY_LIMIT_BYTES} bytes`);
  return line;
}

export function hashLine(line: string): string {
  return createHash("sha256").update(line).digest("hex");
}
