// One table of agents as people write them, and what init finds in each: apart, the rows could not be compared.
import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import type { AgentListing, FoundProgram } from "./agent-listing.ts";
import { planDetection } from "./plan-detection.ts";

const NODE = { path: "/opt/node/bin/node", version: "22.1.0" };

describe("a Node agent", () => {
  const manifest = {
    name: "@acme/Ana_Bot",
    scripts: { start: "node server.js --quiet", build: "tsc", test: "vitest run" },
    dependencies: { hono: "4" },
    engines: { node: ">=20" },
  };
  const files = { "package.json": JSON.stringify(manifest), "package-lock.json": "{}", "server.js": "" };

  test("is started by node itself, installed by its lockfile, built and tested by its scripts", () => {
    const found = planDetection(listingOf(files));
    expect(found.name.value).toBe("ana-bot");
    expect(found.start).toMatchObject({ value: ["node", "server.js", "--quiet"], confidence: "certain", evidence: expect.stringContaining("scripts.start") });
    expect(found.install.value).toEqual({
      command: "npm ci --no-audit --no-fund",
      lockfiles: ["package-lock.json"],
      produces: ["node_modules"],
      share: "copy",
    });
    expect(found.build.value).toEqual(["npm", "run", "build"]);
    expect(found.tests.value).toEqual(["npm", "run", "test"]);
    expect(found.path.value).toEqual(["/opt/node/bin", "/usr/bin", "/usr/local/bin", "/bin"]);
  });

  test.each([
    ["pnpm-lock.yaml", "pnpm install --frozen-lockfile"],
    ["yarn.lock", "yarn install --frozen-lockfile"],
    ["npm-shrinkwrap.json", "npm ci --no-audit --no-fund"],
  ])("with %s is installed by `%s`", (lockfile, command) => {
    const { install, build } = planDetection(listingOf({ "package.json": JSON.stringify(manifest), [lockfile]: "" }));
    expect(install.value).toMatchObject({ command, lockfiles: [lockfile] });
    expect(build.value).toEqual([command.split(" ")[0], "run", "build"]);
  });

  test("with a newer yarn is installed immutably", () => {
    expect(planDetection(listingOf({ "package.json": JSON.stringify(manifest), "yarn.lock": "", ".yarnrc.yml": "" })).install.value?.command).toBe(
      "yarn install --immutable",
    );
  });

  test("without a lockfile is a guess with a warning, and without dependencies is not installed", () => {
    expect(planDetection(listingOf({ "package.json": JSON.stringify(manifest) })).install).toMatchObject({
      confidence: "guess",
      warning: expect.stringContaining("no lockfile"),
    });
    expect(planDetection(listingOf({ "package.json": '{"scripts":{"start":"node a.js"}}', "package-lock.json": "{}" })).install).toMatchObject({
      confidence: "none",
    });
  });

  test.each(['echo "Error: no test specified" && exit 1', "exit 0", "true", "echo later"])("whose test script is `%s` has no tests", (script) => {
    const { tests } = planDetection(listingOf({ "package.json": JSON.stringify({ scripts: { test: script } }) }));
    expect(tests).toMatchObject({ value: undefined, confidence: "none", evidence: expect.stringContaining("tests nothing") });
  });

  test.each(["NODE_ENV=production node a.js", "tsc && node a.js", "next start", "node $ENTRY", "node 'a b.js'"])(
    "whose start script is `%s` is started through npm",
    (script) => {
      expect(planDetection(listingOf({ "package.json": JSON.stringify({ scripts: { start: script } }) })).start.value).toEqual(["npm", "start"]);
    },
  );

  test("whose start script loads .env itself leaves that to Instar", () => {
    const found = planDetection(listingOf({ "package.json": '{"scripts":{"start":"node --env-file=prod.env server.js"}}', "prod.env": "A=1" }));
    expect(found.start.value).toEqual(["node", "server.js"]);
    expect(found.environmentFile.value).toBe("prod.env");
  });

  test("without a start script begins at main, or else at a usual file, and that is said", () => {
    expect(planDetection(listingOf({ "package.json": '{"main":"./lib/a.js"}', "lib/a.js": "" })).start).toMatchObject({
      value: ["node", "lib/a.js"],
      confidence: "likely",
    });
    expect(planDetection(listingOf({ "package.json": "{}", "src/index.js": "" })).start).toMatchObject({
      value: ["node", "src/index.js"],
      confidence: "guess",
    });
    expect(planDetection(listingOf({ "package.json": '{"main":"gone.js"}' })).start.confidence).toBe("none");
  });

  test("that wants another Node than the one that is there is told so", () => {
    const { path } = planDetection(listingOf({ ...files, "package.json": JSON.stringify({ ...manifest, engines: { node: ">=24" } }) }));
    expect(path).toMatchObject({ confidence: "guess", warning: expect.stringContaining(">=24") });
  });

  test("without a Node on the operator's PATH is told so", () => {
    expect(planDetection({ ...listingOf(files), programs: new Map() }).path).toMatchObject({
      value: undefined,
      warning: expect.stringContaining("install node"),
    });
  });

  test("with a broken package.json is not one, and nothing fails", () => {
    expect(planDetection(listingOf({ "package.json": "{" })).start.confidence).toBe("none");
    expect(planDetection(listingOf({ "package.json": '{"scripts":[1],"dependencies":"x","workspaces":7}' })).start.confidence).toBe("none");
  });
});

