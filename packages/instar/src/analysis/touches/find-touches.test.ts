// One table a kind, of what is recognised and of what is not: it is the list of what this room promises, and stands together.
import { describe, expect, test } from "vitest";
import type { Edit } from "../edit.ts";
import { added, changed, deleted, type Expectation, expectTouches, FACTS, renamed, unread } from "./describe-edits.testing.ts";
import { findTouches } from "./find-touches.ts";
import { isDocumentPath } from "./is-document-path.ts";
import { isTestPath } from "./is-test-path.ts";

const json = (value: unknown) => JSON.stringify(value, null, 2);
const manifest = (before: object, after: object) => changed("package.json", json({ name: "agent", ...before }), json({ name: "agent", ...after }));
const scripts = (before: Record<string, string>, after: Record<string, string>) => manifest({ scripts: before }, { scripts: after });
const code = (before: string, after: string) => changed("src/thing.ts", before, after);
const settings = (before: string, after: string) => changed("instar.yaml", before, after);
const workflow = (before: string, after: string) => changed(".github/workflows/ci.yml", before, after);

type Row = [string, Edit, Expectation[]];

describe("what makes tests count", () => {
  test.each<Row>([
    [
      "a threshold that is lowered is seen",
      changed("vitest.config.ts", "export default { coverage: { branches: 90 } };", "export default { coverage: { branches: 10 } };"),
      ["test-settings! branches is lowered from 90 to 10"],
    ],
    [
      "a threshold that is raised weakens nothing",
      changed("vitest.config.ts", "export default { coverage: { branches: 10 } };", "export default { coverage: { branches: 90 } };"),
      ["test-settings settings of the tests", "-!test-settings"],
    ],
    [
      "a threshold that is gone is seen",
      changed(".nycrc.json", '{\n"lines": 80,\n"all": true\n}', '{\n"all": true\n}'),
      ["test-settings! the threshold lines of 80 is gone"],
    ],
    [
      "files taken out of the tests are seen",
      changed("jest.config.js", "module.exports = {};", 'module.exports = {\ntestPathIgnorePatterns: ["hard"],\n};'),
      ["test-settings! taken out"],
    ],
    [
      "passing without tests is seen",
      changed("vitest.config.ts", "export default {\n};", "export default {\npassWithNoTests: true,\n};"),
      ["test-settings! passes without tests"],
    ],
    [
      "retries in the settings are seen",
      changed("playwright.config.ts", "export default {\n};", "export default {\nretries: 5,\n};"),
      ["test-settings! tried again"],
    ],
    [
      "|| true behind the tests is seen",
      scripts({ test: "vitest run" }, { test: "vitest run || true" }),
      ["test-settings! a failure is turned into a success"],
    ],
    [
      "--passWithNoTests in the script is seen",
      scripts({ test: "vitest run" }, { test: "vitest run --passWithNoTests" }),
      ["test-settings! passes without tests"],
    ],
    ["a test script that only speaks is seen", scripts({ test: "vitest run" }, { test: "echo fine" }), ["test-settings! does nothing any more"]],
    ["a test script that is gone is seen", scripts({ test: "vitest run", x: "y" }, { x: "y" }), ["test-settings! scripts.test is gone"]],
    [
      "the script that instar.yaml names as the tests is one, whatever it is called",
      scripts({ judge: "vitest run" }, { judge: "vitest run || exit 0" }),
      ["test-settings! scripts.judge: a failure"],
    ],
    ["another script is none of the tests", scripts({ format: "a" }, { format: "b" }), []],
    [
      "a threshold of jest in package.json is seen",
      manifest({ jest: { coverageThreshold: { global: { lines: 90 } } } }, { jest: { coverageThreshold: { global: { lines: 1 } } } }),
      ["test-settings! the threshold lines is lowered"],
    ],
    [
      "the types' strictness that is turned off is seen",
      changed("tsconfig.json", '{ "compilerOptions": {\n"strict": true\n} }', '{ "compilerOptions": {\n"strict": false\n} }'),
      ["test-settings! a rule of the types is turned off"],
    ],
    [
      "the types' strictness that is simply gone is seen",
      changed("tsconfig.json", '{ "compilerOptions": {\n"strict": true,\n"target": "es2024"\n} }', '{ "compilerOptions": {\n"target": "es2024"\n} }'),
      ["test-settings! a rule that was on is gone"],
    ],
    [
      "a rule of the linter that is turned off is seen",
      changed(".eslintrc.json", '{ "rules": {\n"no-eval": "error"\n} }', '{ "rules": {\n"no-eval": "off"\n} }'),
      ["test-settings! turned off"],
    ],
    ["pytest's settings are seen", changed("pytest.ini", "[pytest]\naddopts = -q", "[pytest]\naddopts = -q --ignore=tests/hard"), ["test-settings! taken out"]],
    [
      "pytest's settings in pyproject.toml are seen",
      changed("pyproject.toml", "[tool.coverage.report]\nfail_under = 90", "[tool.coverage.report]\nfail_under = 20"),
      ["test-settings! fail_under is lowered from 90 to 20"],
    ],
    ["a comment that hushes the types is seen in any file", code("run();", "// @ts-ignore\nrun();"), ["test-settings! look away: @ts-ignore"]],
    ["a comment that hushes the linter is seen", code("run();", "run(); // eslint-disable-line"), ["test-settings! look away: eslint-disable"]],
    ["a comment that hushes coverage is seen", code("run();", "/* istanbul ignore next */\nrun();"), ["test-settings! istanbul ignore"]],
    ["noqa in Python is seen", changed("agent/a.py", "import os\n", "import os  # noqa\n"), ["test-settings! look away: noqa"]],
    ["type: ignore in Python is seen", changed("agent/a.py", "x = f()\n", "x = f()  # type: ignore\n"), ["test-settings! type: ignore"]],
    ["a hushing comment that was there before is not new", code("// @ts-ignore\nrun();\nstop();", "go();\n// @ts-ignore\nrun();"), ["-test-settings"]],
    ["a string that says @ts-ignore hushes nothing", code("", 'log("// @ts-ignore");'), ["-test-settings"]],
    [
      "a package.json that is no JSON is not harmless",
      changed("package.json", "{}", "{"),
      ["test-settings! no JSON object", "runner! no JSON object", "dependencies! no JSON object"],
    ],
    [
      "code that asks whether it is being tested is seen",
      code("go();", "if (process.env.VITEST) cheat(); else go();"),
      ["test-settings! whether it is being tested"],
    ],
    [
      "Python that asks whether it is being tested is seen",
      changed("agent/a.py", "go()\n", 'import sys\nif "pytest" in sys.modules:\n    cheat()\n'),
      ["test-settings! whether it is being tested"],
    ],
    ["a test that asks whether it is being tested is none", changed("a.test.ts", "", "f(process.env.VITEST);"), ["-test-settings"]],
    [
      "a pyproject.toml that was not read is not harmless",
      unread("pyproject.toml"),
      ["test-settings! could not be read", "dependencies! could not be read", "runner! could not be read"],
    ],
  ])("%s", (_, edit, expected) => expectTouches(edit, expected));

  test("the program that runs the tests is theirs", () => {
    expectTouches(changed("scripts/run-tests.js", "run();", "run(); "), ["-test-settings"], FACTS);
    expectTouches(changed("scripts/run-tests.js", "run();", "skip();"), ["test-settings the program that the tests are run by"], {
      ...FACTS,
      testCommand: ["node", "scripts/run-tests.js"],
    });
  });
});

