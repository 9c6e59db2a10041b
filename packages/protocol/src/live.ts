/** What may have moved since somebody looked, as the event stream says it: whoever shows such a thing asks for it again. */
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