describe("a monorepo", () => {
  const files = {
    "package.json": '{"name":"all","workspaces":["packages/*","!packages/old"]}',
    "package-lock.json": "{}",
    "packages/lib/package.json": '{"name":"lib"}',
    "packages/old/package.json": '{"scripts":{"start":"node x.js"}}',
    "packages/agent/package.json": '{"name":"ana","scripts":{"start":"node main.js","test":"node --test"}}',
    "packages/agent/main.js": "listen(process.env.PORT || 4100)",
    "packages/lib/server.js": "app.listen(9999)",
  };

  test("has its agent in the workspace that can be started, and is installed at its root", () => {
    const found = planDetection(listingOf(files));
    expect(found.directory).toMatchObject({ value: "packages/agent", confidence: "likely" });
    expect(found.install.value).toMatchObject({ command: "npm ci --no-audit --no-fund", lockfiles: ["package-lock.json"], produces: ["node_modules"] });
    expect(found.tests.value).toBe("cd packages/agent && npm run test");
    expect(found.port.value).toMatchObject({ port: "given", usual: 4100 });
    expect(found.name.value).toBe("ana");
  });

  test("asked about in a folder below has its agent there", () => {
    const found = planDetection({
      ...listingOf({ ...files, "packages/agent/data/x": "", "packages/agent/.env": "A=1" }),
      asked: "packages/agent",
      tracked: new Set(),
    });
    expect(found.directory).toMatchObject({ value: "packages/agent", confidence: "certain" });
    expect(found.install.value?.lockfiles).toEqual(["package-lock.json"]);
    expect(found.state.value?.directory).toBe("data");
    expect(found.environmentFile.value).toBe(".env");
  });

  test("of pnpm has a node_modules in each workspace that needs one", () => {
    const found = planDetection(
      listingOf({
        "package.json": "{}",
        "pnpm-workspace.yaml": "packages: ['apps/*']",
        "pnpm-lock.yaml": "",
        "apps/bot/package.json": '{"scripts":{"start":"node a.js"},"dependencies":{"x":"1"}}',
      }),
    );
    expect(found.install.value).toMatchObject({ command: "pnpm install --frozen-lockfile", produces: ["node_modules", "apps/bot/node_modules"] });
  });

  test("with two that can be started says which was taken", () => {
    const found = planDetection(listingOf({ ...files, "packages/web/package.json": '{"scripts":{"start":"node w.js"}}' }));
    expect(found.directory).toMatchObject({ value: "packages/agent", confidence: "guess", warning: expect.stringContaining("packages/web") });
  });
});

