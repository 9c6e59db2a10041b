import type { OperationName } from "@instar/protocol";

/** What the daemon says has moved, and the questions whose answers hang on it. The doctor tries out much each time: he looks again when a person says so. */
export const CHANGES = [
  "status",
  "updates",
  "sources",
  "marks",
  "approvals",
  "tasks",
  "backups",
  "settings",
  "tokens",
  "ledger",
  "incidents",
  "observation",
] as const;
export type Change = (typeof CHANGES)[number];

const QUERIES: Readonly<Record<Change, readonly OperationName[]>> = {
  status: ["status", "health", "history"],
  updates: ["status", "update.list", "update.show", "update.output", "history", "approval.list", "source.events"],
  sources: ["status", "source.list", "source.events", "plan"],
  marks: ["status", "update.marks", "source.list"],
  approvals: ["approval.list", "update.show", "update.explain"],
  tasks: ["task.list", "task.show"],
  backups: ["backup.list", "backup.progress"],
  settings: ["settings.show", "policy.show", "policy.check", "policy.explain", "policy.test", "status"],
  tokens: ["token.list", "whoami"],
  ledger: ["status", "audit.list", "audit.checkpoint", "audit.verify"],
  incidents: ["incident.list"],
  observation: ["metrics", "metrics.series", "status", "update.explain"],
};

/** Every question that is to be asked again after these changes. */
export function queriesOf(changes: Iterable<Change>): ReadonlySet<OperationName> {
  return new Set([...changes].flatMap((change) => QUERIES[change]));
}

/** The changes that a message names; words of a newer daemon are passed over. */
export function parseChanges(data: string): Change[] {
  const { what } = JSON.parse(data) as { what?: unknown };
  return Array.isArray(what) ? CHANGES.filter((change) => what.includes(change)) : [];
}
