import { targetOf } from "./import-rule.ts";
import type { Problem } from "./problem.ts";
import { isTestFile, type SourceFile } from "./scan-source.ts";

/** Files that are started, not imported, and packages whose exports are for others. */
const ENTRIES: Readonly<Record<string, string>> = {
  "packages/instar/src/main.ts": "the program",
};
const PUBLIC = ["packages/protocol/src/", "packages/testkit/src/"];

/** Built and tested ahead of their caller. An entry whose export has found one, or is gone, must leave this list. */
const AWAITED: Readonly<Record<string, string>> = {};

/**
 * Exports that nothing imports, tests not counting. A type that its own file uses is part of what that file exports and
 * stays; so does a decision that its own file uses and a test looks at.
 */
export function checkExports(files: readonly SourceFile[], awaited: Readonly<Record<string, string>> = AWAITED): Problem[] {
  const used = usedNames(files.filter((file) => !isTestFile(file.path)));
  const tested = usedNames(files.filter((file) => isTestFile(file.path)));
  const dead = files
    .filter(
      (file) =>
        /^(packages\/[^/]+\/src|bench)\//.test(file.path) &&
        !isTestFile(file.path) &&
        ENTRIES[file.path] === undefined &&
        !PUBLIC.some((place) => file.path.startsWith(place)),
    )
    .flatMap((file) =>
      file.exports
        .filter(({ name }) => !isIn(used, file.path, name))
        .filter(({ name, isType }) => !(isUsedInside(file, name) && (isType || isIn(tested, file.path, name))))
        .map(({ name, line }) => ({
          path: file.path,
          line,
          rule: isUsedInside(file, name) ? `exports ${name}, which only this file uses` : `exports ${name}, which nothing uses`,
          why: "What nobody calls is read, kept and believed all the same.",
          name,
        })),
    );
  const stale = Object.keys(awaited)
    .filter((entry) => !dead.some(({ path, name }) => entry === `${path} ${name}`))
    .map((entry) => ({
      path: "scripts/check/dead-code.ts",
      line: 0,
      rule: `still awaits a caller of ${entry}`,
      why: "It has one, or is gone: an exception that is not needed hides the next one.",
    }));
  return [...dead.filter(({ path, name }) => awaited[`${path} ${name}`] === undefined).map(({ name: _, ...problem }) => problem), ...stale];
}

function usedNames(files: readonly SourceFile[]): Map<string, Set<string>> {
  const used = new Map<string, Set<string>>();
  for (const file of files)
    for (const wanted of file.imports) {
      const target = targetOf(file, wanted);
      if (target === undefined) continue;
      const names = used.get(target) ?? new Set();
      for (const name of wanted.names) names.add(name);
      used.set(target, names);
    }
  return used;
}

const isIn = (used: ReadonlyMap<string, ReadonlySet<string>>, path: string, name: string) =>
  used.get(path)?.has(name) === true || used.get(path)?.has("*") === true;
const isUsedInside = ({ code }: SourceFile, name: string) =>
  [...code.matchAll(new RegExp(`(?<![\\w$.])${name.replaceAll("$", "\\$")}(?![\\w$])`, "g"))].length > 1;

export interface PackageFile {
  /** The folder, "" for the root. */
  readonly folder: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly [other: string]: unknown;
}

/** Used, but imported nowhere: programs that are run, and types that the compiler takes by itself. */
const RUN_BY_NAME: Readonly<Record<string, string>> = {
  "@biomejs/biome": "scripts/check.ts and `npm run format` run it",
  typescript: "scripts/check.ts runs it",
  "@types/node": "named in tsconfig.json",
  "axe-core": "tests/e2e/console.test.ts puts it into the pages that it looks at",
  esbuild: "scripts/pack.ts bundles with it",
  "fast-check": "for tests of every room",
  vitest: "`npm test` runs it",
  "@instar/protocol": "the workspace's own",
};

/** Dependencies that no file imports, and imports that no package.json names. */
export function checkDependencies(files: readonly SourceFile[], packages: readonly PackageFile[]): Problem[] {
  return packages.flatMap((found) => {
    const path = found.folder === "" ? "package.json" : `${found.folder}/package.json`;
    const own = files.filter((file) => (found.folder === "" ? !file.path.startsWith("packages/") : file.path.startsWith(`${found.folder}/`)));
    const wanted = new Map(
      own.flatMap((file) =>
        file.imports.filter(({ specifier }) => !/^(\.|node:)/.test(specifier)).map((one) => [packageName(one.specifier), { file, line: one.line }] as const),
      ),
    );
    const named = { ...found.dependencies, ...found.devDependencies };
    const unused = Object.keys(named)
      .filter((name) => !wanted.has(name) && !wanted.has(name.replace(/^@types\//, "")) && RUN_BY_NAME[name] === undefined)
      .map((name) => ({
        path,
        line: 0,
        rule: `names ${name}, which nothing imports`,
        why: "Every dependency is code that runs as us: it must earn its place.",
      }));
    const root = packages.find(({ folder }) => folder === "");
    const unnamed = [...wanted]
      .filter(([name, { file }]) => named[name] === undefined && !(isOutsideService(file.path) && knowsName(packages, root, name)))
      .map(([name, { file, line }]) => ({
        path: file.path,
        line,
        rule: `imports ${name}, which ${path} does not name`,
        why: "It is there by luck: another package brought it.",
      }));
    const shipped = [...wanted]
      .filter(
        ([name, { file }]) =>
          !isOutsideService(file.path) &&
          found.dependencies?.[name] === undefined &&
          found.devDependencies?.[name] !== undefined &&
          name !== "@instar/protocol",
      )
      .map(([name, { file, line }]) => ({
        path: file.path,
        line,
        rule: `imports ${name}, which is only a devDependency`,
        why: "An installed package would miss it.",
      }));
    return [...unused, ...unnamed, ...shipped];
  });
}

const packageName = (specifier: string) =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
const isOutsideService = (path: string) => isTestFile(path) || /^(scripts|bench)\//.test(path) || /(^|\/)vite(st)?\.config\.ts$/.test(path);
/** Tests, scripts and benchmarks may lean on the root's tools and on what the packages bring. */
const knowsName = (packages: readonly PackageFile[], root: PackageFile | undefined, name: string) =>
  root?.devDependencies?.[name] !== undefined ||
  packages.some((one) => one.dependencies?.[name] !== undefined || one.devDependencies?.[name] !== undefined || one.name === name);
