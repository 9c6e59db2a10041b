import { FILTER_DESCRIPTOR, STATUS_DESCRIPTOR } from "./plan-launch.ts";
import type { SystemLayout } from "./read-system-layout.ts";

/** What a new root holds, and what it is cut off from. */
export interface BubblewrapView {
  readonly tool: string;
  readonly layout: SystemLayout;
  /** Files that stand for the machine's own: /etc/passwd and the like, with where their text lies. */
  readonly madeUp: readonly { readonly path: string; readonly source: string }[];
  /** Passed over where they are not there. */
  readonly readable: readonly string[];
  readonly writable: readonly string[];
  /** Seen at another place than where they are, and writable. */
  readonly placed: readonly { readonly from: string; readonly at: string }[];
  /** Must be there. */
  readonly scratch?: string;
  /** Folders of which nothing is seen but what is mounted deeper: empty, and read-only. */
  readonly masked: readonly string[];
  /** Empty folders in memory, at most so large. */
  readonly memory: readonly { readonly path: string; readonly sizeBytes: number }[];
  readonly network: "private" | "host";
  readonly endsWithParent: boolean;
  readonly hasStatus: boolean;
  readonly hasFilter: boolean;
  readonly cwd: string;
  /** Set inside only: what would also change the shell and the tool outside. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Names and resolvers of the machine's own network, for programs that may use it. */
export const OF_THE_NETWORK = ["/etc/hosts", "/etc/nsswitch.conf", "/etc/resolv.conf"];

/**
 * The command line of `bwrap` before the program's own. The new root is a read-only tmpfs with nothing in it but what is listed; deeper paths are mounted
 * after those around them, and where a path is both readable and writable it is writable. /proc is read-only, so that a job cannot take back that it
 * is the first to go when memory runs out; capabilities are dropped and user namespaces forbidden, so that nothing can be mounted over.
 */
export function planBubblewrap(view: BubblewrapView): string[] {
  return [
    view.tool,
    ...["--unshare-user", "--unshare-ipc", "--unshare-uts", "--unshare-pid", "--unshare-cgroup-try", "--disable-userns"],
    ...(view.network === "private" ? ["--unshare-net"] : []),
    ...["--hostname", "instar-job", "--cap-drop", "ALL"],
    ...(view.endsWithParent ? ["--die-with-parent"] : []),
    ...(view.hasStatus ? ["--json-status-fd", String(STATUS_DESCRIPTOR)] : []),
    ...(view.hasFilter ? ["--seccomp", String(FILTER_DESCRIPTOR)] : []),
    ...["--proc", "/proc", "--dev", "/dev"],
    ...view.memory.flatMap(({ path, sizeBytes }) => ["--perms", "1777", "--size", String(sizeBytes), "--tmpfs", path]),
    ...planMounts(view),
    ...["--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/"],
    ...view.masked.flatMap((path) => ["--remount-ro", path]),
    ...Object.entries(view.environment).flatMap(([name, value]) => ["--setenv", name, value]),
    ...["--chdir", view.cwd, "--"],
  ];
}

interface Mount {
  readonly path: string;
  readonly args: readonly string[];
}

/** Of two mounts at one path the later in this list is the one that is seen. */
function planMounts(view: BubblewrapView): string[] {
  const mounts: Mount[] = [
    ...view.layout.roots.map(({ path, linkTo }): Mount => ({ path, args: linkTo === undefined ? ["--ro-bind", path, path] : ["--symlink", linkTo, path] })),
    ...view.layout.etc.map((path): Mount => ({ path, args: ["--ro-bind", path, path] })),
    ...view.readable.map((path): Mount => ({ path, args: ["--ro-bind-try", path, path] })),
    ...view.masked.map((path): Mount => ({ path, args: ["--perms", "0755", "--tmpfs", path] })),
    ...view.madeUp.map(({ path, source }): Mount => ({ path, args: ["--ro-bind", source, path] })),
    ...view.writable.map((path): Mount => ({ path, args: ["--bind-try", path, path] })),
    ...view.placed.map(({ from, at }): Mount => ({ path: at, args: ["--bind", from, at] })),
    ...(view.scratch === undefined ? [] : [{ path: view.scratch, args: ["--bind", view.scratch, view.scratch] }]),
  ];
  const last = new Map(mounts.map((mount) => [mount.path, mount]));
  return [...last.values()].sort((a, b) => depth(a.path) - depth(b.path)).flatMap(({ args }) => args);
}

const depth = (path: string) => path.split("/").filter(Boolean).length;
