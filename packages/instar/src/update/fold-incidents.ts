import type { ImpactReport } from "@instar/protocol";
import type { Json } from "../ledger/ledger-entry.ts";
import type { EndedUpdate } from "./fold-standing.ts";
import type { JournalEntry } from "./journal-entry.ts";

/** What kind of change it was, as far as a later one can be like it. */
export interface ChangePattern {
  /** Packages that it changed. */
  readonly dependencies: readonly string[];
  /** What it laid hands on beyond ordinary code: migrations, environment and the like, each with its path. */
  readonly touches: readonly string[];
  /** Changed modules, and components they belong to. */
  readonly files: readonly string[];
  readonly components: readonly string[];
}

/** An update that misbehaved in service, or that alarmed: what kind of change it was, what happened, how it ended. */
export interface Incident {
  /** The update's. */
  readonly id: string;
  readonly versionTo: string;
  /** Wall time at which it was noticed. */
  readonly at: string;
  /** The step that noticed: switch, confirm, check-after, watch … */
  readonly step: string;
  readonly code: string;
  readonly because: string;
  /** How the update ended; null while it is open. */
  readonly outcome: string | null;
  readonly pattern: ChangePattern;
  /** Why, as a person found out; null where nobody wrote it down. */
  readonly cause: string | null;
}

/** Failures from here on met people, so that they are incidents; one before is a refusal that nobody noticed. */
const IN_SERVICE: ReadonlySet<string> = new Set(["trial", "switch", "confirm", "check-after", "watch"]);

/**
 * The incident that an update's journal tells of; undefined where nothing happened in service. A fold like everything else that is known of an
 * update: nothing can say otherwise than the journal.
 *
 * @param cause what a person wrote down about it
 */
export function foldIncident(journal: readonly JournalEntry[], given: EndedUpdate["given"], cause: string | null): Incident | undefined {
  const [first] = journal;
  if (first?.kind !== "started") return undefined;
  const noticed = journal.find(
    (entry) =>
      (entry.kind === "failed" && IN_SERVICE.has(entry.step)) || (entry.kind === "waiting" && IN_SERVICE.has(entry.step) && entry.waitsFor === "operator"),
  );
  if (noticed === undefined || (noticed.kind !== "failed" && noticed.kind !== "waiting")) return undefined;
  const last = journal.at(-1);
  return {
    id: first.update,
    versionTo: first.start.versionTo,
    at: noticed.at,
    step: noticed.step,
    code: noticed.kind === "failed" ? noticed.code : "ALARM",
    because: noticed.because,
    outcome: last?.kind === "ended" ? last.outcome : null,
    pattern: patternOf(given.impact),
    cause,
  };
}

/** From an impact report as the journal keeps it; empty where there was none. */
export function patternOf(impact: Json | undefined): ChangePattern {
  const report = impact as unknown as ImpactReport | undefined;
  if (report === undefined) return { dependencies: [], touches: [], files: [], components: [] };
  return {
    dependencies: report.dependencies.first.map(({ name }) => name),
    touches: report.touches.first.map(({ kind, path }) => `${kind} ${path}`),
    files: report.files.sample,
    components: report.components.directly.first,
  };
}
