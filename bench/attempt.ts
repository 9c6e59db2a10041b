/** Tries a part; one that could not be measured gives the reason instead, and the others go on. */
export type Attempt = <T>(what: string, work: () => Promise<T>) => Promise<T | string>;

/** @param problems is told of every part that failed: what was not there in the first place is none of them */
export function createAttempt(problems: string[], signal: AbortSignal): Attempt {
  return async (what, work) => {
    try {
      return await work();
    } catch (error) {
      // An interruption is nobody's failure, and ends all of it.
      signal.throwIfAborted();
      const because = `could not be measured: ${error instanceof Error ? error.message : String(error)}`;
      problems.push(`${what} ${because}`);
      return because;
    }
  };
}
