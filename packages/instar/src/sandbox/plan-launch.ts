import type { JobLimits } from "./sandbox.ts";

/** What a small shell does before it becomes the program. */
export interface Launch {
  readonly argv: readonly string[];
  readonly limits: Pick<JobLimits, "descriptors" | "diskBytes">;
  /** `cgroup.procs` files that it writes itself into. */
  readonly enters: readonly string[];
  /** A file that says, afterwards, that the program was started: the shell writes it, or hands it on as descriptor 8 to a tool that knows better. */
  readonly status: { readonly path: string; readonly writtenBy: "shell" | "tool" };
  /** A compiled system-call filter, handed on as descriptor 9. */
  readonly filterPath?: string | undefined;
}

export const STATUS_DESCRIPTOR = 8;
export const FILTER_DESCRIPTOR = 9;
/** What the shell writes to the status file. */
export const STARTED = "started";

/**
 * The shell that becomes the program: it enters the cgroups, lowers its own limits (which the program can then only lower further) and opens what a
 * tool is handed. Each step that fails ends it, so that nothing is started with less than was asked for; a limit that is higher
 * than what the user may have stays at that. `ulimit -f` counts blocks of 512 bytes (POSIX).
 */
export function planLaunch(launch: Launch): string[] {
  const { limits, enters, status, filterPath } = launch;
  const script = [
    ...enters.map(() => 'echo 0 >"$1" || exit 126; shift'),
    'ulimit -c 0; ulimit -n "$1" 2>/dev/null; ulimit -f "$2" 2>/dev/null; shift 2',
    `exec ${STATUS_DESCRIPTOR}>"$1"; shift`,
    ...(filterPath === undefined ? [] : [`exec ${FILTER_DESCRIPTOR}<"$1"; shift`]),
    ...(status.writtenBy === "tool" ? [] : [`echo ${STARTED} >&${STATUS_DESCRIPTOR}; exec ${STATUS_DESCRIPTOR}>&-`]),
    'exec "$@"',
  ].join("; ");
  const values = [
    ...enters,
    String(limits.descriptors),
    String(Math.ceil(limits.diskBytes / 512)),
    status.path,
    ...(filterPath === undefined ? [] : [filterPath]),
  ];
  return ["/bin/sh", "-c", script, "sh", ...values, ...launch.argv];
}