describe("what checks it elsewhere", () => {
  test.each<Row>([
    ["a step that may fail is seen", workflow("jobs:\n  - run: test", "jobs:\n  - run: test\n    continue-on-error: true"), ["ci! no longer counts"]],
    ["a step that never runs is seen", workflow("jobs:\n  - run: test", "jobs:\n  - run: test\n    if: false"), ["ci! never runs"]],
    ["a step that is gone is seen", workflow("steps:\n- uses: a/b\n- run: npm test\n- run: lint", "steps:\n- uses: a/b\n- run: lint"), ["ci! a step is gone"]],
    ["a comment in a workflow does nothing", workflow("a: b", "# continue-on-error: true\na: b"), ["ci what checks it elsewhere", "-!ci"]],
    ["permissions for everything are seen", workflow("a: b", "a: b\npermissions: write-all"), ["ci! may write everywhere", "permissions! may write more"]],
    ["a workflow that is deleted weakens", deleted(".github/workflows/ci.yml", "a: b"), ["ci! is deleted"]],
    [
      "a job of GitLab that may fail is seen",
      changed(".gitlab-ci.yml", "test:\n  script: x", "test:\n  script: x\n  allow_failure: true"),
      ["ci! no longer counts"],
    ],
    ["a hook of git is seen", changed(".husky/pre-commit", "npm test", "exit 0"), ["ci! turned into a success", "ci! a step is gone"]],
    ["a Jenkinsfile is seen", changed("Jenkinsfile", "sh 'a'", "sh 'b'"), ["ci what checks"]],
    ["hooks in package.json are seen", manifest({ husky: { hooks: "x" } }, {}), ["ci! the hooks of husky are fewer"]],
    ["a workflow that was not read is not harmless", unread(".github/workflows/ci.yml"), ["ci! could not be read"]],
    ["a document about workflows is none", changed("docs/workflow.md", "a", "continue-on-error: true"), []],
  ])("%s", (_, edit, expected) => expectTouches(edit, expected));
});

