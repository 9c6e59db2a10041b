import { describe, expect, test } from "vitest";
import { chooseTag } from "./choose-ref.ts";
import { classifyBump } from "./classify-bump.ts";
import { decidePackage, type PackageQuestion } from "./decide-package.ts";
import type { TreeEntry } from "./find-tree-problem.ts";
import { redactCredentials } from "./git-failure.ts";

const file = (path: string, sizeBytes = 1): TreeEntry => ({ path, mode: 0o644, kind: "file", sizeBytes, object: "0".repeat(40) });
const link = (path: string, target: string): TreeEntry => ({ ...file(path), mode: 0o777, kind: "link", target });
const ask = (more: Partial<PackageQuestion>): string => {
  const decision = decidePackage({ entries: [file("server.js")], startCommand: ["node", "server.js"], agentDirectory: ".", hasBuild: false, ...more });
  return decision.kind === "acceptable" ? "acceptable" : decision.because;
};

describe("whether a package is acceptable", () => {
  test.each<[string | string[], string]>([
    [["node", "server.js"], "acceptable"],
    [["node", "--enable-source-maps", "-r", "./not-here.js", "./server"], "acceptable"],
    [["/opt/node/bin/node", "{release}/server.js"], "acceptable"],
    ["node server.js --port {port}", "acceptable"],
    [["node", "lib"], "acceptable"],
    [["python3", "-u", "main.py"], "acceptable"],
    [["python3", "-m", "agent"], "acceptable"],
    [["./run.sh"], "acceptable"],
    ["cd x && node nothing.js", "acceptable"],
    [["some-program", "nothing.js"], "acceptable"],
    [[".venv/bin/python", "main.py"], "acceptable"],
    [["venv/bin/agent"], "acceptable"],
    [["npm", "start"], "acceptable"],
    ["npm run serve", "acceptable"],
    [["node", "gone.js"], 'the start command runs "gone.js", which the commit does not hold'],
    [["python3", "-W", "ignore", "gone.py"], 'the start command runs "gone.py", which the commit does not hold'],
    [["bin/gone"], 'the start command runs "bin/gone", which the commit does not hold'],
    [["node", "../x.js"], "lies outside the repository"],
    ["npm run gone", 'the npm script "gone", which package.json does not have'],
  ])("a commit without its start script is refused: %j", (startCommand, expected) => {
    const entries = [file("server.js"), file("lib/index.js"), file("main.py"), file("run.sh"), file("package.json")];
    const packageJson = '{"scripts":{"serve":"node server.js"}}';
    expect(ask({ entries, startCommand, packageJson, produces: ["venv"] })).toContain(expected);
  });

  test("a script that the build may make is not missed before the build", () => {
    expect(ask({ startCommand: ["node", "dist/main.js"], hasBuild: true })).toBe("acceptable");
  });

  test("npm start needs a package.json that can be read", () => {
    expect(ask({ startCommand: ["npm", "start"] })).toContain("there is no package.json");
    expect(ask({ startCommand: ["npm", "start"], packageJson: "{" })).toContain("not a JSON object");
  });

  test("the agent's folder is where its script is looked for", () => {
    const entries = [file("packages/agent/server.js")];
    expect(ask({ entries, agentDirectory: "packages/agent/" })).toBe("acceptable");
    expect(ask({ entries, agentDirectory: "." })).toContain("does not hold");
    expect(ask({ entries, agentDirectory: "elsewhere" })).toContain('no folder "elsewhere"');
  });

  test("too many files, too many bytes and nothing at all are refused", () => {
    expect(ask({ limits: { files: 1, sizeBytes: 10 }, entries: [file("server.js"), file("b")] })).toContain("2 files");
    expect(ask({ limits: { files: 9, sizeBytes: 10 }, entries: [file("server.js", 11)] })).toContain("11 bytes");
    expect(ask({ entries: [] })).toContain("no file");
  });

  test("two names that are one on a case-insensitive system are refused, folders and composed letters too", () => {
    expect(ask({ entries: [file("README"), file("Readme"), file("server.js")] })).toContain("same name");
    expect(ask({ entries: [file("Lib/a"), file("lib/b"), file("server.js")] })).toContain('"Lib" and "lib"');
    expect(ask({ entries: [file("\u00e9"), file("e\u0301"), file("server.js")] })).toContain("same name");
  });

  test("submodules, unsafe names and links that leave or circle are refused", () => {
    const server = file("server.js");
    expect(ask({ entries: [server, { ...file("sub"), kind: "submodule" }] })).toContain("submodule");
    expect(ask({ entries: [server, file("a/.Git/config")] })).toContain("not safe");
    expect(ask({ entries: [server, file("a\\..\\b")] })).toContain("not safe");
    expect(ask({ entries: [server, link("a", "b"), link("b", "a")] })).toContain("circle");
    expect(ask({ entries: [server, link("a", "x\\y\\z/../../out")] })).toContain("out of the repository");
    expect(ask({ entries: [server, file(".github/x"), file(".gitignore"), link("a", "./server.js")] })).toBe("acceptable");
  });
});

test.each([
  ["1.2.3", "1.2.3", "none"],
  ["v1.2.3", "1.2.3+build", "none"],
  ["1.2.3", "1.2.4", "patch"],
  ["1.2.3", "1.3.0", "minor"],
  ["1.2.3", "2.0.0-rc.1", "major"],
  ["1.2.4-rc.1", "1.2.4", "patch"],
  ["2.0.0-rc.1", "2.0.0-rc.2", "major"],
  ["1.2.3", "1.2.2", "downgrade"],
  ["1.2.3", "1.2.3-rc.1", "downgrade"],
  ["1.2.3", "a1b2c3d", "unknown"],
  ["", "1.0.0", "unknown"],
])("from %s to %s is %s", (from, to, bump) => expect(classifyBump(from, to)).toBe(bump));

test("a tag's version stands at its end, whatever comes before", () => {
  const choose = (pattern: string, ...names: string[]) =>
    chooseTag(
      names.map((name) => ({ ref: `refs/tags/${name}`, commit: "c" })),
      pattern,
    )?.ref;
  expect(choose("agent-*", "agent-v1.2.0", "agent-1.10.0", "other-9.0.0")).toBe("refs/tags/agent-1.10.0");
  expect(choose("*", "build1.2.3", "1.2", "v1.0.0.0", "latest")).toBeUndefined();
  expect(choose("release/?.*", "release/2.0.0", "release/10.0.0")).toBe("refs/tags/release/2.0.0");
});

test("credentials are hidden in any address, even with an @ or a slash in the password", () => {
  expect(redactCredentials("to https://u:p@ss@h/x 'http://tok@h/y'")).toBe("to https://***@h/x 'http://***@h/y'");
  expect(redactCredentials("https://u:a/b@h/x ssh://git@h/x ssh://git:pw@h/x")).toBe("https://***@h/x ssh://git@h/x ssh://***@h/x");
});
