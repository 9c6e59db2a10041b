/** certain: written down for this purpose; likely: the usual meaning; guess: nothing better was there; none: not found. */
export type Confidence = "certain" | "likely" | "guess" | "none";

/** The answer to one question about an agent, and what it rests on. */
export interface Finding<Value> {
  readonly value: Value | undefined;
  /** A sentence that an operator can check: which file says so, or what was looked for in vain. */
  readonly evidence: string;
  readonly confidence: Confidence;
  /** What the operator should know before going on. */
  readonly warning?: string;
}

export function found<Value>(value: Value, confidence: Exclude<Confidence, "none">, evidence: string, warning?: string): Finding<Value> {
  return { value, evidence: printable(evidence), confidence, ...(warning === undefined ? {} : { warning: printable(warning) }) };
}

export function notFound(evidence: string, warning?: string): Finding<never> {
  return { value: undefined, evidence: printable(evidence), confidence: "none", ...(warning === undefined ? {} : { warning: printable(warning) }) };
}

/** The finding that rests on most; of equals the first. */
export function strongest<Value>(first: Finding<Value>, ...others: readonly Finding<Value>[]): Finding<Value> {
  return others.reduce((best, other) => (STRENGTH[other.confidence] > STRENGTH[best.confidence] ? other : best), first);
}

const STRENGTH: Readonly<Record<Confidence, number>> = { certain: 3, likely: 2, guess: 1, none: 0 };

/** Evidence quotes files of the agent's: they must not steer the operator's terminal or pretend to be lines of ours. */
export function printable(text: string): string {
  const shown = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
  return shown.length > 300 ? `${shown.slice(0, 299)}…` : shown;
}