describe("policy", () => {
  test.each<Row>([
    [
      "a larger share of errors is seen",
      settings("watch:\n  errorShare: 0.01", "watch:\n  errorShare: 0.9"),
      ["policy! watch.errorShare is loosened from 0.01 to 0.9"],
    ],
    [
      "a share of errors above what applies by default is seen",
      settings("name: a", "name: a\nwatch: { errorShare: 0.5 }"),
      ["policy! watch.errorShare is loosened from 0.1 to 0.5"],
    ],
    ["a smaller share of errors weakens nothing", settings("watch:\n  errorShare: 0.2", "watch:\n  errorShare: 0.1"), ["policy Instar's settings", "-!policy"]],
    ["a shorter watch is seen, whatever its unit", settings("watch:\n  time: 2h", "watch:\n  time: 90s"), ["policy! watch.time is loosened from 2h to 90s"]],
    ["tests that are gone are seen", settings("tests:\n  command: npm test\nname: a", "name: a"), ["policy! tests.command is gone"]],
    ["tests that are others are seen", settings("tests:\n  command: npm test", "tests:\n  command: 'true'"), ["policy! tests.command is changed"]],
    [
      "going on by itself in more cases is seen",
      settings("updates:\n  automatic: patch", "updates:\n  automatic: major"),
      ["policy! updates.automatic is loosened from patch to major"],
    ],
    [
      "people who are asked less are seen",
      settings("approvals: { for: [critical, high] }", "approvals: { for: [critical] }"),
      ["policy! nobody is asked about high impact"],
    ],
    ["a list of nobody is seen", settings("name: a", "name: a\napprovals: { for: [] }"), ["policy! nobody is asked about critical impact"]],
    ["asking about more weakens nothing", settings("name: a", "name: a\napprovals:\n  for: [critical, high, medium]"), ["-!policy"]],
    [
      "another model that is asked is seen",
      settings("decision:\n  model: { name: a }", "decision:\n  model: { name: b }"),
      ["policy! decision.model.name is changed"],
    ],
    ["going on by itself in fewer cases weakens nothing", settings("updates:\n  automatic: major", "updates:\n  automatic: never"), ["-!policy"]],
    [
      "a check that is turned off is seen",
      settings("name: a", "name: a\nanalysis: { checks: { imports: off } }"),
      ["policy! analysis.checks.imports is loosened"],
    ],
    ["a smoke check that is gone is seen", settings("exchange:\n  smoke:\n    - path: /a", "exchange: {}"), ["policy! exchange.smoke.0.path is gone"]],
    ["another source is seen", settings("source:\n  git: a", "source:\n  git: b"), ["policy! source.git is changed"]],
    [
      "settings under another name are known from outside",
      changed("deploy/agent-settings.yaml", "watch: { requests: 200 }", "watch: { requests: 1 }"),
      ["policy! watch.requests is loosened"],
    ],
    ["settings that cannot be read are not harmless", settings("name: a", "name: [a"), ["policy! cannot be read as settings"]],
    ["settings that were not read are not harmless", unread("instar.yaml"), ["policy! could not be read"]],
    [
      "a rule that forbids and is gone is seen",
      changed("policies/main.cedar", "permit(principal, action, resource);\nforbid(principal, action, resource);", "permit(principal, action, resource);"),
      ["policy! it forbids less"],
    ],
    ["a rule that permits more is seen", changed("policies/main.cedar", "", "permit(principal, action, resource);"), ["policy! it permits more"]],
    ["who must agree is policy", changed(".github/CODEOWNERS", "* @boss", "* @agent"), ["policy! who must agree is changed"]],
    ["another registry is seen", changed(".npmrc", "", "registry=http://elsewhere.example/"), ["policy! packages come from elsewhere"]],
    ["merging by itself is seen", changed("renovate.json", "{\n}", '{\n"automerge": true\n}'), ["policy! it permits more"]],
    ["what says how faults are told is policy", changed("SECURITY.md", "a", "b"), ["policy a policy"]],
  ])("%s", (_, edit, expected) => expectTouches(edit, expected));
});

