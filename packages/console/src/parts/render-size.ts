const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"] as const;

/** So many bytes in the greatest unit that leaves a number above one: `12 bytes`, `3.4 MiB`. */
export function renderSize(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1_024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${UNITS[power]}`;
}
