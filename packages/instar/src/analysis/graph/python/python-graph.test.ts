import { describe, expect, it } from "vitest";
import { checkImports } from "../../checks/check-imports.ts";
import { isTestPath } from "../../touches/is-test-path.ts";
import { buildGraph } from "../build-graph.ts";
import { planBlastRadius } from "../plan-blast-radius.ts";
import { edgesOf, graphOf, needsOf, type Planted, plantTree } from "../plant-tree.testing.ts";

const A = "x = 1\n";

describe("an import of Python leads to", () => {
  for (const [name, from, text, files, needs] of [
    ["a module beside a script", "main.py", "import b", { "b.py": A }, ["b.py"]],
    ["a module beside a script in a folder", "jobs/run.py", "import b", { "jobs/b.py": A }, ["jobs/b.py"]],
    ["a module from the root", "jobs/deep/run.py", "import app.b", { "app/b.py": A }, ["app/b.py"]],
    ["a module from src", "tests/test_b.py", "import app.b", { "src/app/b.py": A }, ["src/app/b.py"]],
    ["a module in the agent's folder", "agent/app/routers/a.py", "from app.core import b", { "agent/app/core/b.py": A }, ["agent/app/core/b.py"]],
    [
      "a package and every package around it",
      "main.py",
      "import a.b.c",
      { "a/__init__.py": A, "a/b/__init__.py": A, "a/b/c.py": A },
      ["a/__init__.py", "a/b/__init__.py", "a/b/c.py"],
    ],
    ["a module and a package of the same name", "main.py", "import b", { "b.py": A, "b/__init__.py": A }, ["b.py", "b/__init__.py"]],
    ["a module and its stubs", "main.py", "import b", { "b.py": A, "b.pyi": A }, ["b.py", "b.pyi"]],
    ["what is taken where it is a module, with its package", "main.py", "from a import b", { "a/__init__.py": A, "a/b.py": A }, ["a/__init__.py", "a/b.py"]],
    ["the package alone where what is taken is no module", "main.py", "from a import b", { "a/__init__.py": "b = 1" }, ["a/__init__.py"]],
    ["a module of a package without __init__.py", "main.py", "from a.b import c", { "a/b/c.py": A }, ["a/b/c.py"]],
    ["nothing of a package without __init__.py", "main.py", "import a", { "a/b.py": A }, []],
    ["a module beside it", "a/x.py", "from . import b", { "a/b.py": A }, ["a/b.py"]],
    ["a module beside it, with its package", "a/x.py", "from .b import c", { "a/__init__.py": A, "a/b.py": A }, ["a/__init__.py", "a/b.py"]],
    ["a module above", "a/b/x.py", "from ..c import d", { "a/c/d.py": A, "a/c/__init__.py": A }, ["a/c/__init__.py", "a/c/d.py"]],
    ["its own package from __init__.py", "a/__init__.py", "from .b import c", { "a/b.py": A }, ["a/b.py"]],
    [
      "the modules of a package that a star takes",
      "main.py",
      "from a import *",
      { "a/__init__.py": A, "a/b.py": A, "a/c/__init__.py": A, "a/c/d.py": A },
      ["a/__init__.py", "a/b.py", "a/c/__init__.py"],
    ],
    ["another project's package", "one/x.py", "import lib.b", { "two/pyproject.toml": "", "two/src/lib/b.py": A }, ["two/src/lib/b.py"]],
    ["a project's package rather than any folder's", "one/x.py", "import lib", { "two/setup.py": A, "two/lib.py": A, "three/lib.py": A }, ["two/lib.py"]],
    ["any folder's, where only it has the name", "tests/test_b.py", "import helpers", { "scripts/helpers.py": A }, ["scripts/helpers.py"]],
    ["the nearest with all of the name", "tests/app/test_b.py", "import app.main", { "tests/app/__init__.py": A, "app/main.py": A }, ["app/main.py"]],
    ["each that has all of the name", "svc/main.py", "import config", { "svc/config.py": A, "config.py": A }, ["config.py", "svc/config.py"]],
    [
      "what a pattern fits",
      "main.py",
      'import_module(f"app.plugins.{x}")',
      { "app/plugins/b.py": A, "app/plugins/c/__init__.py": A, "app/d.py": A },
      ["app/plugins/b.py", "app/plugins/c/__init__.py"],
    ],
    ["what a pattern beside it fits", "app/x.py", 'import_module(f".{x}", __package__)', { "app/b.py": A, "c.py": A }, ["app/b.py"]],
    ["what a server is told", "main.py", 'uvicorn.run("app.api:app")', { "app/api.py": A, "app/__init__.py": A }, ["app/__init__.py", "app/api.py"]],
    ["what a mock changes", "tests/test_b.py", 'patch("app.store.Store.load")', { "app/store.py": A }, ["app/store.py"]],
    ["a program that is started by its path", "main.py", 'run(["python", "jobs/b.py"])', { "jobs/b.py": A }, ["jobs/b.py"]],
    ["a program of another language", "main.py", 'run(["node", "jobs/b.js"])', { "jobs/b.js": "" }, ["jobs/b.js"]],
    ["a prompt that it reads", "app/x.py", 'Path("prompts") / "system.md"', { "prompts/system.md": "" }, ["prompts/system.md"]],
    ["a file behind a link", "main.py", "import b", { "b.py": { link: "real/c.py" }, "real/c.py": A }, ["b.py", "real/c.py"]],
    ["a file behind a linked folder", "main.py", "import b.c", { b: { link: "real" }, "real/c.py": A }, ["b", "real/c.py"]],
    ["nothing standard that lies in the same package", "app/x.py", "import logging", { "app/__init__.py": A, "app/logging.py": A }, []],
    [
      "the conftest.py of every folder above a test",
      "tests/unit/test_a.py",
      "",
      { "conftest.py": A, "tests/conftest.py": A, "tests/unit/conftest.py": A, "other/conftest.py": A },
      ["conftest.py", "tests/conftest.py", "tests/unit/conftest.py"],
    ],
    ["no conftest.py where it is no test", "app/a.py", "", { "conftest.py": A }, []],
    ["a module named in a program without an ending", "bin/run", "#!/usr/bin/env python3\nimport b", { "bin/b.py": A }, ["bin/b.py"]],
    ["a module with a line feed in its folder's name", "li\nne/main.py", "import b", { "li\nne/b.py": A }, ["li\nne/b.py"]],
    [
      "a module with an inherited name",
      "main.py",
      "import __proto__, constructor.toString",
      { "__proto__.py": A, "constructor/toString.py": A },
      ["__proto__.py", "constructor/toString.py"],
    ],
  ] as const satisfies readonly (readonly [string, string, string, Planted, readonly string[]])[])
    it(name, async () => {
      const graph = await graphOf({ [from]: text, ...files });
      expect(needsOf(graph, from)).toEqual(needs);
      expect(graph.unresolved).toEqual([]);
    });

  it("a module of Python from a program of JavaScript that starts it", async () =>
    expect(edgesOf(await graphOf({ "a.js": 'spawn("python", ["jobs/b.py"])', "jobs/b.py": A }))).toEqual(["a.js → jobs/b.py"]));
});