describe("sign-in", () => {
  test.each<Row>([
    [
      "a guard that no longer stands before a route is seen",
      code('app.post("/admin", requireAuth, handle);', 'app.post("/admin", handle);'),
      ['sign-in! the guard requireAuth of "app.post /admin" is gone'],
    ],
    [
      "a guard that wanders to another route is seen",
      code('app.get("/a", requireAuth, f);\napp.get("/b", g);', 'app.get("/a", f);\napp.get("/b", requireAuth, g);'),
      ['sign-in! "app.get /a" is gone'],
    ],
    [
      "a check inside a handler that is gone is seen",
      code("function handle(req) { if (!isAuthenticated(req)) return; go(); }", "function handle(req) { go(); }"),
      ["sign-in! the guard isAuthenticated of handle is gone"],
    ],
    [
      "a guard that is added weakens nothing",
      code('app.post("/admin", handle);', 'app.post("/admin", requireAuth, handle);'),
      ["sign-in a changed line", "-!sign-in"],
    ],
    ["a guard that becomes a comment is gone", code("requireLogin(req);\ngo();", "// requireLogin(req);\ngo();"), ["sign-in! the guard requireLogin is gone"]],
    [
      "a decorator of Python that is gone is seen",
      changed("agent/views.py", "@login_required\ndef a(r):\n    return 1\n", "def a(r):\n    return 1\n"),
      ["sign-in! the guard login_required"],
    ],
    [
      "a comparison in constant time that is gone is seen",
      code("const same = timingSafeEqual(a, b);", "const same = a === b;"),
      ["sign-in! the guard timingSafeEqual"],
    ],
    [
      "certificates that are not checked are seen",
      code("https.request(url);", "https.request(url, { rejectUnauthorized: false });"),
      ["sign-in! certificates are no longer checked"],
    ],
    ["verify=False in Python is seen", changed("agent/a.py", "get(url)\n", "get(url, verify=False)\n"), ["sign-in! certificates are no longer checked"]],
    ["the variable that turns certificates off is seen", code("", 'process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";'), ["sign-in! reached for"]],
    ["any origin is seen", code("", 'response.setHeader("Access-Control-Allow-Origin", "*");'), ["sign-in! any origin"]],
    ["a check that always says yes is seen", code("const isAdmin = look(user);", "const isAdmin = true;"), ["sign-in! always says yes"]],
    ["a new library of sign-in is seen", code("", 'import jwt from "jsonwebtoken";'), ["sign-in deals with sign-in: jsonwebtoken"]],
    ["a folder of sign-in is seen by its name", changed("src/auth/thing.ts", "a();", "b();"), ["sign-in by its name"]],
    ["an author is not an auth", changed("src/author.ts", "a();", "b(author);"), ["-sign-in"]],
    ["a tokenizer is not a token", changed("src/tokenizer.ts", "a();", "tokenize(text);"), ["-sign-in"]],
    ["a comment about passwords is no sign-in", code("a();", "// the password is checked elsewhere\na();"), ["-sign-in"]],
    ["a log line about certificates does nothing", code("a();", 'a();\nconsole.log("rejectUnauthorized: false");'), ["-!sign-in"]],
    ["a line elsewhere in the file does not count", code("const currentSession = 1;\na();", "const currentSession = 1;\nb();"), ["-sign-in"]],
    [
      "a file of sign-in that was not read is not harmless",
      unread("src/login.ts"),
      ["sign-in! could not be read", "permissions a program that could not be read"],
    ],
    ["a pattern that looks for unchecked certificates does nothing", code("", "const pattern = /rejectUnauthorized: false/;"), ["-!sign-in"]],
  ])("%s", (_, edit, expected) => expectTouches(edit, expected));
});

