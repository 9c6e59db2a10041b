import { InstarError } from "@instar/protocol";

export interface RoleLayout {
  readonly keys: number;
  readonly threshold: number;
}

/** How many keys each role that people hold has, and how many of them must sign. `snapshot` and `timestamp` have one key each, which a machine holds. */
export interface TrustLayout {
  readonly root: RoleLayout;
  /** With two keys they are the release key and the gate's. */
  readonly targets: RoleLayout;
  /** For packages that an agent wrote; the agent itself holds none of the keys. */
  readonly self: RoleLayout;
}

export const DEFAULT_LAYOUT: TrustLayout = { root: { keys: 3, threshold: 2 }, targets: { keys: 2, threshold: 2 }, self: { keys: 2, threshold: 2 } };

const MOST_KEYS = 16;

/** The layout that was asked for, the default where nothing was said. @throws InstarError INPUT_INVALID */
export function planLayout(asked: { readonly [Role in keyof TrustLayout]?: Partial<RoleLayout> | undefined }): TrustLayout {
  return { root: planRole("root", asked.root), targets: planRole("targets", asked.targets), self: planRole("self", asked.self) };
}

function planRole(name: keyof TrustLayout, asked: Partial<RoleLayout> = {}): RoleLayout {
  const keys = asked.keys ?? DEFAULT_LAYOUT[name].keys;
  const threshold = asked.threshold ?? Math.min(DEFAULT_LAYOUT[name].threshold, keys);
  if (!Number.isInteger(keys) || keys < 1 || keys > MOST_KEYS)
    throw new InstarError("INPUT_INVALID", `${name} has between 1 and ${MOST_KEYS} keys, not ${keys}`);
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > keys)
    throw new InstarError("INPUT_INVALID", `of the ${keys} keys of ${name} between 1 and ${keys} must sign, not ${threshold}`);
  return { keys, threshold };
}

/** Names of the key files, in the order in which they are made. */
export function nameKeys({ root, targets, self }: TrustLayout): Readonly<Record<"root" | "targets" | "self" | "snapshot" | "timestamp", readonly string[]>> {
  const numbered = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
  return {
    root: numbered("root", root.keys),
    targets: targets.keys <= 2 ? ["release", "gate"].slice(0, targets.keys) : ["release", "gate", ...numbered("targets", targets.keys).slice(2)],
    self: numbered("self", self.keys),
    snapshot: ["snapshot"],
    timestamp: ["timestamp"],
  };
}

/** What a role's keys cost, in the words that an operator reads; empty where they are as they should be. Pure. */
export function describeCosts(role: "root" | "targets" | "self", { keys, threshold }: RoleLayout): string[] {
  const costs: string[] = [];
  if (threshold === 1) costs.push(`${role}: one stolen key of ${keys} is enough to ${MEANING[role]}`);
  if (keys === threshold)
    costs.push(
      `${role}: one lost key of ${keys} is enough that nobody can ${role === "root" ? "change keys any more; agents must be given a new root by hand" : "publish there until root gives it new keys"}`,
    );
  return costs;
}

const MEANING = {
  root: "take over every agent for good, since root says which keys count",
  targets: "publish a release that every agent takes",
  self: "publish what an agent wrote as if a person had looked at it",
};
