import type { Problem } from "./problem.ts";

/** The lockfile pins digests, not hosts: it must install from whatever registry the machine names. */
export function checkLockfile(path: string, text: string): Problem[] {
  const { packages = {} } = JSON.parse(text) as { packages?: Record<string, { resolved?: string; integrity?: string; link?: boolean }> };
  return Object.entries(packages).flatMap(([name, entry]) => {
    if (entry.link === true || !name.includes("node_modules/")) return [];
    if (entry.resolved !== undefined)
      return [
        {
          path,
          line: 0,
          rule: `names a host for ${name}`,
          why: "Digests pin what is installed; a host in the lockfile breaks installing from another registry.",
        },
      ];
    if (entry.integrity === undefined)
      return [{ path, line: 0, rule: `has no digest for ${name}`, why: "What is not pinned by its bytes may be anything tomorrow." }];
    return [];
  });
}
