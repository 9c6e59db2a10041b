import { entriesOf, isPlain } from "../lockfiles/plain-value.ts";
import type { PackageFacts } from "./parse-settings-files.ts";

/** More targets than these in one map are an attack. */
const MOST = 1_000;

/**
 * Every file that a package may mean by `.` or `./sub`, as written in its package.json. All conditions are taken: which one holds is the running
 * program's to say, and a file too many is better than one too few.
 */
export function listExported({ exports, main }: PackageFacts, subpath: string): string[] {
  if (exports === null) return subpath === "." ? [...main] : [];
  const isMap = isPlain(exports) && Object.keys(exports).some((key) => key.startsWith("."));
  const targets = isMap ? matchKeys(exports, subpath) : subpath === "." ? listTargets(exports) : [];
  return subpath === "." ? [...targets, ...main] : targets;
}

/** What a package means by `#name`. */
export function listImported({ imports }: PackageFacts, specifier: string): string[] {
  return matchKeys(imports, specifier);
}

/** `./features/*` takes what the star stands for into its targets; the longest prefix wins. */
function matchKeys(map: unknown, wanted: string): string[] {
  const entries = entriesOf(map);
  const exact = entries.find(([key]) => key === wanted && !key.includes("*"));
  if (exact !== undefined) return listTargets(exact[1]);
  let best: { readonly key: string; readonly value: unknown; readonly middle: string } | undefined;
  for (const [key, value] of entries) {
    const star = key.endsWith("/") ? key.length : key.indexOf("*");
    if (star === -1 || (best !== undefined && best.key.length >= key.length)) continue;
    const [prefix, suffix] = [key.slice(0, star), key.slice(star + 1)];
    if (wanted.length >= prefix.length + suffix.length && wanted.startsWith(prefix) && wanted.endsWith(suffix))
      best = { key, value, middle: wanted.slice(prefix.length, wanted.length - suffix.length) };
  }
  const { middle, value } = best ?? { middle: "", value: null };
  return listTargets(value).map((target) => (target.endsWith("/") ? `${target}${middle}` : target.replaceAll("*", () => middle)));
}

/** The texts in a target, however deep its conditions are nested. */
function listTargets(value: unknown): string[] {
  const targets: string[] = [];
  const todo: unknown[] = [value];
  for (let seen = 0; todo.length > 0 && seen < MOST; seen++) {
    const next = todo.pop();
    if (typeof next === "string") targets.push(next);
    else if (Array.isArray(next)) todo.push(...next.slice(0, MOST));
    else for (const [, inner] of entriesOf(next)) todo.push(inner);
  }
  return targets;
}
