/** The page's only clock and timers. */
export const nowMs = (): number => Date.now();

/** Calls once, later; what comes back takes it back. */
export function after(delayMs: number, call: () => void): () => void {
  const timer = setTimeout(call, delayMs);
  return () => clearTimeout(timer);
}

/** Calls again and again until it is taken back. */
export function every(periodMs: number, call: () => void): () => void {
  const timer = setInterval(call, periodMs);
  return () => clearInterval(timer);
}
