import { isPythonPath } from "../module-facts.ts";
import type { ModuleGraph } from "../module-graph.ts";
import { folderOf } from "../resolve-alias.ts";
import { normalise } from "../tree-paths.ts";
import { joinPath } from "./index-python-folders.ts";

export interface PythonStart {
  readonly graph: ModuleGraph;
  readonly start: string | readonly string[];
  /** The agent's folder, `""` for the root. */
  readonly home: string;
  /** Every pyproject.toml of the tree, with its text. */
  readonly projects: readonly { readonly path: string; readonly text: string }[];
}

const LONGEST = 10_000;
/** Words of a command; more are data. */
const MOST_WORDS = 500;
/** What stands behind these is a module, or an object of one. */
const MODULE_FLAGS: ReadonlySet<string> = new Set(["-m", "-A", "--app", "-a"]);
/** These take a module without saying so. */
const MODULE_RUNNERS = /(?:^|\/)(?:gunicorn|uvicorn|hypercorn|daphne|granian|waitress-serve|dramatiq|arq|huey_consumer(?:\.py)?)$/;
/** What these look for where no module is named. */
const DEFAULTS: ReadonlyMap<string, readonly string[]> = new Map([
  ["flask", ["app.py", "wsgi.py"]],
  ["fastapi", ["main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py"]],
]);

/**
 * Modules of Python that a command starts, or that a project installs a command for: `python main.py`, `python -m pkg.mod`, `uvicorn app.main:app`,
 * `celery -A proj worker`. With the packages that run on the way. A word counts only where a module of the tree is called so. Pure.
 */
export function findPythonEntryPoints({ graph, start, home, projects }: PythonStart): string[] {
  const modules = new Set(graph.paths.filter((_, id) => graph.isModule[id] === 1));
  const words = splitWords(start);
  const base = (word: string) => (word.startsWith("{release}/") ? normalise(word.slice("{release}/".length)) : normalise(`${home}/${word}`, word));
  // `--chdir backend`, `cd backend`: any folder that is named may be where modules are looked for.
  const named = words.flatMap((word) => base(word) ?? []).filter((path) => path !== "" && graph.paths.some((each) => each.startsWith(`${path}/`)));
  const roots = [...new Set([home, ...named].flatMap((root) => [root, joinPath(root, "src")]))];
  const found = new Set<string>();
  const addFile = (path: string | undefined): void => {
    if (path !== undefined && modules.has(path) && (isPythonPath(path) || !path.includes("."))) found.add(path);
  };
  const addModule = (from: readonly string[], name: string): void => {
    const names = name.split(".");
    for (const root of from) {
      const path = [root, ...names].filter((each) => each !== "").join("/");
      const files = [`${path}.py`, ...["__main__", "__init__", "celery", "app"].map((each) => `${path}/${each}.py`)].filter((each) => modules.has(each));
      if (files.length === 0) continue;
      for (const file of files) addFile(file);
      for (let above = folderOf(path); above !== root && above !== ""; above = folderOf(above)) addFile(joinPath(above, "__init__.py"));
    }
  };

  words.forEach((word, at) => {
    for (const root of new Set([undefined, ...named])) addFile(root === undefined ? base(word) : normalise(`${root}/${word}`, word));
    const [value, flag] = readFlag(word, words[at - 1]);
    const module = /^([A-Za-z_][\w.]{0,500})(:[\w.]{1,500}(?:\(\))?)?$/.exec(value);
    if (module?.[1] === undefined) return;
    const isRun = words.slice(0, at).some((each) => MODULE_RUNNERS.test(each));
    if (flag || isRun || module[2] !== undefined || module[1].includes(".")) addModule(roots, module[1]);
  });
  if (found.size === 0)
    for (const word of words)
      for (const path of DEFAULTS.get(word.slice(word.lastIndexOf("/") + 1)) ?? []) for (const root of roots) addFile(joinPath(root, path));
  for (const { path, text } of projects) for (const name of readProjectScripts(text)) addModule([folderOf(path), joinPath(folderOf(path), "src")], name);
  return [...found].sort();
}

function splitWords(start: string | readonly string[]): string[] {
  return (typeof start === "string" ? [start] : start).flatMap((part) => part.slice(0, LONGEST).split(/[\s;&|()"']+/)).slice(0, MOST_WORDS);
}

/** `--app=x`, `FLASK_APP=x`, and what follows `-m`. */
function readFlag(word: string, before: string | undefined): [value: string, isFlag: boolean] {
  const sign = /^(--app|[A-Z_]{1,50}_APP|DJANGO_SETTINGS_MODULE)=/.exec(word);
  return sign === null ? [word, MODULE_FLAGS.has(before ?? "")] : [word.slice(sign[0].length), true];
}

const SCRIPTS = /^\s{0,20}\[\s{0,20}(?:project\.(?:scripts|gui-scripts)|tool\.poetry\.scripts)\s{0,20}\]/;

/** `name = "pkg.mod:func"` under `[project.scripts]`, line by line: no more of TOML is needed. */
export function readProjectScripts(text: string): string[] {
  const found: string[] = [];
  let isInside = false;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s{0,20}\[/.test(line)) isInside = SCRIPTS.test(line);
    const module = isInside ? /=\s{0,20}["']([A-Za-z_][\w.]{0,500})(?::[\w.]{1,500})?["']/.exec(line.slice(0, 2_000))?.[1] : undefined;
    if (module !== undefined) found.push(module);
  }
  return found;
}
