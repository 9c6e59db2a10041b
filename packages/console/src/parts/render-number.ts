/** A count as people read it: `12 304`, with spaces that do not break. */
export const renderCount = (value: number): string =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, "\u00A0");

/** A part of a whole: `0.3 %`; nothing of nothing is no share. */
export function renderShare(part: number, whole: number): string {
  if (whole === 0) return "–";
  const percent = (part / whole) * 100;
  if (percent === 0 || percent >= 10) return `${percent.toFixed(0)} %`;
  return percent < 0.01 ? "< 0.01 %" : `${percent.toFixed(percent < 1 ? 2 : 1)} %`;
}

/** Milliseconds of an answer; null where nothing was measured. */
export const renderMs = (ms: number | null): string => (ms === null ? "never measured" : ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);

/** `1 file`, `2 files`. */
export const renderMany = (count: number, one: string, many = `${one}s`): string => `${renderCount(count)} ${count === 1 ? one : many}`;