describe("a Python agent", () => {
  test("gets a venv that is made once and linked, and is started and tested by its Python", () => {
    const found = planDetection(
      listingOf({ "requirements.txt": "httpx==1.0\npytest==8.0\n", "main.py": 'if __name__ == "__main__":\n  run()', "tests/test_a.py": "" }),
    );
    expect(found.install.value).toEqual({
      command: "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt",
      lockfiles: ["requirements.txt"],
      produces: [".venv"],
      share: "link",
    });
    expect(found.start.value).toEqual([".venv/bin/python", "main.py"]);
    expect(found.tests.value).toEqual([".venv/bin/python", "-m", "pytest", "-q"]);
  });

  test("of uv is installed by uv, and an unpinned requirement is warned of", () => {
    expect(planDetection(listingOf({ "uv.lock": "", "pyproject.toml": '[project]\nname = "ana"' })).install).toMatchObject({
      value: { command: "uv sync --frozen", share: "link" },
      warning: expect.stringContaining("uv is not"),
    });
    expect(planDetection(listingOf({ "requirements.txt": "httpx\n", "app.py": "" })).install.warning).toMatch(/pinned/);
  });

  test("that only defines an application is started by its server", () => {
    expect(planDetection(listingOf({ "requirements.txt": "fastapi==1\n", "app.py": "api = FastAPI()\n" })).start.value).toEqual([
      ".venv/bin/python",
      "-m",
      "uvicorn",
      "app:api",
      "--host",
      "127.0.0.1",
      "--port",
      "{port}",
    ]);
    expect(planDetection(listingOf({ "requirements.txt": "fastapi==1\n", "app.py": "api = FastAPI()\n" })).port.value?.port).toBe("given");
  });

  test("without requirements needs no venv, and unittest needs nothing", () => {
    const found = planDetection(listingOf({ "agent.py": "while True: pass", "tests/test_a.py": "import unittest" }));
    expect(found.install.confidence).toBe("none");
    expect(found.start.value).toEqual(["python3", "agent.py"]);
    expect(found.tests.value).toEqual(["python3", "-m", "unittest", "discover", "-s", "tests"]);
  });

  test("with tests for a pytest that nobody installs is told so", () => {
    expect(planDetection(listingOf({ "agent.py": "", "test_a.py": "import pytest" })).tests).toMatchObject({
      confidence: "none",
      warning: expect.stringContaining("add pytest"),
    });
  });

  test("with a Procfile is started as that says, from its venv", () => {
    const found = planDetection(
      listingOf({
        "requirements.txt": "gunicorn==1\n",
        "app.py": "app = Flask(__name__)",
        Procfile: "worker: python w.py\nweb: gunicorn app:app -b 127.0.0.1:$PORT\n",
      }),
    );
    expect(found.start).toMatchObject({ value: ".venv/bin/gunicorn app:app -b 127.0.0.1:$PORT", warning: expect.stringContaining("worker") });
    expect(found.port.value).toMatchObject({ port: "given", variable: "PORT" });
  });
});

describe("any other agent", () => {
  test("is started as its Dockerfile says, which is a guess", () => {
    expect(planDetection(listingOf({ Dockerfile: 'FROM x\nCMD ["old"]\nENTRYPOINT ["./bot"]\nCMD ["--serve"]\n' })).start).toMatchObject({
      value: ["./bot", "--serve"],
      confidence: "guess",
    });
    expect(planDetection(listingOf({ Dockerfile: "FROM x\nCMD ./bot \\\n  --serve\n" })).start.value).toMatch(/^\.\/bot\s+--serve$/);
  });

  test("in Go is built, tested and started", () => {
    const found = planDetection(listingOf({ "go.mod": "", "main.go": 'http.ListenAndServe(":8088", nil)', "main_test.go": "" }));
    expect([found.build.value, found.tests.value, found.start.value]).toEqual(["go build -o bin/agent .", "go test ./...", ["./bin/agent"]]);
    expect(found.port.value?.port).toBe(8088);
  });

  test("of which nothing is known says so for each question", () => {
    const found = planDetection(listingOf({ README: "" }));
    for (const part of [found.start, found.install, found.build, found.tests, found.port, found.frontPorts, found.environmentFile]) {
      expect(part).toMatchObject({ value: undefined, confidence: "none" });
      expect(part.evidence.length).toBeGreaterThan(10);
    }
  });
});

