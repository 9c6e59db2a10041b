/** What is asked in the throughput part. */
export interface Shape {
  readonly name: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly bodyBytes: number;
}

export const SHAPES = {
  small: { name: "32-byte answers", method: "GET", path: "/", bodyBytes: 0 },
  large: { name: "64 KiB answers", method: "GET", path: "/large", bodyBytes: 0 },
  upload: { name: "10 KiB POST bodies", method: "POST", path: "/upload", bodyBytes: 10 * 1024 },
} as const satisfies Record<string, Shape>;

/** What one round of load came to. */
export interface Round {
  readonly requestsPerSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Broken connections and answers other than 2xx. */
  readonly failed: number;
}
