export const percent = (share: number): string => `${Math.round(share * 1_000) / 10} %`;

/** "40 s", "12 min", "3.5 h": rounded up, so that nobody waits for less than is said. */
export function renderSpan(spanMs: number): string {
  if (spanMs < 120_000) return `${Math.ceil(spanMs / 1_000)} s`;
  if (spanMs < 7_200_000) return `${Math.ceil(spanMs / 60_000)} min`;
  return `${Math.ceil(spanMs / 360_000) / 10} h`;
}

export const renderBytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`;
