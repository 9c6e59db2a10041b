import { addToSketch, emptySketch, type LatencySketch } from "../../statistics/latency-sketch.ts";

/** What one release did with the requests that were forwarded to it. Cumulative; plain JSON. */
export interface ReleaseCounts {
  /** Forwarded to it, whatever came of them. */
  requests: number;
  /** Of those, how many the release failed: an answer of 500 to 599, or a broken connection. Never counted twice. */
  failed: number;
  serverErrors: number;
  transportErrors: number;
  /**
   * What a client believes to be done: requests answered 2xx with a method other than GET, HEAD or OPTIONS, counted at the head,
   * and messages over a WebSocket that the agent said anything after. In other tunnels nobody can tell what is a message.
   */
  writes: number;
  /** From the forwarding to the head of the answer: a stream that lasts for hours is not slow. Time on hold is not the release's. */
  latency: LatencySketch;
}

/** Cumulative over the life of the instance: the keeper saves it and hands it to the next front. Plain JSON. */
export interface FrontCounts {
  releases: Record<string, ReleaseCounts>;
  /** Requests that waited in a hold, and the longest of those waits. */
  held: number;
  heldMaxMs: number;
  /** Answered 503 because a hold was full or took too long. */
  refusedByHold: number;
  /** Clients that went away before their answer was whole. Nobody's failure. */
  clientAborts: number;
  /** Answered 503 because there was no agent to forward to. */
  noBackend: number;
}

/** One forwarded request, as the counts see it. Each of the first two reports comes at most once. */
export interface CountedRequest {
  answered(status: number, latencyMs: number): void;
  broke(): void;
  /** So many messages of a WebSocket client were followed by one of the agent's. As often as it happens. */
  messagesAnswered(messages: number): void;
}

export function emptyCounts(): FrontCounts {
  return { releases: {}, held: 0, heldMaxMs: 0, refusedByHold: 0, clientAborts: 0, noBackend: 0 };
}

/** Counts a request to a release from now on. */
export function countRequest(counts: FrontCounts, release: string, method: string): CountedRequest {
  const its = countsOf(counts, release);
  its.requests += 1;
  let hasFailed = false;
  const fail = () => {
    if (!hasFailed) its.failed += 1;
    hasFailed = true;
  };
  return {
    answered(status, latencyMs) {
      addToSketch(its.latency, latencyMs);
      if (status >= 500) {
        its.serverErrors += 1;
        fail();
      } else if (status >= 200 && status < 300 && !READS.has(method)) its.writes += 1;
    },
    broke() {
      its.transportErrors += 1;
      fail();
    },
    messagesAnswered(messages) {
      its.writes += messages;
    },
  };
}

const READS = new Set(["GET", "HEAD", "OPTIONS"]);

function countsOf(counts: FrontCounts, release: string): ReleaseCounts {
  const known = counts.releases[release];
  if (known !== undefined) return known;
  const fresh = { requests: 0, failed: 0, serverErrors: 0, transportErrors: 0, writes: 0, latency: emptySketch() };
  counts.releases[release] = fresh;
  return fresh;
}
