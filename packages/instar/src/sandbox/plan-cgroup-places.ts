import { join } from "node:path";

/** The folders in which cgroups for jobs would be made. With version 2 they are one and the same. */
export interface CgroupPlace {
  readonly version: 1 | 2;
  readonly folders: { readonly memory: string; readonly pids: string; readonly cpu?: string };
}

/**
 * Where a process may look for a place for its jobs' cgroups: below its own, and nowhere else. What lies beside it belongs to somebody
 * who does not expect guests (systemd's rule of one writer); where it is delegated, `Delegate=yes` says so for what lies below.
 *
 * @param own /proc/self/cgroup
 * @param mounts /proc/self/mountinfo
 */
export function planCgroupPlaces(own: string, mounts: string): CgroupPlace[] {
  const lines = own.split("\n").flatMap((line) => {
    const found = /^\d+:([^:]*):(\/.*)$/.exec(line);
    return found === null ? [] : [{ controllers: (found[1] ?? "").split(",").filter(Boolean), path: found[2] ?? "/" }];
  });
  const mounted = mounts.split("\n").flatMap(parseMount);
  const first = (controller: string) => {
    const line = lines.find(({ controllers }) => controllers.includes(controller));
    const mount = mounted.find(({ kind, options }) => kind === "cgroup" && options.includes(controller));
    return line === undefined || mount === undefined ? undefined : join(mount.at, below(line.path, mount.root));
  };
  const places: CgroupPlace[] = [];
  const [memory, pids, cpu] = [first("memory"), first("pids"), first("cpu")];
  if (memory !== undefined && pids !== undefined) places.push({ version: 1, folders: { memory, pids, ...(cpu === undefined ? {} : { cpu }) } });
  const unified = lines.find(({ controllers }) => controllers.length === 0);
  const mount = mounted.find(({ kind }) => kind === "cgroup2");
  if (unified !== undefined && mount !== undefined) {
    const folder = join(mount.at, below(unified.path, mount.root));
    places.push({ version: 2, folders: { memory: folder, pids: folder, cpu: folder } });
  }
  return places;
}

/** In a container the mount begins at the container's own cgroup while the path may count from the machine's. */
function below(path: string, root: string): string {
  if (root === "/") return path;
  return path === root || path.startsWith(`${root}/`) ? path.slice(root.length) || "/" : path;
}

/** proc(5): id, parent, device, root, place, options, optional fields, "-", kind, source, the file system's own options. */
function parseMount(line: string): { root: string; at: string; kind: string; options: string[] }[] {
  const [before = "", after = ""] = line.split(" - ");
  const [, , , root, at] = before.split(" ");
  const [kind, , options = ""] = after.split(" ");
  return root === undefined || at === undefined || kind === undefined ? [] : [{ root, at, kind, options: options.split(",") }];
}