describe("migrations", () => {
  test.each<Row>([
    ["a migration is seen by its folder", added("db/migrations/001_a.ts", "export {};"), ["migrations a migration"]],
    ["CREATE TABLE in a string is seen", code("", "db.exec(`CREATE TABLE a (id INTEGER)`);"), ["migrations changes the shape", "-!migrations"]],
    ["DROP TABLE in a string is destructive", code("", 'db.exec("DROP TABLE a");'), ["migrations! drops what a database holds"]],
    ["a string of several lines is read as one", code("db.exec(`\nSELECT 1\n`);", "db.exec(`\nALTER TABLE a\n  DROP COLUMN b\n`);"), ["migrations! drops"]],
    ["DELETE without WHERE is destructive", code("", 'db.exec("DELETE FROM users");'), ["migrations! deletes every row"]],
    ["DELETE with WHERE is ordinary", code("", 'db.exec("DELETE FROM users WHERE id = ?");'), ["-migrations"]],
    ["a string that holds DROP TABLE in a README is not a migration", changed("README.md", "a", 'Run `"DROP TABLE a"`.'), []],
    ["a comment that says DROP TABLE is not a migration", code("a();", "// DROP TABLE a\na();"), ["-migrations"]],
    ["a statement that was there before is not new", code('db.exec("DROP TABLE a");\na();', 'db.exec("DROP TABLE a");\nb();'), ["-migrations"]],
    ["SQL in a file of its own is seen", added("db/x.sql", "-- nothing\nTRUNCATE TABLE a;"), ["migrations! drops"]],
    ["a comment in SQL is none", changed("db/x.sql", "SELECT 1;", "SELECT 1;\n-- DROP TABLE a;"), ["-migrations"]],
    ["the version of SQLite's schema is seen", code("", 'db.exec("PRAGMA user_version = 3");'), ["migrations changes the shape"]],
    ["knex is understood", code("", 'await knex.schema.dropTable("a");'), ["migrations! drops"]],
    ["alembic is understood", changed("agent/versions/a.py", "", 'op.drop_column("a", "b")\n'), ["migrations! drops"]],
    [
      "Django's are understood",
      added("app/migrations/0002_x.py", 'from django.db import migrations\noperations = [migrations.RemoveField("a", "b")]\n'),
      ["migrations! drops"],
    ],
    [
      "a column that a Prisma schema loses is destructive",
      changed("prisma/schema.prisma", "model A {\n  id Int\n  name String\n}", "model A {\n  id Int\n}"),
      ["migrations! the schema no longer has name"],
    ],
    ["a test's own table is no migration", changed("src/a.test.ts", "", 'db.exec("DROP TABLE a");'), ["-migrations"]],
    ["a program that does not parse is read by its lines", code("", 'db.exec("DROP TABLE a"); )('), ["migrations! drops"]],
  ])("%s", (_, edit, expected) => expectTouches(edit, expected));
});

