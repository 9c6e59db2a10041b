import {
  InstarError,
  type Report,
  type ReportCheckpoint,
  type ReportEntry,
  type ReportKind,
  type ReportSection,
  type ReportSectionKind,
} from "@instar/protocol";
import { sortIndices } from "./define-figures.ts";
import { quietText } from "./fold-update.ts";
import { type FoldedPeriod, foldUpdates, type LedgerEntries, type Period } from "./fold-updates.ts";
import { foldFailuresSection } from "./sections/fold-failures-section.ts";
import { foldPerformanceSection } from "./sections/fold-performance-section.ts";
import { foldRollbacksSection } from "./sections/fold-rollbacks-section.ts";
import { foldSecuritySection } from "./sections/fold-security-section.ts";
import { foldUpdatesSection } from "./sections/fold-updates-section.ts";

export interface ReportRequest {
  /** ISO 8601, a day or a time; inclusive. 30 days before `to` where nothing is said. */
  readonly from?: string | undefined;
  /** The same; exclusive. `madeAt` where nothing is said. */
  readonly to?: string | undefined;
  readonly instance: string;
  /** ISO 8601 in UTC. */
  readonly madeAt: string;
  /** What the ledger's signed head covers, where there is one; asked of the entries that are listed. */
  readonly signed?: SignedHead | undefined;
}

export interface SignedHead {
  readonly checkpoint: ReportCheckpoint;
  /** The leaf hashes in base64 of those that it covers. @param indices ascending */
  readLeafHashes(indices: readonly number[]): Promise<ReadonlyMap<number, string>>;
}

const DEFAULT_MS = 30 * 86_400_000;

/** In the order in which `all` has them. */
const SECTIONS: Readonly<Record<ReportSectionKind, (period: FoldedPeriod) => ReportSection>> = {
  updates: foldUpdatesSection,
  failures: foldFailuresSection,
  rollbacks: foldRollbacksSection,
  security: foldSecuritySection,
  performance: foldPerformanceSection,
};

/**
 * A report of a period from the ledger's entries, given once and in order, from the first one if updates that began before the period are to have their
 * beginning. The same entries and the same request give the same report.
 *
 * @throws InstarError INPUT_INVALID for a kind or a period that cannot be; LEDGER_DAMAGED where the entries are out of order; what reading them throws
 */
export async function buildReport(kind: ReportKind, entries: LedgerEntries, request: ReportRequest): Promise<Report> {
  const wanted = planSections(kind);
  const period = parsePeriod(request);
  const folded = await foldUpdates(entries, period);
  const sections = wanted.map((section) => SECTIONS[section](folded));
  const { instance, madeAt, signed } = request;
  return {
    ...{ kind, instance, madeAt },
    from: new Date(period.fromMs).toISOString(),
    to: new Date(period.toMs).toISOString(),
    read: folded.read,
    sections,
    entries: await listEntries(sections, folded, signed),
    checkpoint: signed?.checkpoint ?? null,
  };
}

function planSections(kind: ReportKind): ReportSectionKind[] {
  const all = Object.keys(SECTIONS) as ReportSectionKind[];
  const wanted = all.filter((section) => kind === "all" || kind === section);
  if (wanted.length > 0) return wanted;
  throw new InstarError("INPUT_INVALID", "there is no such report", { facts: { kind: String(kind) }, advice: `There are: ${all.join(", ")}, all.` });
}

function parsePeriod({ from, to, madeAt }: ReportRequest): Period {
  const toMs = parseTime(to ?? madeAt, to === undefined ? "madeAt" : "to");
  const fromMs = from === undefined ? toMs - DEFAULT_MS : parseTime(from, "from");
  if (fromMs >= toMs) throw new InstarError("INPUT_INVALID", "the period ends before it begins", { facts: { from: from ?? "", to: to ?? madeAt } });
  return { fromMs, toMs };
}

/** A year of four digits, so that every time of the report is written in the same form. */
const ISO = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

function parseTime(text: string, name: string): number {
  const day = ISO.exec(text)?.[1];
  const atMs = day === undefined ? Number.NaN : Date.parse(text);
  // The 30th of February would be the 2nd of March.
  const isDay = day !== undefined && !Number.isNaN(Date.parse(day)) && new Date(Date.parse(day)).toISOString().startsWith(day);
  if (Number.isNaN(atMs) || !isDay)
    throw new InstarError("INPUT_INVALID", `${name} is neither a day nor a time in ISO 8601`, {
      facts: { [name]: text },
      advice: "Write 2026-01-31, or 2026-01-31T09:30:00Z.",
    });
  return atMs;
}

/** The entries that anything of the sections refers to, as far as their texts were kept. */
async function listEntries(sections: readonly ReportSection[], { rows }: FoldedPeriod, signed: SignedHead | undefined): Promise<Report["entries"]> {
  const referred = new Set<number>();
  for (const { figures, charts, tables } of sections) {
    const things = [...figures, ...tables.flatMap((table) => table.rows), ...charts.flatMap(partsOf)];
    for (const { entries } of things) for (const index of entries) referred.add(index);
  }
  const kept = sortIndices([...rows.keys()].filter((index) => referred.has(index)));
  const leafHashes = await signed?.readLeafHashes(kept);
  const listed = kept.flatMap((index): ReportEntry[] => {
    const row = rows.get(index);
    if (row === undefined) return [];
    const { atMs, event, by, update, description } = row;
    return [
      {
        ...{ index, at: new Date(atMs).toISOString(), event: quietText(event), by: quietText(by.id) },
        update: update === null ? null : quietText(update),
        description: quietText(description),
        leafHash: leafHashes?.get(index) ?? null,
      },
    ];
  });
  return { total: referred.size, listed };
}

function partsOf(chart: ReportSection["charts"][number]): readonly { readonly entries: readonly number[] }[] {
  switch (chart.kind) {
    case "bars":
      return chart.bars;
    case "shares":
      return chart.parts;
    case "durations":
      return chart.rows;
    default:
      return chart satisfies never;
  }
}
