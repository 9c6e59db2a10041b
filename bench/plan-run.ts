/** Whose switch is measured. */
const SUBJECTS = ["instar", "pm2", "nginx", "haproxy-reload", "haproxy-runtime"] as const;
export type SubjectName = (typeof SUBJECTS)[number];

export interface SwitchPlan {
  readonly subjects: readonly SubjectName[];
  /** Updates, and for Instar as many ways back. */
  readonly switches: number;
  /** Just-in-time compilers and connection pools get to know the load before it counts. */
  readonly warmUpSeconds: number;
  /** How long the load runs before the first switch, and again after the last: what "steady" means. */
  readonly steadySeconds: number;
  readonly keeperReplacements: number;
  readonly keeperKills: number;
}

export interface RunPlan {
  readonly switches: SwitchPlan;
  readonly throughput: { readonly rounds: number; readonly seconds: number } | undefined;
}

const THROUGHPUT = "throughput";

/**
 * @param flags `quick`: the same rows in under a minute, each from far less; `only`: parts by name, with commas
 * @throws Error where `only` names something that is not there
 */
export function planRun({ quick, only }: { quick: boolean; only?: string | undefined }): RunPlan {
  const parts: readonly string[] = [...SUBJECTS, THROUGHPUT];
  const wanted = only?.split(",") ?? parts;
  const unknown = wanted.filter((part) => !parts.includes(part));
  if (unknown.length > 0) throw new Error(`there is no part called ${unknown.join(", ")}; there are: ${parts.join(", ")}`);
  return {
    switches: {
      subjects: SUBJECTS.filter((name) => wanted.includes(name)),
      ...(quick
        ? { switches: 1, warmUpSeconds: 1, steadySeconds: 1, keeperReplacements: 1, keeperKills: 1 }
        : { switches: 20, warmUpSeconds: 5, steadySeconds: 10, keeperReplacements: 5, keeperKills: 2 }),
    },
    throughput: wanted.includes(THROUGHPUT) ? (quick ? { rounds: 1, seconds: 1 } : { rounds: 5, seconds: 2 }) : undefined,
  };
}
