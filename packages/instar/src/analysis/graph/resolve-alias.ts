import { dirname } from "node:path/posix";
import type { TsconfigFacts } from "./parse-settings-files.ts";
import { normalise } from "./tree-paths.ts";

/** One entry of `paths`, or a `baseUrl`: what a specifier that fits may mean, relative to the tree; `*` takes what the star stood for. */
export interface Alias {
  readonly prefix: string;
  readonly suffix: string;
  readonly hasStar: boolean;
  readonly targets: readonly string[];
}

/** What a tsconfig says that leads nowhere, or out of the tree. */
export interface ConfigProblem {
  readonly path: string;
  readonly specifier: string;
}

export interface Aliases {
  /** Those that hold in a folder: of the nearest tsconfig with what it extends and refers to, then of those above. */
  readonly of: (folder: string) => readonly Alias[];
  readonly problems: readonly ConfigProblem[];
}

const MOST_FILES = 200;

/**
 * @param configs by path; undefined where the text was no JSON, or too large
 * @param findPackage the folder of a package of the tree
 */
export function createAliases(configs: ReadonlyMap<string, TsconfigFacts | undefined>, findPackage: (name: string) => string | undefined): Aliases {
  const problems = new Map<string, ConfigProblem>();
  const report = (path: string, specifier: string) => problems.set(`${path}\0${specifier}`, { path, specifier });
  const byFolder = new Map<string, readonly Alias[]>();
  const own = new Map<string, readonly Alias[]>();
  for (const [path, facts] of configs)
    if (facts === undefined) report(path, path);
    else if (/(?:^|\/)[jt]sconfig\.json$/.test(path)) own.set(folderOf(path), [...(own.get(folderOf(path)) ?? []), ...collect(path)]);
  return { of, problems: [...problems.values()] };

  function of(folder: string): readonly Alias[] {
    const known = byFolder.get(folder);
    if (known !== undefined) return known;
    const above = folder === "" ? [] : of(folderOf(folder));
    const aliases = [...(own.get(folder) ?? []), ...above];
    byFolder.set(folder, aliases);
    return aliases;
  }
  /** A config's own, then of what it extends, then of what it refers to; each file once, so that a circle ends. */
  function collect(start: string): Alias[] {
    const aliases: Alias[] = [];
    const todo = [start];
    const seen = new Set<string>();
    for (let path = todo.shift(); path !== undefined && seen.size < MOST_FILES; path = todo.shift()) {
      if (seen.has(path)) continue;
      seen.add(path);
      const facts = configs.get(path);
      if (facts === undefined) continue;
      aliases.push(...aliasesOf(path, folderOf(start), facts));
      for (const each of facts.extends) todo.push(...findConfig(path, each, true));
      for (const each of facts.references) todo.push(...findConfig(path, each, false));
    }
    return aliases.sort((one, other) => other.prefix.length - one.prefix.length);
  }
  function findConfig(from: string, specifier: string, isParent: boolean): string[] {
    const path = isParent && !/^[./]/.test(specifier) ? findInPackage(specifier) : normalise(`${folderOf(from)}/${specifier}`, specifier);
    if (path === null) return [];
    const found =
      path === undefined ? undefined : [path, `${path}.json`, `${path}/tsconfig.json`].map((each) => normalise(each) ?? "").find((each) => configs.has(each));
    if (found === undefined) report(from, specifier);
    return found === undefined ? [] : [found];
  }
  /** null where it is a package from outside: what that says of paths is unknown, and never matters to files of the tree. */
  function findInPackage(specifier: string): string | undefined | null {
    const names = specifier.split("/");
    const length = specifier.startsWith("@") ? 2 : 1;
    const folder = findPackage(names.slice(0, length).join("/"));
    return folder === undefined ? null : normalise([folder, ...names.slice(length)].join("/"));
  }
  function aliasesOf(path: string, startFolder: string, { baseUrl, paths }: TsconfigFacts): Alias[] {
    const inFolder = (written: string): string | undefined => {
      const inConfigDir = /^\$\{configDir\}(.*)$/s.exec(written)?.[1];
      const found = inConfigDir === undefined ? normalise(`${folderOf(path)}/${written}`, written) : normalise(`${startFolder}/${inConfigDir}`, "");
      if (found === undefined) report(path, written);
      return found;
    };
    const base = baseUrl === null ? undefined : inFolder(baseUrl);
    const aliases = (paths ?? []).map(([pattern, targets]): Alias => {
      const star = pattern.indexOf("*");
      const found = targets.flatMap((target) => {
        const joined = base === undefined ? inFolder(target) : normalise(`${base}/${target}`, target);
        if (joined === undefined) report(path, target);
        return joined ?? [];
      });
      return star === -1
        ? { prefix: pattern, suffix: "", hasStar: false, targets: found }
        : { prefix: pattern.slice(0, star), suffix: pattern.slice(star + 1), hasStar: true, targets: found };
    });
    return base === undefined ? aliases : [...aliases, { prefix: "", suffix: "", hasStar: true, targets: [base === "" ? "*" : `${base}/*`] }];
  }
}

/** The paths that a specifier may mean by aliases, best first. */
export function applyAliases(aliases: readonly Alias[], specifier: string): string[] {
  return aliases.flatMap(({ prefix, suffix, hasStar, targets }) => {
    if (!hasStar) return specifier === prefix ? targets : [];
    if (specifier.length < prefix.length + suffix.length || !specifier.startsWith(prefix) || !specifier.endsWith(suffix)) return [];
    const middle = specifier.slice(prefix.length, specifier.length - suffix.length);
    return targets.flatMap((target) => normalise(target.replace("*", () => middle)) ?? []);
  });
}

export function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === "." ? "" : folder;
}