describe("what runs the agent", () => {
  test.each<Row>([
    ["the program that the start command names is seen", changed("src/server.js", "a();", "b();"), ["runner the program that the start command runs"]],
    ["a start program that is renamed is not found any more", renamed("src/server.js", "src/main.js", "a();"), ["runner! no longer finds"]],
    ["a start program that is deleted is not found any more", deleted("src/server.js", "a();"), ["runner! no longer finds"]],
    [
      "a start program that becomes a link is seen",
      unread("src/server.js", { status: "type-changed", modeAfter: 0o120000 }),
      ["runner! another kind of file", "permissions! a link"],
    ],
    [
      "a start program that may no longer be executed is seen",
      changed("src/server.js", "a();", "a();", { modeBefore: 0o100755 }),
      ["runner! may no longer be executed"],
    ],
    ["the start script is seen", scripts({ start: "node a" }, { start: "node b" }), ["runner scripts.start is changed"]],
    ["the module type is seen", manifest({}, { type: "module" }), ["runner type is changed"]],
    ["the engines are seen", manifest({ engines: { node: ">=20" } }, { engines: { node: ">=24" } }), ["runner engines.node is changed"]],
    ["a package.json of which only the version changed is no touch", manifest({ version: "1.0.0" }, { version: "1.0.1", description: "new" }), []],
    ["a package.json with its fields in another order is no touch", manifest({ type: "module", bin: "a" }, { bin: "a", type: "module" }), []],
    ["a Dockerfile is seen", changed("deploy/Dockerfile", "FROM a", "FROM b"), ["runner what the agent is run by"]],
    ["a compose file is seen", changed("docker-compose.yml", "a: b", "a: c"), ["runner what the agent is run by"]],
    ["a unit of systemd is seen", changed("deploy/agent.service", "a=b", "a=c"), ["runner what the agent is run by"]],
    ["the version of Node is seen", changed(".nvmrc", "24", "22"), ["runner what the agent is run by"]],
    [
      "the Python that is asked for is seen",
      changed("pyproject.toml", 'requires-python = ">=3.11"', 'requires-python = ">=3.13"'),
      ["runner the Python they ask for"],
    ],
    ["another source file is no runner", changed("src/other.js", "a();", "b();"), []],
  ])("%s", (_, edit, expected) => expectTouches(edit, expected));

  test.each<[string, string[] | string, string, string]>([
    ["from the agent's folder", ["node", "src/main.js"], "packages/agent", "packages/agent/src/main.js"],
    ["without its ending", "node ./src/main", ".", "src/main.js"],
    ["in the release", ["node", "{release}/main.js"], ".", "main.js"],
    ["as a module of Python", "python -m agent.main", ".", "agent/main.py"],
    ["behind an option", ["node", "--import=./hooks.js", "main.js"], ".", "hooks.js"],
    ["in a line of the shell", "cd x && node 'run me.js'; sh go.sh", ".", "go.sh"],
  ])("a start program is known %s", (_, startCommand, agentDirectory, path) => {
    expectTouches(changed(path, "a()", "b()"), ["runner the program that the start command runs"], { ...FACTS, startCommand, agentDirectory });
  });
});

