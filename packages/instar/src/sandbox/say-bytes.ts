/** A size as instar.yaml would write it, to a tenth: 2.1 GiB, 64 MiB, 512 KiB. */
export function sayBytes(bytes: number): string {
  const [unit, size] = bytes >= 1_073_741_824 ? ["GiB", 1_073_741_824] : bytes >= 1_048_576 ? ["MiB", 1_048_576] : ["KiB", 1_024];
  return `${Math.round((bytes / Number(size)) * 10) / 10} ${unit}`;
}
