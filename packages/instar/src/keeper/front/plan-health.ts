/** What the front says of itself to anybody who asks: a word, and nothing more, since strangers may ask. */
export interface Health {
  readonly status: 200 | 503;
  readonly word: "serving" | "holding" | "no-agent" | "closing";
}

/** A hold is healthy: whoever waits is served within moments, and a balancer that took the front out would only make it longer. */
export function planHealth({ isClosing, isHolding, hasAgent }: { isClosing: boolean; isHolding: boolean; hasAgent: boolean }): Health {
  if (isClosing) return { status: 503, word: "closing" };
  if (isHolding) return { status: 200, word: "holding" };
  return hasAgent ? { status: 200, word: "serving" } : { status: 503, word: "no-agent" };
}

/** Whether a request's target is the front's own path, in either of the forms that it may have (RFC 9112 §3.2.1, §3.2.2); the query does not matter. */
export function asksForHealth(target: string | undefined, healthPath: string | undefined): boolean {
  if (target === undefined || healthPath === undefined || !target.includes(healthPath)) return false;
  const path = target.replace(/^https?:\/\/[^/?#]*/i, "");
  return path === healthPath || path.startsWith(`${healthPath}?`);
}