describe("the port", () => {
  test.each<[string, string, object]>([
    ["JavaScript's default", "app.listen(process.env.PORT || 3000)", { port: "given", variable: "PORT", usual: 3000 }],
    ["a number in quotes", 'const port = Number(process.env.PORT ?? "8123")', { port: "given", variable: "PORT", usual: 8123 }],
    ["parseInt", "parseInt(process.env.AGENT_PORT || '8080', 10)", { port: "given", variable: "AGENT_PORT", usual: 8080 }],
    ["brackets", 'Number(process.env["PORT"]) || 8081', { port: "given", variable: "PORT", usual: 8081 }],
    ["destructuring", "const { PORT = 4000, HOST } = process.env", { port: "given", variable: "PORT", usual: 4000 }],
    ["a variable without a default", "serve({ fetch, port: Number(process.env.PORT) })", { port: "given", variable: "PORT", usual: undefined }],
    ["a fixed port", "createServer(f).listen(3000)", { port: 3000, variable: undefined, usual: 3000 }],
    ["a fixed constant", "const PORT = 3100; app.listen(PORT)", { port: 3100, variable: undefined, usual: 3100 }],
    ["a server without a known port", "createServer(f).listen(config.where)", { port: "given", variable: "PORT", usual: undefined }],
    [
      "a database's port only",
      "new Pool({ host: process.env.DB_HOST, port: process.env.POSTGRES_PORT || 5432 })",
      { port: "none", variable: undefined, usual: undefined },
    ],
    ["no port at all", "setInterval(work, 1000)", { port: "none", variable: undefined, usual: undefined }],
  ])("is found in %s", (_, source, value) => {
    expect(planDetection(listingOf({ "package.json": "{}", "server.js": source })).port.value).toEqual(value);
  });

  test.each<[string, string, object]>([
    ["environ.get", 'port = int(os.environ.get("PORT", 8000))', { port: "given", variable: "PORT", usual: 8000 }],
    ["getenv with or", 'port = int(os.getenv("PORT") or "8001")', { port: "given", variable: "PORT", usual: 8001 }],
    ["environ[...]", 'port = int(os.environ["PORT"])', { port: "given", variable: "PORT", usual: undefined }],
    ["a fixed address", 'HTTPServer(("127.0.0.1", 8002), H)', { port: 8002, variable: undefined, usual: 8002 }],
    ["a fixed argument", "uvicorn.run(app, port=8003)", { port: 8003, variable: undefined, usual: 8003 }],
  ])("is found in Python's %s", (_, source, value) => {
    expect(planDetection(listingOf({ "main.py": source })).port.value).toEqual(value);
  });

  test("of .env wins over the default in the source, and tests do not count", () => {
    const found = planDetection(
      listingOf({
        "package.json": "{}",
        "server.js": "listen(process.env.PORT || 3000)",
        "test/a.js": "listen(process.env.PORT || 1234)",
        ".env": "SECRET=hunter2\nPORT=5005\n",
      }),
    );
    expect(found.port.value?.usual).toBe(5005);
    expect(found.frontPorts.value?.[0]).toBe(5005);
    expect(found.environmentFile).toMatchObject({ value: ".env" });
    expect(JSON.stringify(found)).not.toContain("hunter2");
  });

  test("that is fixed leaves the front another one", () => {
    expect(planDetection(listingOf({ "package.json": "{}", "server.js": "listen(8080)" })).frontPorts.value).not.toContain(8080);
  });
});

describe("health", () => {
  test("is the path that the sources know, the plainest first", () => {
    expect(planDetection(listingOf({ "package.json": "{}", "a.js": 'listen(3000); if (url === "/health") x; get("/healthz")' })).health.value).toEqual({
      http: { path: "/healthz" },
    });
    expect(planDetection(listingOf({ "main.py": 'port=8000\n@app.get("/readyz")' })).health.value).toEqual({ http: { path: "/readyz" } });
  });

  test("is / only as a guess, and nothing where nothing answers", () => {
    expect(planDetection(listingOf({ "package.json": "{}", "a.js": 'app.get("/", x); app.listen(3000)' })).health).toMatchObject({
      value: { http: { path: "/" } },
      confidence: "guess",
    });
    expect(planDetection(listingOf({ "package.json": "{}", "a.js": "app.listen(3000)" })).health).toMatchObject({
      confidence: "none",
      warning: expect.stringContaining("/healthz"),
    });
  });

  test("of an agent without a port is a line that it writes", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a piece of the agent's source
    const source = "console.log(`agent (v2) ready as ${name}`)";
    expect(planDetection(listingOf({ "package.json": "{}", "a.js": source })).health.value).toEqual({ log: { ready: "agent \\(v2\\) ready as" } });
  });
});