describe("what leads out of the tree", () => {
  for (const [name, text, files, externals] of [
    ["is told by its first name", "import fastapi.routing\nfrom redis.asyncio import Redis", {}, ["python:fastapi", "python:redis"]],
    ["is the standard library", "import os.path, json", {}, ["python:json", "python:os"]],
    ["is an installed package that a folder of no modules is called like", "import redis", { "redis/redis.conf": "" }, ["python:redis"]],
    [
      "is an installed package that a folder of other scripts is called like",
      "from alembic import op",
      { "alembic/env.py": "from alembic import context" },
      ["python:alembic"],
    ],
    ["may be what a module beside it hides", "import redis", { "a/__init__.py": A, "a/redis.py": A, "a/x.py": "import redis" }, ["python:redis"]],
    ["may be what only a folder far away has", "import redis", { "vendor/redis.py": A }, ["python:redis"]],
  ] as const satisfies readonly (readonly [string, string, Planted, readonly string[]])[])
    it(name, async () => {
      const { externals: found, unresolved } = await graphOf({ "main.py": text, ...files });
      expect([...found.keys()].sort()).toEqual(externals);
      expect(unresolved).toEqual([]);
    });

  it("is never undeclared: no package.json names what Python installs", async () => {
    const after = await graphOf({ "main.py": "import redis, os", "a.js": 'import "left-pad"' });
    const { findings } = checkImports({ before: null, after, declared: [], renames: new Map() });
    expect(findings.first.map(({ message }) => message)).toEqual(['"left-pad" is in no package.json: whether it is there is chance']);
  });
});

describe("what should be there and is not is unresolved:", () => {
  for (const [name, from, text, files, missing] of [
    ["a module of a package", "main.py", "import app.gone", { "app/__init__.py": A }, ["app.gone"]],
    ["a module that something is taken from, once", "main.py", "from app.gone import a, b", { "app/__init__.py": A }, ["app.gone"]],
    [
      "a module of a folder that others take modules from",
      "main.py",
      "import app.b\nfrom app.gone import c\nfrom app import lost",
      { "app/b.py": A },
      ["app.gone", "app.lost"],
    ],
    ["a module beside it", "app/x.py", "from .gone import a\nfrom . import lost", {}, [".gone", ".lost"]],
    ["a relative import out of the tree", "app/x.py", "from ... import a\nfrom ...b import c\nfrom .. import y", { "y.py": A }, ["...", "...b"]],
    ["what a module can live without, as such", "app/x.py", "try:\n  from .gone import a\nexcept ImportError: pass", {}, [".gone?"]],
  ] as const satisfies readonly (readonly [string, string, string, Planted, readonly string[]])[])
    it(name, async () => {
      const { unresolved } = await graphOf({ [from]: text, ...files });
      expect(unresolved.map(({ specifier, isOptional }) => `${specifier}${isOptional ? "?" : ""}`)).toEqual(missing);
    });
});

