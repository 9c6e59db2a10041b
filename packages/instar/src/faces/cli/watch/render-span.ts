/** How long, as one looks at a clock: tenths only where they can be read. */
export function renderSpan(ms: number): string {
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.floor(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.floor(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${(Math.floor(ms / 360_000) / 10).toFixed(1)} h` : `${Math.floor(ms / 86_400_000)} d`;
}

/** A time of today, in the zone of everything else that Instar prints. */
export const renderClock = (wallMs: number): string => `${new Date(wallMs).toISOString().slice(11, 19)}Z`;