describe("dependencies", () => {
  test.each<Row>([
    ["a new dependency is seen", manifest({}, { dependencies: { left: "1.0.0" } }), ["dependencies dependencies.left is new", "-!dependencies"]],
    [
      "another version is seen",
      manifest({ devDependencies: { left: "1" } }, { devDependencies: { left: "2" } }),
      ["dependencies devDependencies.left is changed"],
    ],
    [
      "a dependency from a git address is seen",
      manifest({ dependencies: { left: "1" } }, { dependencies: { left: "github:x/left" } }),
      ["dependencies! comes from no registry"],
    ],
    ["a script that runs when it is installed is seen", scripts({}, { postinstall: "node x.js" }), ["dependencies! postinstall now runs"]],
    ["prepare is such a script", scripts({}, { prepare: "husky" }), ["dependencies! prepare now runs"]],
    ["overrides are seen", manifest({}, { overrides: { a: "1" } }), ["dependencies overrides.a"]],
    ["a lockfile is seen", changed("package-lock.json", "{}", "{ }"), ["dependencies dependencies"]],
    ["a patch of a package is seen", added("patches/left+1.0.0.patch", "x"), ["dependencies dependencies"]],
    ["requirements are seen", changed("requirements-dev.txt", "a==1", "a==2"), ["dependencies dependencies"]],
    ["a requirement from an address is seen", changed("requirements.txt", "a==1", "a @ git+https://x.example/a"), ["dependencies! no registry"]],
    [
      "dependencies in pyproject.toml are seen",
      changed("pyproject.toml", '[project]\ndependencies = [\n  "a>=1",\n]', '[project]\ndependencies = [\n  "a>=1",\n  "b>=2",\n]'),
      ["dependencies are changed"],
    ],
    ["the version in pyproject.toml is none", changed("pyproject.toml", '[project]\nversion = "1.0.0"', '[project]\nversion = "1.0.1"'), []],
    ["a submodule is seen", unread("parts/x", { modeAfter: 0o160000, modeBefore: 0o160000 }), ["dependencies a submodule"]],
    [
      "a package called __proto__ is a package",
      changed("package.json", "{}", '{ "dependencies": { "__proto__": "1", "constructor": "2" } }'),
      ["dependencies dependencies.__proto__", "dependencies dependencies.constructor"],
    ],
    ["a lockfile that was not read is not harmless", unread("package-lock.json"), ["dependencies! could not be read"]],
  ])("%s", (_, edit, expected) => expectTouches(edit, expected));
});

describe("environment", () => {
  test.each<Row>([
    ["a variable that is read now is named", code("", "const a = process.env.AGENT_KEY;"), ["environment it reads AGENT_KEY"]],
    ["brackets are understood", code("", 'const a = process.env["AGENT_KEY"];'), ["environment it reads AGENT_KEY"]],
    ["taking apart is understood", code("", "const { AGENT_KEY, B: b } = process.env;"), ["environment it reads AGENT_KEY", "environment it reads B "]],
    ["Deno's way is understood", code("", 'Deno.env.get("AGENT_KEY");'), ["environment it reads AGENT_KEY"]],
    ["a name that is worked out is said to be", code("", "const a = process.env[name];"), ["environment the whole environment"]],
    ["a variable that nobody reads any more is named", code("f(process.env.OLD);", "f();"), ["environment no longer reads OLD"]],
    ["a variable that was read before is not new", code("f(process.env.A);", "g(process.env.A);"), ["-environment"]],
    ["a comment reads nothing", code("", "// process.env.AGENT_KEY"), ["-environment"]],
    ["os.environ is understood", changed("agent/a.py", "", 'import os\nkey = os.environ["AGENT_KEY"]\n'), ["environment it reads AGENT_KEY"]],
    ["os.getenv is understood", changed("agent/a.py", "", 'import os\nkey = os.getenv("AGENT_KEY", "x")\n'), ["environment it reads AGENT_KEY"]],
    ["Go is read by its lines", changed("main.go", "", 'key := os.Getenv("AGENT_KEY")'), ["environment it reads AGENT_KEY"]],
    ["the example of an environment is seen", changed(".env.example", "A=1", "A=2"), ["environment the environment's own file"]],
    ["a variable called __proto__ is a variable", code("", "f(process.env.__proto__);"), ["environment it reads __proto__"]],
  ])("%s", (_, edit, expected) => expectTouches(edit, expected));
});

