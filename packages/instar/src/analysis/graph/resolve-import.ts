import { builtinModules } from "node:module";
import type { Packages } from "./find-packages.ts";
import type { ImportFact } from "./module-facts.ts";
import { type Aliases, applyAliases, folderOf } from "./resolve-alias.ts";
import { createFileResolver, listSources } from "./resolve-file.ts";
import { listExported, listImported } from "./resolve-package.ts";
import { normalise, type TreePaths } from "./tree-paths.ts";

/** Where an import leads: files of the tree by id, and names from outside. Neither: it is unresolved. */
export interface Resolution {
  readonly targets: readonly number[];
  readonly externals: readonly string[];
  /** It may be any file: nothing of it is known. */
  readonly isAnything: boolean;
}

export interface ResolverParts {
  readonly tree: TreePaths;
  readonly packages: Packages;
  readonly aliases: Aliases;
  /** By id: 1 for modules. */
  readonly isModule: Uint8Array;
}

const NOTHING: Resolution = { targets: [], externals: [], isAnything: false };
const ANYTHING: Resolution = { ...NOTHING, isAnything: true };

export interface Resolver {
  readonly resolve: (from: string, fact: ImportFact) => Resolution;
  /** Packages of which an import may mean any module: by the id of the package.json that the import led to, their modules. */
  readonly wholes: ReadonlyMap<number, readonly number[]>;
}

