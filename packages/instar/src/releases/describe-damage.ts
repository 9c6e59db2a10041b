import type { Verification } from "./verify-release.ts";

type Damage = Extract<Verification, { kind: "damaged" }>;

/** At most three names of each sort: the first say where to look. */
const NAMED = 3;

/** What about a release's files is not as it was sealed, in a few words. */
export function describeDamage({ changed, missing, added }: Pick<Damage, "changed" | "missing" | "added">): string {
  const sorts = { changed, missing, added };
  return Object.entries(sorts)
    .filter(([, paths]) => paths.length > 0)
    .map(([sort, paths]) => `${sort} ${paths.slice(0, NAMED).join(", ")}${paths.length > NAMED ? ` and ${paths.length - NAMED} more` : ""}`)
    .join("; ");
}
