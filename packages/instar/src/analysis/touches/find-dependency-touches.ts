import type { ChangedFile } from "./changed-file.ts";
import { compareManifests } from "./compare-manifests.ts";
import { quote } from "./quote.ts";
import { byContent, type Finding, nameTouch, weakening } from "./touch-finder.ts";

const PATHS =
  /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.ya?ml|pnpm-workspace\.ya?ml|\.?pnpmfile\.[cm]?js|yarn\.lock|bun\.lockb?|deno\.lock|(requirements|constraints)[\w.-]*\.(txt|in)|requirements\/[^/]+\.(txt|in)|pipfile(\.lock)?|poetry\.lock|uv\.lock|pdm\.lock|pylock[\w.-]*\.toml|conda-lock\.ya?ml|environment\.ya?ml|setup\.(py|cfg)|go\.(mod|sum)|cargo\.(toml|lock)|gemfile(\.lock)?|composer\.(json|lock)|pom\.xml|build\.gradle(\.kts)?|gradle\.lockfile|mix\.(exs|lock)|\.gitmodules|deno\.jsonc?|import_map\.json|binding\.gyp)$|(^|\/)(patches|\.yarn\/(patches|releases|plugins)|vendor|third_party|node_modules)\//i;
const FIELDS =
  /^(dependencies|devDependencies|peerDependencies|optionalDependencies|peerDependenciesMeta|dependenciesMeta|bundledDependencies|bundleDependencies|overrides|resolutions|pnpm|workspaces|trustedDependencies|patchedDependencies|gypfile|allowScripts)$/;
const INSTALLING = /^(preinstall|install|postinstall|prepare|preprepare|postprepare|prepublish|prepublishOnly|prepack|postpack|dependencies)$/;
const PYPROJECT =
  /^\[(project|project\.optional-dependencies|dependency-groups|tool\.(poetry|uv|pdm)[\w.-]*dependencies[\w.-]*|tool\.uv\.sources)\]|^(dependencies|dev|requires|optional-dependencies)\b ?=|^["'][\w.[\]-]+ ?([<>=!~;@ ]|["'],?$)|^[\w-]+ ?= ?["'{]?[\^~<>=*]?\d|= ?\{.{0,200}\b(git|path|url|version)\b/;

/** What comes from elsewhere, and what may run while it is installed. */
export function findDependencyTouches(file: ChangedFile): readonly Finding[] {
  if (file.name === "package.json") return findManifestTouches(file);
  if (file.edit.modeAfter === 0o160000 || file.edit.modeBefore === 0o160000) return [nameTouch({ ...file, isRead: true }, "a submodule")];
  if (file.name === "pyproject.toml") {
    const line = [...file.added, ...file.removed].find(({ code }) => PYPROJECT.test(code) && !/^version ?=/.test(code));
    if (!file.isRead) return [nameTouch(file, "dependencies")];
    return line === undefined ? [] : [byContent(line.line, "dependencies are changed")];
  }
  if (!file.paths.some((path) => PATHS.test(path))) return [];
  return [nameTouch(file, "dependencies"), ...findStrangers(file)];
}

function findManifestTouches(file: ChangedFile): Finding[] {
  if (!file.isRead) return [nameTouch(file, "dependencies")];
  const changes = compareManifests(file);
  if (changes === "unreadable") return [weakening(null, "it is no JSON object: what it depends on is not known")];
  return changes.flatMap(({ field, key, was, is, line }) => {
    if (field === "scripts" && key !== null && INSTALLING.test(key)) {
      if (is === undefined) return [byContent(line, `the script ${key} no longer runs when it is installed`)];
      return [weakening(line, `the script ${key} ${was === undefined ? "now runs" : "runs otherwise"} when it is installed`)];
    }
    if (!FIELDS.test(field)) return [];
    const what = key === null ? field : `${field}.${quote(key)}`;
    const stranger = is !== undefined && STRANGE.test(is) && !STRANGE.test(was ?? "");
    return [
      byContent(line, `${what} is ${was === undefined ? "new" : is === undefined ? "gone" : "changed"}`),
      ...(stranger ? [weakening(line, `${what} comes from no registry`)] : []),
    ];
  });
}

const STRANGE = /^"?(git[+:@]|github:|gitlab:|bitbucket:|https?:|file:|link:|[\w-]+\/[\w.-]+(#|"$))|\bgit\+|--(extra-)?index-url|--trusted-host|^-e /;

function findStrangers({ added, removed, edit }: ChangedFile): Finding[] {
  if (!/requirements|constraints|pipfile$/i.test(edit.path)) return [];
  const line = added.find(({ code }) => STRANGE.test(code.replace(/^[\w.[\]-]+ ?@ ?/, "")));
  return line === undefined || removed.some(({ code }) => code === line.code) ? [] : [weakening(line.line, "a package comes from no registry")];
}
