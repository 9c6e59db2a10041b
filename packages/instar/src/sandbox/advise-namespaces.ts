import { readFile, stat } from "node:fs/promises";

/** What this machine says of user namespaces, which bubblewrap cannot do without. */
export interface NamespaceFacts {
  /** Contents of the files of the kernel; undefined where a file is not there. */
  readonly usernsClone: string | undefined;
  readonly maxUserNamespaces: string | undefined;
  readonly appArmorRestricts: string | undefined;
  readonly isContainer: boolean;
}

export async function readNamespaceFacts(): Promise<NamespaceFacts> {
  const [usernsClone, maxUserNamespaces, appArmorRestricts] = await Promise.all(
    ["kernel/unprivileged_userns_clone", "user/max_user_namespaces", "kernel/apparmor_restrict_unprivileged_userns"].map(async (name) =>
      readFile(`/proc/sys/${name}`, "utf8").then(
        (text) => text.trim(),
        () => undefined,
      ),
    ),
  );
  const found = await Promise.all(["/.dockerenv", "/run/.containerenv"].map(async (path) => stat(path).catch(() => undefined)));
  return { usernsClone, maxUserNamespaces, appArmorRestricts, isContainer: found.some((stats) => stats !== undefined) };
}

/** What an operator can do so that bubblewrap may make its namespaces. */
export function adviseNamespaces(facts: NamespaceFacts): string {
  const advice = [
    ...(facts.usernsClone === "0" ? ["sysctl kernel.unprivileged_userns_clone=1"] : []),
    ...(facts.maxUserNamespaces === "0" ? ["sysctl user.max_user_namespaces=15000"] : []),
    ...(facts.appArmorRestricts === "1"
      ? [
          "AppArmor keeps user namespaces from programs without a profile: give bwrap one (/etc/apparmor.d/bwrap with `userns,`), or sysctl kernel.apparmor_restrict_unprivileged_userns=0",
        ]
      : []),
    ...(facts.isContainer
      ? ["this is a container: start it so that it may make user namespaces (docker: --security-opt seccomp=unconfined --security-opt systempaths=unconfined)"]
      : []),
  ];
  return advice.length === 0 ? "Run `bwrap --unshare-user --ro-bind / / true` by hand and look at what it says." : `${advice.join("; ")}.`;
}
