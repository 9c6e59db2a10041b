export interface LoadPlan {
  readonly port: number;
  readonly requestsPerSecond: number;
  /** One of so many requests is a POST. */
  readonly postEvery: number;
  readonly streams: number;
  readonly sockets: number;
  readonly messageEveryMs: number;
  /** An answer later than this is a failure. */
  readonly answerWithinMs: number;
}

/** What the clients saw. Times are of the bench's clock. */
export interface LoadRecord {
  /** Every request of the schedule, failed ones too: when it was due, how long after that its answer was whole, and how much of that the client was late itself. */
  readonly answers: [dueMs: number, tookMs: number, lateMs: number][];
  readonly failures: Failure[];
  /** The text of every POST, and of those that were acknowledged. */
  readonly sent: string[];
  readonly acknowledged: string[];
  readonly counted: {
    streams: number;
    messages: number;
    /** WebSockets closed with 1012 that were open again at once. */
    toldToReconnect: number;
  };
  /** How many answers each version of the agent gave. */
  readonly versions: Record<string, number>;
}

export interface Failure {
  readonly of: "GET" | "POST" | "stream" | "WebSocket";
  readonly because: string;
}

export function emptyRecord(): LoadRecord {
  return { answers: [], failures: [], sent: [], acknowledged: [], counted: { streams: 0, messages: 0, toldToReconnect: 0 }, versions: {} };
}
