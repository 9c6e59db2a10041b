import { posix } from "node:path";
import type { ChangedFile } from "./changed-file.ts";
import { compareManifests } from "./compare-manifests.ts";
import { listCommandPaths } from "./list-command-paths.ts";
import { quote } from "./quote.ts";
import { byContent, byName, type Finding, nameTouch, type TouchFacts, weakening } from "./touch-finder.ts";

const PATHS =
  /(^|\/)(dockerfile[\w.-]*|[\w-]+\.dockerfile|containerfile[\w.-]*|(docker-)?compose[\w.-]*\.ya?ml|\.dockerignore|procfile[\w.-]*|[\w@.-]+\.(service|socket|timer|plist)|ecosystem\.config\.\w+|pm2[\w.-]*\.(json|ya?ml|[cm]?js)|process\.(json|ya?ml)|nodemon\.json|supervisord?\.conf|\.nvmrc|\.node-version|\.python-version|\.ruby-version|\.tool-versions|\.?mise\.toml|runtime\.txt|fly\.toml|app\.ya?ml|vercel\.json|netlify\.toml|render\.ya?ml|railway\.(json|toml)|heroku\.yml|k8s\/.*|kubernetes\/.*|charts?\/.*|helm\/.*|main\.tf|start\.(sh|[cm]?[jt]s|py)|entrypoint[\w.-]*|docker-entrypoint[\w.-]*|bin\/[^/]+|bunfig\.toml|\.swcrc|babel\.config\.\w+|\.babelrc[\w.]*|webpack\.config\.\w+|rollup\.config\.\w+|tsup\.config\.\w+|esbuild\.config\.\w+)$/i;

/** What the agent is run by: its start command, its entry points, the runtime it asks for, what keeps it running. */
export function findRunnerTouches(file: ChangedFile, facts: TouchFacts): readonly Finding[] {
  const isStarted = file.paths.some((path) => listCommandPaths(facts.startCommand, facts.agentDirectory).has(path)) && file.name !== "package.json";
  const findings: Finding[] = [];
  if (isStarted) findings.push(nameTouch(file, "the program that the start command runs", true), ...findStartLines(file));
  else if (file.paths.some((path) => PATHS.test(path))) findings.push(nameTouch(file, "what the agent is run by"));
  if (file.name === "package.json") findings.push(...findManifestTouches(file, facts));
  if (file.name === "pyproject.toml" && !file.isRead) findings.push(nameTouch(file, "what the agent is run by"));
  if (
    file.name === "pyproject.toml" &&
    [...file.added, ...file.removed].some(({ code }) =>
      /^\[(project\.(scripts|gui-scripts|entry-points)|build-system|tool\.(poetry|pdm)\.scripts)|requires-python|^python ?=|build-backend|^\w[\w-]* ?= ?"[\w.]+:[\w.]+"/.test(
        code,
      ),
    )
  )
    findings.push(byContent(file.added[0]?.line ?? null, "its programs, or the Python they ask for, are changed"));
  return findings;
}

function findStartLines({ edit, added, removed, isRead }: ChangedFile): Finding[] {
  const findings: Finding[] = [];
  if (edit.status === "renamed" || edit.status === "deleted") findings.push(byName("the start command no longer finds what it runs under its name", true));
  if (edit.status === "type-changed") findings.push(byName("the program that the start command runs is now another kind of file", true));
  if ((edit.modeBefore & 0o111) !== 0 && edit.modeAfter !== 0 && (edit.modeAfter & 0o111) === 0)
    findings.push(byName("the program that the start command runs may no longer be executed", true));
  if (isRead && [...added, ...removed].some(({ text }) => text.startsWith("#!"))) findings.push(byContent(1, "its first line names another interpreter"));
  return findings;
}

const FIELDS =
  /^(bin|main|module|browser|exports|imports|engines|type|packageManager|os|cpu|libc|devEngines|volta|nodemonConfig|pm2|config|directories|tsup|babel)$/;
const SCRIPTS = /^(pre|post)?(start|serve|build|bundle|compile|dev|run|daemon|worker)\b/;

function findManifestTouches(file: ChangedFile, { startCommand, agentDirectory }: TouchFacts): Finding[] {
  if (!file.isRead) return [nameTouch(file, "what the agent is run by")];
  const changes = compareManifests(file);
  if (changes === "unreadable") return [weakening(null, "it is no JSON object: what the agent is run by is not known")];
  const words = typeof startCommand === "string" ? startCommand.split(/\s+/) : startCommand;
  const isOwn = file.paths.some((path) => posix.join(agentDirectory, "package.json") === path || path === "package.json");
  return changes
    .filter(
      ({ field, key }) =>
        FIELDS.test(field) || (field === "scripts" && key !== null && (SCRIPTS.test(key) || (isOwn && words.includes(key.replace(/^(pre|post)/, ""))))),
    )
    .map(({ field, key, line, is }) => {
      const what = `${field}${key === null ? "" : `.${quote(key)}`}`;
      return byContent(line, `${what} is ${is === undefined ? "gone" : "changed"}`);
    });
}
