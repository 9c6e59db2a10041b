import type { EdgeComparison } from "./compare-edges.ts";
import type { Run } from "./measure-process.ts";

/** Everything that was measured, before anything is made of it. */
export interface AnalysisSamples {
  readonly tree: { readonly files: number; readonly typescript: number; readonly sizeBytes: number };
  readonly modules: number;
  readonly rounds: readonly Round[];
  readonly secondVersion: SecondVersion;
  readonly queriesMs: readonly number[];
  readonly toDependencyCruiser: EdgeComparison;
  readonly toMadge: EdgeComparison;
  readonly growth: readonly GrowthSample[];
}

/** Neighbours in time. */
export interface Round {
  /** Nothing kept of a run before. */
  readonly cold: Run;
  readonly peerCold: Run;
  /** The first run's cache, and nothing changed since. */
  readonly warm: Run;
  readonly peerKept: Run;
  /** It has no cache. */
  readonly madge: Run;
}

/** Measured once. */
export interface SecondVersion {
  readonly changed: number;
  readonly instar: Run;
  readonly peer: Run;
}

export interface GrowthSample {
  readonly files: number;
  readonly cold: Run;
  readonly warm: Run;
  readonly peerCold: Run;
}