describe("permissions", () => {
  test.each<Row>([
    ["a file that may be executed from now on is seen", changed("run.sh", "a", "a", { modeAfter: 0o100755 }), ["permissions may be executed from now on"]],
    [
      "a power that is imported is named",
      code("", 'import { spawn } from "node:child_process";'),
      ["permissions it imports node:child_process: it can start programs"],
    ],
    ["a power that is required is named", code("", 'const x = require("vm");'), ["permissions run code from text"]],
    ["a power that is imported late is named", code("", 'await import("node:net");'), ["permissions open connections"]],
    ["a module whose name is worked out is said to be", code("", "await import(name);"), ["permissions whose name is worked out"]],
    ["a power that was there before is not new", code('import "child_process";', 'import "node:child_process";'), ["-permissions"]],
    ["a type of a power is none", code("", 'import type { Server } from "node:net";'), ["-permissions"]],
    ["eval is seen", code("", "eval(text);"), ["permissions run code from text"]],
    ["new Function is seen", code("", "const f = new Function(text);"), ["permissions run code from text"]],
    ["a string that says eval( does nothing", code("", 'log("eval(x)");'), ["-permissions"]],
    ["native code is seen", added("lib/x.node", ""), ["permissions native code"]],
    ["subprocess in Python is seen", changed("agent/a.py", "", "import subprocess\n"), ["permissions start programs"]],
    ["os.system in Python is seen", changed("agent/a.py", "import os\n", 'import os\nos.system("x")\n'), ["permissions start programs"]],
    ["pickle in Python is seen", changed("agent/a.py", "", "from pickle import loads\n"), ["permissions run code from data"]],
    ["root in a container is seen", changed("Dockerfile", "FROM a\nUSER node", "FROM a\nUSER root"), ["permissions! more power over the machine"]],
    ["a privileged container is seen", changed("compose.yaml", "services:\n  a: {}", "services:\n  a:\n    privileged: true"), ["permissions! more power"]],
    ["sudo is seen", changed("deploy.sh", "ls", "sudo ls"), ["permissions! another user"]],
    ["a workflow that may write is seen", workflow("a: b", "a: b\npermissions:\n  contents: write"), ["permissions! may write more"]],
    ["more of a browser is seen", changed("manifest.json", "{\n}", '{\n"permissions": [\n"<all_urls>"\n]\n}'), ["permissions! more of a browser"]],
    ["a link is seen", unread("data/here", { status: "added", modeBefore: 0, modeAfter: 0o120000 }), ["permissions a link"]],
    ["a large program that was not read is not harmless", unread("src/huge.js"), ["permissions could not be read"]],
  ])("%s", (_, edit, expected) => expectTouches(edit, expected));
});

test.each([
  "README.md",
  "docs/how.md",
  "LICENSE",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "CODE_OF_CONDUCT.md",
  "SECURITY.md",
  "pkg/README.de.md",
  "docs/a/picture.png",
  "ARCHITECTURE.md",
  "changes/unreleased/added/a-thing.md",
  ".changeset/brave-dogs-run.md",
  ".vscode/settings.json",
  ".gitignore",
])("%j is a document", (path) => expect(isDocumentPath(path)).toBe(true));

test.each([
  "AGENTS.md",
  "SOUL.md",
  "prompts/system.md",
  "skills/a/SKILL.md",
  "docs/prompts/x.md",
  "CLAUDE.md",
  "notes.md",
  "src/readme.ts",
  "docs/build.js",
  "README.js",
  "license.json",
  "memory/a.md",
  "security/auth.ts",
  "README/index.js",
  "",
  "changes/apply.js",
  "architecture.js",
])("%j is no document", (path) => expect(isDocumentPath(path)).toBe(false));

test.each([
  "a.test.ts",
  "a.spec.jsx",
  "src/__tests__/a.js",
  "test/a.js",
  "tests/deep/a.bin",
  "test_a.py",
  "a_test.go",
  "a_test.py",
  "features/a.feature",
  "conftest.py",
  "x/__snapshots__/a.snap",
  "a.snap",
  "spec/a_spec.rb",
  "src/ATest.java",
  "e2e/login.ts",
])("%j is a test", (path) => expect(isTestPath(path)).toBe(true));

test.each(["src/contest.ts", "latest/a.js", "src/testament.py", "attestation.go", "specification.ts", "src/inspect.ts", "src/fastest.js"])(
  "%j is no test",
  (path) => expect(isTestPath(path)).toBe(false),
);

test("a line says where: of the new text, or of the old one for what is gone", () => {
  const touches = findTouches([code("a();\nf(process.env.OLD);", "a();\nb();\nf(process.env.NEW);")], FACTS);
  expect(touches.map(({ because, line }) => [because, line])).toEqual([
    ["it no longer reads OLD", 2],
    ["it reads NEW from the environment", 3],
  ]);
});