describe("bad input is in the graph as what it is:", () => {
  it("cyclic imports", async () => expect(edgesOf(await graphOf({ "a.py": "import b", "b.py": "from a import c" }))).toEqual(["a.py → b.py", "b.py → a.py"]));

  it("files that do not parse, are not UTF-8 or too large", async () => {
    const { graph } = await buildGraph(
      plantTree({
        "broken.py": "def (",
        "latin.py": Buffer.from("# caf\xe9", "latin1"),
        "big.py": `x = "${"y".repeat(10_000_000)}"`,
        "deep.py": "(".repeat(100_000),
      }),
    );
    expect(graph.unreadable.map(({ id, because }) => [graph.paths[id], because])).toEqual([
      ["big.py", "it is too large to be read"],
      ["broken.py", "it could not be parsed"],
      ["deep.py", "it could not be parsed"],
      ["latin.py", "it is not UTF-8"],
    ]);
  });

  it("links out of the tree and in a circle", async () => {
    const graph = await graphOf({
      "main.py": "import out, one\nfrom up import outside",
      "out.py": { link: "../outside.py" },
      "one.py": { link: "one.py" },
      up: { link: ".." },
    });
    expect(edgesOf(graph)).toEqual([]);
  });

  it("a thousand folders deep", async () => {
    const deep = "a/".repeat(1_000);
    const graph = await graphOf({ [`${deep}x.py`]: `import a${".a".repeat(400)}\nfrom ${".".repeat(400)} import y`, "y.py": A });
    expect(needsOf(graph, `${deep}x.py`)).toEqual([]);
  });
});

/** An agent as FastAPI's own guide lays it out. */
const AGENT: Planted = {
  "pyproject.toml": "[project]\nname = 'agent'\n",
  "app/__init__.py": "",
  "app/main.py": "from fastapi import FastAPI\nfrom .routers import chat, health\nfrom app.core.config import settings\napp = FastAPI()\n",
  "app/core/__init__.py": "",
  "app/core/config.py": "from pydantic_settings import BaseSettings\nsettings = BaseSettings()\n",
  "app/routers/__init__.py": "",
  "app/routers/chat.py": "from ..services.llm import complete\nfrom app.core.config import settings\n",
  "app/routers/health.py": "from fastapi import APIRouter\n",
  "app/services/__init__.py": "",
  "app/services/llm.py": 'import httpx\nPROMPT = open("prompts/system.md").read()\n',
  "prompts/system.md": "",
  "tests/conftest.py": "import pytest\nfrom app.main import app\n",
  "tests/test_chat.py": "def test_chat(client): ...\n",
  "tests/test_llm.py": "from app.services import llm\n",
  "scripts/seed.py": "import sys\n",
};

describe("the reach of a change to an agent in Python", () => {
  const radiusOf = async (...paths: string[]) => {
    const after = await graphOf(AGENT);
    const edits = paths.map((path) => ({ path, status: "modified" as const }));
    return planBlastRadius({ before: null, after, edits, entryPoints: ["app/main.py"], isTest: isTestPath, isHarmless: () => false });
  };
  for (const [name, path, directly, indirectly, isStartReached] of [
    [
      "goes from a service to its router, the start and the tests",
      "app/services/llm.py",
      ["app/routers/chat.py", "app/services/llm.py", "tests/test_llm.py"],
      ["app/main.py", "tests/conftest.py", "tests/test_chat.py", "tests/test_llm.py"],
      true,
    ],
    [
      "goes from a prompt to who reads it",
      "prompts/system.md",
      ["app/services/llm.py"],
      ["app/main.py", "app/routers/chat.py", "tests/conftest.py", "tests/test_chat.py", "tests/test_llm.py"],
      true,
    ],
    ["goes from fixtures to the tests below", "tests/conftest.py", ["tests/conftest.py", "tests/test_chat.py", "tests/test_llm.py"], [], false],
    ["ends at once for a script that nobody needs", "scripts/seed.py", ["scripts/seed.py"], [], false],
  ] as const)
    it(name, async () => {
      const radius = await radiusOf(path);
      expect(radius.isEverything).toBe(false);
      expect(radius.directly).toEqual(directly);
      expect(radius.indirectly).toEqual(indirectly.filter((each) => !(directly as readonly string[]).includes(each)));
      expect(radius.entryPoints).toEqual(isStartReached ? ["app/main.py"] : []);
    });

  it("has nothing that leads nowhere", async () => expect((await graphOf(AGENT)).unresolved).toEqual([]));
});