/** Resolves imports among the paths of a tree. Pure: nothing is looked up on the disk, so no specifier can lead out of the tree. */
export function createResolver({ tree, packages, aliases, isModule }: ResolverParts): Resolver {
  const mainOf = (folder: string) => {
    const facts = packages.all.get(folder);
    return facts === undefined ? [] : listExported(facts, ".").flatMap((main) => [main, ...listSources(normalise(main, main) ?? "")]);
  };
  const files = createFileResolver(tree, mainOf);
  const known = new Map<string, Resolution>();
  const wholes = new Map<number, readonly number[]>();
  return { resolve: resolveFrom, wholes };

  function resolveFrom(from: string, fact: ImportFact): Resolution {
    const folder = folderOf(from);
    const key = `${folder}\0${fact.isPattern ? "*" : ""}${fact.kind === "program" || fact.kind === "url" || fact.kind === "reference" ? fact.kind : ""}\0${fact.specifier}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const found = fact.isPattern ? resolvePattern(folder, fact.specifier) : resolve(folder, fact);
    known.set(key, found);
    return found;
  }

  function resolve(folder: string, { specifier, kind }: ImportFact): Resolution {
    switch (kind) {
      case "program":
      case "url":
      case "reference":
        return resolvePath(folder, specifier, kind === "program");
      default:
        return isPath(specifier) ? toFiles(resolveRelative(folder, specifier)) : resolveName(folder, specifier);
    }
  }

  /** A file or folder of any kind; a program's path is relative to where the agent was started, which may be any folder above. */
  function resolvePath(folder: string, specifier: string, isProgram: boolean): Resolution {
    if (/^[a-z][a-z0-9+.-]+:/i.test(specifier)) return specifier.startsWith("file:") ? NOTHING : outside(specifier);
    const targets = [...resolveRelative(folder, specifier)];
    for (let above = folder; isProgram && above !== ""; ) {
      above = folderOf(above);
      targets.push(...resolveRelative(above, specifier));
    }
    const path = normalise(`${folder}/${specifier}`, specifier);
    if (targets.length === 0 && path !== undefined && path !== "" && tree.isFolder(path)) targets.push(...tree.below(path));
    return toFiles(targets);
  }

  function resolveRelative(folder: string, specifier: string): readonly number[] {
    for (const each of withoutQuery(specifier)) {
      const paths = each.startsWith("/")
        ? [normalise(each.slice(1)), normalise(`${packages.nearest(folder) ?? ""}${each}`, each.slice(1))]
        : [normalise(`${folder}/${each}`, each)];
      for (const path of paths) {
        const found = path === undefined ? [] : findBuiltOrSource(path);
        if (found.length > 0) return found;
      }
    }
    return [];
  }

  /** `../dist/a.js` of a package that is not built leads to its source. */
  function findBuiltOrSource(path: string): readonly number[] {
    const found = files(path);
    const home = found.length > 0 ? undefined : packages.nearest(folderOf(path));
    return home === undefined ? found : findSource(home, path.slice(home === "" ? 0 : home.length + 1));
  }

  function findSource(home: string, built: string): readonly number[] {
    for (const source of listSources(built)) {
      const path = normalise(`${home}/${source}`, source);
      const found = path === undefined ? [] : files(path);
      if (found.length > 0) return found;
    }
    return [];
  }

  function resolveName(folder: string, specifier: string): Resolution {
    if (specifier === "" || specifier.includes("\0")) return NOTHING;
    if (isBuiltin(specifier)) return { ...NOTHING, externals: [specifier.startsWith("node:") ? specifier : `node:${specifier}`] };
    if (/^[a-z][a-z0-9+.-]+:/i.test(specifier)) return specifier.startsWith("file:") ? NOTHING : outside(specifier);
    if (specifier.startsWith("#")) {
      const found = resolvePrivate(folder, specifier);
      if (found !== undefined) return found;
    }
    for (const path of applyAliases(aliases.of(folder), specifier)) {
      const found = findBuiltOrSource(path);
      if (found.length > 0) return toFiles(found);
    }
    const name = packageNameOf(specifier);
    const home = name === undefined ? undefined : packages.find(name, folder);
    if (name !== undefined && home !== undefined) return toFiles(resolveInPackage(home, `.${specifier.slice(name.length)}`));
    // Loaders of bundlers: raw-loader!./text.md
    const loaded = specifier.slice(specifier.lastIndexOf("!") + 1);
    if (loaded !== specifier) return isPath(loaded) ? toFiles(resolveRelative(folder, loaded)) : NOTHING;
    return name === undefined ? NOTHING : { ...NOTHING, externals: [name] };
  }

  /** `#name` of the nearest package.json. */
  function resolvePrivate(folder: string, specifier: string): Resolution | undefined {
    const home = packages.nearest(folder);
    const facts = home === undefined ? undefined : packages.all.get(home);
    if (home === undefined || facts === undefined) return undefined;
    const targets = listImported(facts, specifier);
    if (targets.length === 0) return undefined;
    const found = targets.map((target) => {
      if (target.startsWith(".")) return toFiles(findTarget(home, target));
      // A private name that leads to a private name could go in a circle; Node refuses it as well.
      return target.startsWith("#") ? NOTHING : resolveName(home, target);
    });
    return { targets: found.flatMap((each) => each.targets), externals: found.flatMap((each) => each.externals), isAnything: false };
  }

  /** What a package shows under a subpath; where nothing of that can be found, it may be any of its modules: its package.json stands for them. */
  function resolveInPackage(home: string, subpath: string): readonly number[] {
    const facts = packages.all.get(home);
    const exported = facts === undefined ? [] : listExported(facts, subpath).flatMap((target) => findTarget(home, target));
    if (exported.length > 0) return exported;
    const plain = subpath === "." ? [home, `${home}/src`] : [`${home}/${subpath}`, `${home}/src/${subpath}`];
    for (const each of plain) {
      const path = normalise(each, "");
      const found = path === undefined ? [] : findBuiltOrSource(path);
      if (found.length > 0) return found;
    }
    return takeWhole(home);
  }

  /** One edge instead of one for each module: many import a package that is not built. */
  function takeWhole(home: string): readonly number[] {
    const manifest = tree.locate(home === "" ? "package.json" : `${home}/package.json`)?.id;
    if (manifest !== undefined && wholes.has(manifest)) return [manifest];
    const modules = tree.below(home).filter((id) => isModule[id] === 1 && packages.nearest(folderOf(tree.paths[id] ?? "")) === home);
    if (manifest === undefined || modules.length === 0) return modules;
    wholes.set(manifest, modules);
    return [manifest];
  }

  function findTarget(home: string, target: string): readonly number[] {
    const path = normalise(`${home}/${target}`, target);
    if (path === undefined) return [];
    return path.includes("*") ? tree.match(path) : findBuiltOrSource(path);
  }

  function resolvePattern(folder: string, pattern: string): Resolution {
    if (isPath(pattern)) {
      const path = normalise(`${folder}/${pattern}`, pattern);
      return path === undefined ? NOTHING : path === "*" ? ANYTHING : toFiles(matchModules(path));
    }
    const named = packages.names.filter((name) => pattern.startsWith(name) || name.startsWith(pattern.slice(0, pattern.indexOf("*"))));
    if (pattern.startsWith("*") || named.length === 0) {
      const aliased = pattern.startsWith("*")
        ? []
        : applyAliases(aliases.of(folder), pattern).flatMap((path) => (path.startsWith("*") ? [] : matchModules(path)));
      return pattern.startsWith("*") ? ANYTHING : toFiles(aliased);
    }
    return toFiles(named.flatMap((name) => resolveInPackage(packages.find(name, folder) ?? "", ".")));
  }

  /** As written, and with the endings and index files that an import may leave out. */
  function matchModules(pattern: string): number[] {
    return [
      ...new Set([
        ...tree.match(pattern),
        ...tree.match(`${pattern}.*`),
        ...tree.match(`${pattern}/index.*`),
        ...tree.match(pattern.replace(/\.[cm]?js$/, ".*")),
      ]),
    ];
  }
}

const toFiles = (targets: readonly number[]): Resolution => (targets.length === 0 ? NOTHING : { ...NOTHING, targets });
const isPath = (specifier: string) => /^(?:\/|\.\.?(?:\/|$))/.test(specifier);
const BUILTIN: ReadonlySet<string> = new Set(builtinModules);
const isBuiltin = (specifier: string) => specifier.startsWith("node:") || BUILTIN.has(specifier);

/** Bundlers take orders behind a question mark; a file's name may hold one too. */
function withoutQuery(specifier: string): string[] {
  const end = specifier.search(/[?#]/);
  return end <= 0 ? [specifier] : [specifier, specifier.slice(0, end)];
}

/** `https://esm.sh/x` by its host, `bun:test` and `virtual:x` as they are. */
function outside(specifier: string): Resolution {
  const host = /^https?:\/\/([^/?#]+)/i.exec(specifier)?.[1];
  return { ...NOTHING, externals: [host ?? (specifier.startsWith("data:") ? "data:" : specifier)] };
}

/** @returns undefined where no package can be called so: `@/x`, `~/x` */
function packageNameOf(specifier: string): string | undefined {
  return /^(?:@[a-z0-9~_.-]+\/)?[a-z0-9_-][a-z0-9._~-]*(?=\/|$)/i.exec(specifier)?.[0];
}
