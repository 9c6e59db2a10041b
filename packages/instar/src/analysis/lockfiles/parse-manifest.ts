import type { Unreadable } from "./lockfile.ts";
import { parseJsonStrictly } from "./parse-json-strictly.ts";
import { own, textOf, textsOf } from "./plain-value.ts";

/** What a package.json says that matters to what is installed. */
export interface Manifest {
  /** Name → range, of every group but the peers. */
  readonly wanted: ReadonlyMap<string, string>;
  readonly peers: ReadonlyMap<string, string>;
  /** Names whose versions are laid down elsewhere: `resolutions` and `overrides`. */
  readonly overridden: ReadonlySet<string>;
  readonly engines: ReadonlyMap<string, string>;
  readonly os: readonly string[];
  readonly cpu: readonly string[];
  /** `pnpm@9.1.0+sha512.…` */
  readonly packageManager: string | null;
}

export function parseManifest(text: string): Manifest | Unreadable {
  try {
    const root = parseJsonStrictly(text);
    const groups = ["dependencies", "devDependencies", "optionalDependencies"].flatMap((group) => [...textsOf(own(root, group))]);
    const overriding = [own(root, "resolutions"), own(root, "overrides"), own(own(root, "pnpm"), "overrides")];
    return {
      wanted: new Map(groups),
      peers: textsOf(own(root, "peerDependencies")),
      overridden: new Set(overriding.flatMap((said) => Object.keys(said ?? {}).map(nameOfOverride))),
      engines: textsOf(own(root, "engines")),
      os: listOf(own(root, "os")),
      cpu: listOf(own(root, "cpu")),
      packageManager: textOf(own(root, "packageManager")),
    };
  } catch (error) {
    return { unreadable: error instanceof Error ? error.message : "it cannot be parsed" };
  }
}

/** `a/b@1`, `a>b`, `**` + `/b` all override b; a scope is part of the name. */
export function nameOfOverride(selector: string): string {
  const last = selector.slice(selector.lastIndexOf(">") + 1).trim();
  const parts = last.split("/");
  const name = parts.slice(parts.at(-2)?.startsWith("@") ? -2 : -1).join("/");
  const at = name.indexOf("@", 1);
  return at === -1 ? name : name.slice(0, at);
}

/** npm takes a single word for a list of one. */
function listOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
