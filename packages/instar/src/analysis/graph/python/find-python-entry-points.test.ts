import { describe, expect, it } from "vitest";
import { findEntryPoints } from "../find-entry-points.ts";
import { graphOf, type Planted } from "../plant-tree.testing.ts";
import { readProjectScripts } from "./find-python-entry-points.ts";

const FILES: Planted = {
  "main.py": "",
  "app/__init__.py": "",
  "app/main.py": "",
  "app/sub/__init__.py": "",
  "app/sub/wsgi.py": "",
  "pkg/__init__.py": "",
  "pkg/__main__.py": "",
  "proj/__init__.py": "",
  "proj/celery.py": "",
  "backend/server.py": "",
  "src/lib/run.py": "",
  "bin/run": "#!/usr/bin/env python3",
  "tests/test_a.py": "",
};

async function entries(start: string | readonly string[], directory = ".", pyproject?: string) {
  const graph = await graphOf(FILES);
  const pyprojects = pyproject === undefined ? [] : [{ path: "pyproject.toml", text: pyproject }];
  return findEntryPoints({ graph, packages: [], pyprojects, start, directory, isTest: (path) => path.includes("test") });
}

describe("an agent in Python begins", () => {
  for (const [name, start, directory, found] of [
    ["with a script", ["python", "-u", "main.py", "--port", "80"], ".", ["main.py"]],
    ["with a script of its folder", "python server.py", "backend", ["backend/server.py"]],
    ["with a script of the release", ["python3", "{release}/main.py"], "backend", ["main.py"]],
    ["with a script in a folder that a line goes to", "cd backend && exec python server.py", ".", ["backend/server.py"]],
    ["with a module, and the packages around it", "python -m app.sub.wsgi", ".", ["app/__init__.py", "app/sub/__init__.py", "app/sub/wsgi.py"]],
    ["with a package", "python -m pkg", ".", ["pkg/__init__.py", "pkg/__main__.py"]],
    ["with what uvicorn serves", "uvicorn app.main:app --host 0.0.0.0", ".", ["app/__init__.py", "app/main.py"]],
    ["with what uvicorn serves from another folder", "uvicorn server:app --app-dir backend", ".", ["backend/server.py"]],
    ["with what gunicorn serves", ["gunicorn", "-w", "4", "app.sub.wsgi:application"], ".", ["app/__init__.py", "app/sub/__init__.py", "app/sub/wsgi.py"]],
    ["with what gunicorn serves by its bare name", "gunicorn main", ".", ["main.py"]],
    ["with what flask is told", "flask --app main run", ".", ["main.py"]],
    ["with what flask is told with a sign", "FLASK_APP=main flask run", ".", ["main.py"]],
    ["with what celery is told", "celery -A proj worker", ".", ["proj/__init__.py", "proj/celery.py"]],
    ["with what fastapi looks for", "fastapi run", ".", ["app/main.py", "main.py"]],
    ["with a module in src", "python -m lib.run", ".", ["src/lib/run.py"]],
    ["with a program without an ending", "./bin/run", ".", ["bin/run"]],
    ["nowhere outside of the tree", ["python", "../../main.py", "/app/main.py", "-m", "os.path", "main.py"], ".", ["main.py"]],
  ] as const)
    it(name, async () => expect(await entries(start, directory)).toEqual(found));

  it("where its project installs a command", async () =>
    expect(
      await entries([], ".", '[project]\nname = "x.y:z"\n[project.scripts]\nrun = "app.main:cli" # why\nother = "lib.run:main"\n[tool.x]\ny = "pkg"'),
    ).toEqual(["app/__init__.py", "app/main.py", "src/lib/run.py"]));

  it("where nobody imports, when nothing says more; a package and its stubs are no beginning", async () =>
    expect(await entries("true")).toEqual([
      "app/main.py",
      "app/sub/wsgi.py",
      "backend/server.py",
      "bin/run",
      "main.py",
      "pkg/__main__.py",
      "proj/celery.py",
      "src/lib/run.py",
    ]));

  it("of a project with a hostile file nowhere", () =>
    expect(
      readProjectScripts(
        `\0[project.scripts\n[[project.scripts]]\n__proto__ = {}\n${"[".repeat(100_000)}\n[project.scripts]\na = "../x"\nb = "${"a.".repeat(100_000)}"`,
      ),
    ).toEqual([]));
});
