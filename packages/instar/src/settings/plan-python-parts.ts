import { type AgentListing, inside } from "./agent-listing.ts";
import { type Finding, found, notFound, strongest } from "./finding.ts";
import { type InstallAnswer, inFolder, type LanguageParts } from "./plan-node-parts.ts";
import type { Command } from "./settings.ts";

/** A Python agent, or undefined where nothing in the folder is Python's. */
export function planPythonParts(listing: AgentListing, directory: string): LanguageParts | undefined {
  const has = (name: string) => listing.files.has(inside(directory, name));
  const modules = [...listing.files].filter((path) => path.endsWith(".py") && path === inside(directory, path.split("/").at(-1) ?? ""));
  if (!MANIFESTS.some(has) && modules.length === 0) return undefined;
  const install = planInstall(listing, directory);
  const python = install.value === undefined ? "python3" : ".venv/bin/python";
  const installer = has("uv.lock") ? ["uv"] : has("poetry.lock") ? ["poetry"] : [];
  return {
    start: planStart(listing, directory, python),
    install,
    build: notFound("Python needs no build"),
    tests: planTests(listing, directory, python),
    programs: ["python3", ...installer],
  };
}

const MANIFESTS = ["requirements.txt", "pyproject.toml", "uv.lock", "poetry.lock", "setup.py"];

function planInstall(listing: AgentListing, directory: string): Finding<InstallAnswer> {
  const at = (name: string) => inside(directory, name);
  const answer = (line: string, lockfiles: string[]): InstallAnswer => ({
    command: inFolder(directory, line),
    lockfiles: lockfiles.map(at),
    produces: [at(".venv")],
    // A venv writes its own path into its programs: it is made where it stays, and linked.
    share: "link",
  });
  const missing = (program: string) => (listing.programs.has(program) ? undefined : `${program} is not on your PATH`);
  if (listing.files.has(at("uv.lock")))
    return found(answer("uv sync --frozen", ["uv.lock", "pyproject.toml"]), "certain", "uv.lock is uv's lockfile", missing("uv"));
  if (listing.files.has(at("poetry.lock")))
    return found(
      answer("POETRY_VIRTUALENVS_IN_PROJECT=true poetry install --no-interaction", ["poetry.lock", "pyproject.toml"]),
      "certain",
      "poetry.lock is Poetry's lockfile",
      missing("poetry"),
    );
  const lists = REQUIREMENTS.filter((name) => requirementsIn(listing.texts.get(at(name))).length > 0);
  if (lists.length > 0) {
    const unpinned = lists.flatMap((name) => requirementsIn(listing.texts.get(at(name)))).filter((line) => !line.includes("=="));
    const line = `python3 -m venv .venv && .venv/bin/pip install ${lists.map((name) => `-r ${name}`).join(" ")}`;
    return found(
      answer(line, lists),
      "certain",
      `${lists.join(" and ")} names what it needs`,
      unpinned.length > 0 ? "not every requirement is pinned with ==: two installs of one release may differ" : undefined,
    );
  }
  if (/^\s*dependencies\s*=\s*\[\s*[^\]\s]/m.test(listing.texts.get(at("pyproject.toml")) ?? ""))
    return found(
      answer("python3 -m venv .venv && .venv/bin/pip install .", ["pyproject.toml"]),
      "guess",
      "pyproject.toml has dependencies",
      "there is no lockfile: two installs of one release may differ",
    );
  return notFound("no requirements.txt, lockfile or dependencies in pyproject.toml: there is nothing to install");
}

const REQUIREMENTS = ["requirements.txt", "requirements-dev.txt", "requirements-test.txt", "dev-requirements.txt"];

function requirementsIn(text: string | undefined): string[] {
  return (text ?? "")
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "" && !line.startsWith("-"));
}

function planStart(listing: AgentListing, directory: string, python: string): Finding<Command> {
  const nothing: Finding<Command> = notFound("no main.py, app.py, server.py or the like");
  const candidates = START_MODULES.flatMap((name) => {
    const text = listing.texts.get(inside(directory, `${name}.py`));
    return text === undefined ? [] : [planModule(name, text, python)];
  });
  return strongest(nothing, ...candidates);
}

const START_MODULES = ["main", "app", "server", "agent", "bot", "run", "__main__"];

function planModule(name: string, text: string, python: string): Finding<Command> {
  const application = /^(\w+)\s*(?::\s*\w+\s*)?=\s*(FastAPI|Starlette|Flask)\(/m.exec(text);
  const runsItself = /uvicorn\.run\(|\.run\(|__name__\s*==\s*["']__main__["']/.test(text);
  const [, variable = "app", framework] = application ?? [];
  if (framework === undefined || runsItself)
    return found([python, `${name}.py`], runsItself ? "likely" : "guess", `${name}.py ${runsItself ? "runs when it is started" : "looks like the beginning"}`);
  const words =
    framework === "Flask"
      ? [python, "-m", "flask", "--app", `${name}:${variable}`, "run", "--port", "{port}"]
      : [python, "-m", "uvicorn", `${name}:${variable}`, "--host", "127.0.0.1", "--port", "{port}"];
  return found(words, "likely", `${name}.py defines a ${framework} application called ${variable}`);
}

function planTests(listing: AgentListing, directory: string, python: string): Finding<Command> {
  const at = (name: string) => inside(directory, name);
  const run = (words: string[]): Command => (directory === "." ? words : inFolder(directory, words.join(" ")));
  const files = [...listing.files].filter(
    (path) => /(?:^|\/)(?:test_[^/]+|[^/]+_test)\.py$/.test(path) && (directory === "." || path.startsWith(`${directory}/`)),
  );
  const [first] = files;
  if (first === undefined) return notFound("there is no test_*.py");
  const declared = [...REQUIREMENTS, "pyproject.toml"].find((name) => /\bpytest\b/.test(listing.texts.get(at(name)) ?? ""));
  if (declared !== undefined) return found(run([python, "-m", "pytest", "-q"]), "certain", `${first} is there, and ${declared} names pytest`);
  const texts = files.map((path) => listing.texts.get(path) ?? "");
  if (texts.some((text) => /\bimport pytest\b|^def test_/m.test(text)) && !texts.some((text) => /\bunittest\b/.test(text)))
    return notFound(`${first} is there, but no requirements file names pytest`, "add pytest to the requirements, so that the tests can run");
  const folder = first.includes("/") ? first.slice(0, first.lastIndexOf("/")).slice(directory === "." ? 0 : directory.length + 1) : "";
  return found(
    run([python, "-m", "unittest", "discover", ...(folder === "" ? [] : ["-s", folder])]),
    "likely",
    `${first} is there and is written for unittest`,
  );
}

/** Programs of a venv are not on the PATH: `gunicorn app:app` in a Procfile means the venv's. */
export function insideVenv(line: string): string {
  return /^[\w.-]+(\s|$)/.test(line) ? line.replace(/^python3?(?=\s|$)/, "python").replace(/^/, ".venv/bin/") : line;
}
