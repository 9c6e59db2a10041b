import { hash } from "node:crypto";
import canonicalize from "canonicalize";

/** Event types: the specification's (`self-updating-loop` §9.1) where it has one, ours beside them. */
export type LedgerEvent =
  | "UPDATE_DETECTED"
  | "UPDATE_DISMISSED"
  | "UPDATE_PROPOSED"
  | "UPDATE_STARTED"
  | "ANALYSIS_STARTED"
  | "ANALYSIS_COMPLETED"
  | "STAGE_COMPLETED"
  | "VALIDATION_PASSED"
  | "VALIDATION_FAILED"
  | "BACKUP_CREATED"
  | "BACKUP_REMOVED"
  | "STEP_FAILED"
  | "CANCEL_REQUESTED"
  | "ROLLBACK_STARTED"
  | "ROLLBACK_COMPLETED"
  | "ROLLBACK_FAILED"
  | "UPDATE_COMPLETED"
  | "UPDATE_FAILED"
  | "UPDATE_RESOLVED"
  | "UPDATE_CONFIRMED"
  | "DECISION_MADE"
  | "UPDATE_APPROVED"
  | "UPDATE_REJECTED"
  | "CONFIGURATION_CHANGED"
  | "RELEASE_QUARANTINED"
  | "INCIDENT_EXPLAINED"
  | "VERSION_MARKED"
  | "TASK_ADDED"
  | "TASK_PAUSED"
  | "TASK_RESUMED"
  | "TASK_REMOVED"
  | "TASK_FAILED"
  | "TRUST_ADVANCED"
  | "TRUST_FORGOTTEN"
  | "CLOCK_SET_BACK"
  | "DEPLOYMENT_PUSHED"
  | "AGENT_NOTED"
  | "BREAKER_OPENED"
  | "BREAKER_RESET"
  | "NOTIFICATION_FAILED"
  | "RELEASE_CHANGED"
  | "RELEASE_MENDED"
  | "INSTANCE_STARTED"
  | "INSTANCE_STOPPED"
  | "SETTINGS_CHANGED"
  | "EPOCH_TAKEN"
  | "TOKEN_CREATED"
  | "TOKEN_REVOKED"
  | "SESSION_BEGUN"
  | "SESSION_ENDED"
  | "PASSKEY_OFFERED"
  | "PASSKEY_REVOKED"
  | "ACCESS_REFUSED";

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

export const GENESIS = hash("sha256", "");

/** An entry longer than this is refused: large facts belong elsewhere and are named by their digest. */
const ENTRY_LIMIT_BYTES = 65_535;

const LONGEST_TEXT = 1_000;

/**
 * What a statement says within the limit and without secrets: long texts are cut, and details that are still too many are named by their digest. What is once
 * hashed can never be taken out again, so it is left out before.
 * What comes from upstream (a commit's subject, a test's words) can be of any length and must not stop the journal.
 */
export function renderFitting(
  statement: LedgerStatement,
  place: Pick<LedgerEntry, "index" | "at" | "previous">,
  redact: (text: string) => string,
): { readonly entry: LedgerEntry; readonly line: string } {
  const entry = { ...(shorten(statement, redact) as unknown as LedgerStatement), ...place };
  const line = canonicalize(entry) ?? "";
  // Three bytes a letter at most: most entries need no counting.
  if (line.length * 3 <= ENTRY_LIMIT_BYTES || Buffer.byteLength(line) <= ENTRY_LIMIT_BYTES) return { entry, line };
  const { details, ...rest } = entry;
  const shorter = { ...rest, details: { omitted: `sha256:${hashLine(canonicalize(details) ?? "")}` } };
  return { entry: shorter, line: renderEntry(shorter) };
}

/** Canonical JSON has no lone halves of letters and no NaN (RFC 8785 §3.2.2): both are replaced. */
function shorten(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === "string") return shortenText(redact(value));
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (Array.isArray(value)) return value.map((each) => shorten(each, redact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [shortenText(redact(key)), shorten(each, redact)]));
}

function shortenText(text: string): string {
  if (text.length <= LONGEST_TEXT) return text.toWellFormed();
  return `${text.slice(0, LONGEST_TEXT).toWellFormed()}… (${text.length} characters, sha256:${hashLine(text)})`;
}

/** The entry as it is hashed and stored: canonical JSON (RFC 8785), one line. */
export function renderEntry(entry: LedgerEntry): string {
  const line = canonicalize(entry);
  if (line === undefined || Buffer.byteLength(line) > ENTRY_LIMIT_BYTES) throw new RangeError(`a ledger entry is limited to ${ENTRY_LIMIT_BYTES} bytes`);
  return line;
}

export function hashLine(line: string | Uint8Array): string {
  return hash("sha256", line);
}
