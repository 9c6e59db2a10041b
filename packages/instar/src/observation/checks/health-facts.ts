import type { LogPatterns } from "../../platform/read-error-kinds.ts";
import type { MachineFacts } from "../../platform/read-machine.ts";
import type { HealthReport } from "../health-report.ts";
import type { DatabaseFact } from "./read-database-integrity.ts";

/**
 * What the checks judge, gathered by whoever knows slots, keeper and upstream. A part that is null is one that this agent does not have; a part that is
 * `unknown` could not be found out, and its sentence says why.
 */
export interface HealthFacts {
  readonly machine: MachineFacts | Unknown;
  /** Where Instar and the state are, and what this exchange still writes there: the snapshot, the reserve. */
  readonly disk: { readonly freeBytes: number; readonly neededBytes: number } | Unknown;
  /** What the new version will take beside everything else; 0 where the old one ends first. */
  readonly memory: { readonly availableBytes: number; readonly neededBytes: number } | Unknown;
  readonly network: NetworkFacts;
  readonly service: ServiceFacts | Unknown;
  readonly database: DatabaseFacts;
  /** Mistakes in what the running version is configured by, each a sentence: instar.yaml, the environment file, the certificate. */
  readonly configuration: { readonly checked: readonly string[]; readonly mistakes: readonly string[] } | Unknown;
  /** Null where the agent has no databases, or was not rehearsed. */
  readonly migration: MigrationFacts | null | Unknown;
  /** The health checks and each of exchange.smoke, asked of the serving version; null where it has no port. */
  readonly endpoints: readonly EndpointFact[] | null;
  /** Null where nothing was kept of it. */
  readonly log: { readonly old: string | null; readonly new: string; readonly patterns: LogPatterns } | null | Unknown;
}

export interface Unknown {
  readonly unknown: string;
}

export interface NetworkFacts {
  /** How long ago upstream last answered; null where it never did. */
  readonly sourceAnsweredAgoMs: number | null;
  readonly sourceBecause: string;
  readonly checkEveryMs: number;
  /** Whether the front's port is listened on; null for an agent without a front. */
  readonly frontListens: boolean | null;
}

export interface ServiceFacts {
  readonly keeperAnswers: boolean;
  /** The process in the slot that serves. */
  readonly alive: boolean;
  readonly health: HealthReport;
  /** How often the agent ended by itself since it was put in place. */
  readonly restarts: number;
}

export interface DatabaseFacts {
  /** Null where the agent has no state folder. */
  readonly state: { readonly directory: string; readonly readable: boolean; readonly because: string } | null;
  /** Of a copy of the state; null where none was made. */
  readonly copies: readonly DatabaseFact[] | null;
  /** Instar's own. */
  readonly own: DatabaseFact;
}

/** A database's shape, by path from the state folder. */
export interface SchemaFact {
  readonly path: string;
  readonly userVersion: number;
  readonly digest: string;
}

export interface MigrationFacts {
  /** What the rehearsal's start made of the copy. */
  readonly predicted: readonly SchemaFact[];
  /** What stands in the state now. */
  readonly seen: readonly SchemaFact[];
}

export interface EndpointFact {
  readonly asked: string;
  readonly report: HealthReport;
}

export const isUnknown = (facts: object | null): facts is Unknown => facts !== null && "unknown" in facts;
