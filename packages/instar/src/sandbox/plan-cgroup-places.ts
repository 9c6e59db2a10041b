import { basename, dirname, join } from "node:path";

/** The folders in which cgroups for jobs would be made. With version 2 they are one and the same. */
export interface CgroupPlace {
  readonly version: 1 | 2;
  readonly folders: { readonly memory: string; readonly pids: string; readonly cpu?: string };
  /** True where the folder is this unit's own to arrange, so that controllers may be turned on for what lies in it. */
  readonly isOurs: boolean;
}

/** The name that Instar's own unit gives to the cgroup of its processes (systemd's DelegateSubgroup=), so that jobs can have theirs beside it. */
const DELEGATED_SUBGROUP = "instar";

/**
 * Where a process may look for a place for its jobs' cgroups: below its own, or beside it where Instar's own unit put it into a subgroup. What lies beside it
 * otherwise belongs to somebody who does not expect guests (systemd's rule of one writer). With version 2 a cgroup that holds processes cannot
 * limit what lies below it, hence the subgroup.
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
  if (memory !== undefined && pids !== undefined) places.push({ version: 1, isOurs: false, folders: { memory, pids, ...(cpu === undefined ? {} : { cpu }) } });
  const unified = lines.find(({ controllers }) => controllers.length === 0);
  const mount = mounted.find(({ kind }) => kind === "cgroup2");
  if (unified !== undefined && mount !== undefined) {
    const folder = join(mount.at, below(unified.path, mount.root));
    if (basename(folder) === DELEGATED_SUBGROUP) places.push(unifiedPlace(dirname(folder), true));
    places.push(unifiedPlace(folder, false));
  }
  return places;
}

function unifiedPlace(folder: string, isOurs: boolean): CgroupPlace {
  return { version: 2, isOurs, folders: { memory: folder, pids: folder, cpu: folder } };
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
