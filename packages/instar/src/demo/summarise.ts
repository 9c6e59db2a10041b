import type { UpdateView } from "@instar/protocol";
import type { Exchange } from "./drive-traffic.ts";

export interface DemoSummary {
  readonly versions: readonly { readonly version: string; readonly requests: number; readonly failed: number; readonly longestMs: number }[];
  readonly writesAcknowledged: number;
  readonly writesMissing: readonly number[];
  readonly updates: readonly {
    readonly version: string;
    readonly outcome: string;
    readonly because: string;
    readonly exchangeMs: number | null;
    readonly rollbackMs: number | null;
  }[];
  readonly ledgerVerified: boolean;
  readonly ledgerLength: number;
  readonly runs: string | null;
  /** What is not as it should be; empty where all is well. */
  readonly problems: readonly string[];
}

export interface DemoFacts {
  readonly log: readonly Exchange[];
  /** The numbers that stand in the agent's state on disk. */
  readonly written: ReadonlySet<number>;
  readonly updates: readonly UpdateView[];
  readonly ledger: { readonly verified: boolean; readonly length: number };
  readonly runs: string | null;
  readonly daemonWasKilledDuring: string | null;
}

const EXPECTED: Readonly<Record<string, string>> = {
  "1.0.0": "committed",
  "1.0.1": "committed",
  "1.0.2": "rolled-back",
  "1.0.3": "refused",
  "1.0.4": "committed",
};
/** The version that the story makes fail: its failed requests are the story, any other's are a fault of ours. */
const MISBEHAVES = "1.0.2";

/** Judges the demo by what the client itself saw, the agent's state on disk, and the outcomes. Pure. */
export function summarise(facts: DemoFacts): DemoSummary {
  const problems: string[] = [];
  const versions = [...new Set(facts.log.map((exchange) => exchange.version ?? "nobody"))].sort().map((version) => {
    const its = facts.log.filter((exchange) => (exchange.version ?? "nobody") === version);
    const failed = its.filter((exchange) => exchange.status < 200 || exchange.status > 299).length;
    if (failed > 0 && version !== MISBEHAVES) problems.push(`${failed} requests failed at ${version === "nobody" ? "no version: nothing answered" : version}`);
    return { version, requests: its.length, failed, longestMs: Math.round(Math.max(...its.map((exchange) => exchange.tookMs))) };
  });
  const acknowledged = facts.log.flatMap((exchange) => (exchange.number === undefined ? [] : [exchange.number]));
  const missing = acknowledged.filter((number) => !facts.written.has(number));
  if (missing.length > 0) problems.push(`${missing.length} acknowledged writes are missing`);
  if (new Set(acknowledged).size !== acknowledged.length) problems.push("a number was given to two writes");
  if (acknowledged.length === 0) problems.push("no write was acknowledged");

  for (const [version, outcome] of Object.entries(EXPECTED)) {
    const its = facts.updates.filter((update) => update.versionTo === version);
    if (its.length !== 1) problems.push(`${its.length} updates to ${version} instead of one`);
    else if (its[0]?.outcome !== outcome) problems.push(`${version} ended as ${its[0]?.outcome ?? "nothing"} instead of ${outcome}: ${its[0]?.because}`);
  }
  const served = new Set(facts.log.map((exchange) => exchange.version));
  for (const version of ["1.0.0", "1.0.1", MISBEHAVES, "1.0.4"]) if (!served.has(version)) problems.push(`${version} never served a request`);
  if (served.has("1.0.3")) problems.push("1.0.3 served requests although its tests fail");
  if (facts.runs !== "1.0.4") problems.push(`${facts.runs ?? "nothing"} runs in the end instead of 1.0.4`);
  if (!facts.ledger.verified) problems.push("the ledger does not verify");
  if (facts.daemonWasKilledDuring === null) problems.push("the daemon was not killed");
  return {
    versions,
    writesAcknowledged: acknowledged.length,
    writesMissing: missing,
    updates: facts.updates.map((update) => ({
      version: update.versionTo,
      outcome: update.outcome ?? "under way",
      because: update.because,
      exchangeMs: update.exchangeMs,
      rollbackMs: update.rollbackMs,
    })),
    ledgerVerified: facts.ledger.verified,
    ledgerLength: facts.ledger.length,
    runs: facts.runs,
    problems,
  };
}

export function renderSummary(summary: DemoSummary): string {
  const rows = summary.versions.map((version) => [version.version, String(version.requests), String(version.failed), `${version.longestMs} ms`]);
  const updates = summary.updates.map((update) => [
    update.version,
    update.outcome,
    update.exchangeMs === null ? "" : `exchange ${update.exchangeMs} ms`,
    update.rollbackMs === null ? "" : `rollback ${update.rollbackMs} ms`,
    update.because,
  ]);
  return [
    "What the client saw:",
    ...renderTable([["version", "requests", "failed", "longest"], ...rows]),
    `  acknowledged writes ${summary.writesAcknowledged}, missing ${summary.writesMissing.length}`,
    "",
    "Updates:",
    ...renderTable(updates),
    `  the ledger ${summary.ledgerVerified ? "verifies" : "does NOT verify"}: ${summary.ledgerLength} entries; ${summary.runs ?? "nothing"} runs`,
    "",
    summary.problems.length === 0
      ? "Everything is as it should be."
      : `Not as it should be:\n${summary.problems.map((problem) => `  - ${problem}`).join("\n")}`,
  ].join("\n");
}

function renderTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd((widths[column] ?? 0) + 2))).join("")}`);
}
