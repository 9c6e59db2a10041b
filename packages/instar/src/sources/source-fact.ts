import type { CANDIDATE_DECISIONS } from "@instar/protocol";
import type { Facts } from "../database/facts.ts";

/** What a source said last, as it is kept. */
export interface SourceFact {
  readonly lookedAt: string;
  readonly found: { readonly commit: string; readonly version: string; readonly ref: string } | null;
  readonly decision: (typeof CANDIDATE_DECISIONS)[number];
  readonly because: string;
  readonly failing: string | null;
  readonly failures: number;
}

/** git's was the only one once. */
const nameOf = (source: string): string => (source === "git" ? "source" : `source:${source}`);

export const readSourceFact = (facts: Facts, source: string): SourceFact | undefined => facts.read<SourceFact>(nameOf(source));

/** In the caller's transaction. */
export const writeSourceFact = (facts: Facts, source: string, fact: SourceFact): void => facts.write(nameOf(source), fact);