describe("state", () => {
  test("is the folder that a variable names, wherever it is", () => {
    const files = { "package.json": "{}", "a.js": 'const dir = process.env.DATA_DIR ?? "./store"' };
    expect(planDetection(listingOf(files)).state).toMatchObject({
      value: { kind: "exclusive", directory: "store", variable: "DATA_DIR" },
      evidence: expect.stringContaining("first start"),
    });
    expect(planDetection(listingOf({ ...files, ".env": "DATA_DIR=/srv/ana\n" })).state.value?.directory).toBe("/srv/ana");
    expect(planDetection(listingOf({ "main.py": 'os.environ.get("BOT_STATE_DIR", "state")', "state/x": "" })).state.value).toEqual({
      kind: "exclusive",
      directory: "state",
      variable: "BOT_STATE_DIR",
    });
  });

  test("is a data folder that is not code, with its owner; without a variable that is warned of", () => {
    const listing = { ...listingOf({ "package.json": "{}", "data/x": "" }), owners: new Map([["data", "ana (uid 1000)"]]) };
    expect(planDetection(listing).state).toMatchObject({
      value: { kind: "exclusive", directory: "data" },
      evidence: expect.stringContaining("owned by ana (uid 1000)"),
      warning: expect.stringContaining("state.variable"),
    });
  });

  test("is not a data folder under version control, unless it only holds a marker", () => {
    const files = { "package.json": "{}", "data/cities.json": "", "data/.gitkeep": "" };
    expect(planDetection({ ...listingOf(files), tracked: new Set(["data/cities.json"]) }).state.value?.kind).toBe("none");
    expect(planDetection({ ...listingOf(files), tracked: new Set(["data/.gitkeep"]) }).state.value?.directory).toBe("data");
  });

  test("beside the code is warned of, elsewhere is external, and none is a guess", () => {
    expect(planDetection(listingOf({ "package.json": "{}", "agent.db": "" })).state.warning).toMatch(/NOT backed up/);
    expect(planDetection(listingOf({ "package.json": "{}", ".env": "DATABASE_URL=postgres://u:hunter2@h/d\n" })).state.value).toEqual({ kind: "external" });
    expect(planDetection(listingOf({ "package.json": "{}" })).state).toMatchObject({
      value: { kind: "none" },
      confidence: "guess",
      warning: expect.stringContaining("not backed up"),
    });
  });
});

describe("the source", () => {
  const withRemote = (remote: string) =>
    planDetection({ ...listingOf({}), git: { kind: "repository", remote, remoteBranch: "trunk", branch: "topic" } }).source;

  test("is the remote and its main branch", () => {
    expect(withRemote("git@example.org:a/b.git")).toMatchObject({ value: { git: "git@example.org:a/b.git", branch: "trunk" }, confidence: "certain" });
  });

  test("never carries a password, and never is an option", () => {
    expect(withRemote("https://ana:hunter2@example.org/a.git")).toMatchObject({
      value: { git: "https://example.org/a.git" },
      warning: expect.stringContaining("password"),
    });
    expect(withRemote("--upload-pack=evil")).toMatchObject({ value: undefined, confidence: "none" });
  });

  test("without a remote is the folder itself, and without git is missing", () => {
    expect(planDetection({ ...listingOf({}), git: { kind: "repository", remote: undefined, remoteBranch: undefined, branch: "dev" } }).source.value).toEqual({
      git: "/srv/ana",
      branch: "dev",
    });
    expect(planDetection(listingOf({})).source).toMatchObject({ value: undefined, evidence: "not a repository" });
  });
});

test("evidence cannot steer the operator's terminal", () => {
  const { start } = planDetection(listingOf({ "package.json": JSON.stringify({ scripts: { start: "node a.js \u001b[2J\nNext: rm -rf /" } }) }));
  expect(start.evidence).not.toMatch(/\p{Cc}/u);
});

function listingOf(texts: Record<string, string>): AgentListing {
  const folders = new Set<string>();
  for (const path of Object.keys(texts)) for (let folder = posix.dirname(path); folder !== "."; folder = posix.dirname(folder)) folders.add(folder);
  return {
    root: "/srv/ana",
    asked: ".",
    files: new Set(Object.keys(texts)),
    folders,
    texts: new Map(Object.entries(texts)),
    tracked: undefined,
    owners: new Map(),
    git: { kind: "none", because: "not a repository" },
    programs: new Map<string, FoundProgram>([
      ["node", NODE],
      ["npm", { path: "/usr/bin/npm", version: undefined }],
      ["python3", { path: "/usr/bin/python3", version: "3.12.1" }],
    ]),
  };
}
