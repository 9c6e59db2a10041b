import { createHash } from "node:crypto";
import { outcomeOf } from "./judge-journals.ts";
import type { Evidence } from "./read-evidence.ts";

/** Follows the ledger's chain by its own means, and holds what it says of the updates' ends against the journals. */
export function judgeLedger({ ledgerLines, ledgerHead, outbox, journals, checkpoint }: Evidence): string[] {
  const problems: string[] = [];
  if (outbox > 0) problems.push(`${outbox} ledger entries are still in the outbox`);
  let hash = sha256("");
  const said: string[] = [];
  for (const [index, line] of ledgerLines.entries()) {
    const entry = JSON.parse(line) as { index: number; previous: string; event: string; update?: string; details?: { outcome?: string } };
    if (entry.index !== index || entry.previous !== hash) problems.push(`ledger entry ${index} does not follow from the one before it`);
    if (renderCanonical(entry) !== line) problems.push(`ledger entry ${index} is not canonical`);
    hash = sha256(line);
    if (entry.event === "UPDATE_STARTED") said.push(`${entry.update} started`);
    if (entry.event === "UPDATE_COMPLETED" || entry.event === "UPDATE_FAILED") said.push(`${entry.update} ${entry.details?.outcome}`);
  }
  if (ledgerLines.length !== ledgerHead.length || hash !== ledgerHead.hash) problems.push("the ledger does not end where the database says");
  if (checkpoint[1] !== String(ledgerLines.length) || checkpoint[2] !== rootOf(ledgerLines.map(hashLeaf)).toString("base64"))
    problems.push(`the checkpoint is of ${checkpoint[1]} entries, or of others than the ${ledgerLines.length} that are there`);
  const recorded = journals.flatMap((journal) => [
    `${journal[0]?.update} started`,
    ...(outcomeOf(journal) === null ? [] : [`${journal[0]?.update} ${outcomeOf(journal)}`]),
  ]);
  if (said.join("\n") !== recorded.join("\n"))
    problems.push(`the ledger tells of other ends than the journals: ${said.join(", ")} against ${recorded.join(", ")}`);
  return problems;
}

/** RFC 6962, as it is written there. */
const hashLeaf = (line: string) => digest(Buffer.concat([Buffer.from([0]), Buffer.from(line)]));
function rootOf(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return digest(Buffer.alloc(0));
  if (leaves.length === 1) return only;
  let left = 1;
  while (left * 2 < leaves.length) left *= 2;
  return digest(Buffer.concat([Buffer.from([1]), rootOf(leaves.slice(0, left)), rootOf(leaves.slice(left))]));
}
const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest();

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** RFC 8785 for what a ledger holds: keys sorted by their UTF-16 units, no spaces. */
function renderCanonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(renderCanonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${renderCanonical((value as Record<string, unknown>)[key])}`).join(",")}}`;
}
