import type { LedgerEntryView, OutputOf } from "@instar/protocol";

export function renderVerified({ because, root, key }: OutputOf<"audit.verify">): string {
  return `the ledger is intact: ${because}\n  root  ${root}${key === null ? "" : `\n  key   ${key}`}`;
}

export function renderEntries({ entries, length }: OutputOf<"audit.list">): string {
  if (entries.length === 0) return length === 0 ? "nothing is on the ledger yet" : "no entry is like that";
  return entries.toReversed().map(renderEntry).join("\n");
}

const renderEntry = ({ index, at, event, actor, update, description, success }: LedgerEntryView): string =>
  `${String(index).padStart(6)}  ${at}  ${event}${success ? "" : " (failed)"}${update === undefined ? "" : `  ${update}`}  by ${actor.type} ${actor.id}\n        ${description}`;

export function renderExported({ folder, size, shown, withheld, sizeBytes, verify }: OutputOf<"audit.export">): string {
  return [
    `${size} entries in ${folder} (${Math.ceil(sizeBytes / 1_024)} KiB): ${shown} to read${withheld === 0 ? "" : `, ${withheld} withheld, whose hashes stand for them`}`,
    "On any machine with Node 18 or newer, without Instar:",
    `  ${verify}`,
  ].join("\n");
}
