/** Something that can exchange the agent behind its port. It serves version 1.0.0 of the agent once it was made. */
export interface Subject {
  readonly port: number;
  /** Starts this version, waits until it is well, and sends requests there. Returns when a fresh request meets it. */
  switchTo(version: string): Promise<Span>;
  /** Ends what served before, politely, where `switchTo` has not done so. */
  endOld(): Promise<void>;
}

/** On the bench's clock. */
export interface Span {
  readonly beganMs: number;
  readonly endedMs: number;
  /** How long the exchange says it took, where that is less than the whole. */
  readonly tookMs: number;
}
