/** One way to hear of changes in a folder: natively, or by looking again and again. */
export interface Watcher {
  /** Resolves when what was heard so far has been worked out, and hinted. */
  readonly settled: () => Promise<void>;
  /** Called now and then, `everyMs` apart. */
  readonly look: () => Promise<void>;
  readonly everyMs: number;
  readonly close: () => void;
}
