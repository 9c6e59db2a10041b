/** What a run of the bench leaves: `bench/results/switch.json`. */
export interface BenchReport {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly rows: readonly Row[];
  readonly bars: readonly Bar[];
}

/** One figure, ours beside a peer's of the same run. What could not be measured is null, and `note` says why. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly ours: number | null;
  readonly peer: number | null;
  readonly peerName: string | null;
  /** Ours divided by the peer's. */
  readonly ratio: number | null;
  readonly note?: string;
}

/** What we ask of ourselves. Never measured is not met. */
export interface Bar {
  readonly what: string;
  readonly want: string;
  readonly got: number | null;
  readonly met: boolean;
}

export function row(
  what: string,
  unit: string,
  ours: number | null,
  peerName: string | null,
  peer: number | null,
  note?: string,
  ratio = divide(ours, peer),
): Row {
  return { what, unit, ours: tidy(ours), peer: tidy(peer), peerName, ratio: tidy(ratio), ...(note === undefined || note === "" ? {} : { note }) };
}

/** @param want such as "<= 3" */
export function bar(what: string, want: `${"<=" | ">=" | "=="} ${number}`, got: number | null): Bar {
  const [how = "", limit = ""] = want.split(" ");
  const is = {
    "<=": (value: number) => value <= Number(limit),
    ">=": (value: number) => value >= Number(limit),
    "==": (value: number) => value === Number(limit),
  }[how];
  return { what, want, got: tidy(got), met: got !== null && (is?.(got) ?? false) };
}

function divide(ours: number | null, peer: number | null): number | null {
  return ours === null || peer === null || peer === 0 ? null : ours / peer;
}

/** Four digits say all that a measurement knows; NaN, of nothing measured, is null. */
function tidy(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : Number(value.toPrecision(4));
}
