import { UNITS } from "./units.js";

/**
 * @param {{ from: string, to: string, value: number }} question
 * @returns {{ kind: "converted", value: number } | { kind: "unknown", units: string[] } | { kind: "mismatched", because: string }}
 */
export function convert({ from, to, value }) {
  const units = [...new Set([from, to])].filter((name) => !Object.hasOwn(UNITS, name));
  if (units.length > 0) return { kind: "unknown", units };
  const [one, other] = [UNITS[from], UNITS[to]];
  if (one.measures !== other.measures) return { kind: "mismatched", because: `${from} is a ${one.measures}, and ${to} is a ${other.measures}` };
  return { kind: "converted", value: Number(((value * one.inBase) / other.inBase).toPrecision(12)) };
}
