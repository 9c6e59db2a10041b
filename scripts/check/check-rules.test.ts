import { describe, expect, it } from "vitest";
import { checkBans } from "./bans.ts";
import { checkDependencies, checkExports } from "./dead-code.ts";
import { checkDrawers, checkLength } from "./file-shape.ts";
import { checkImports, findCycles } from "./import-rule.ts";
import { checkLockfile } from "./lockfile.ts";
import { scanSource } from "./scan-source.ts";

const inInstar = (path: string, text: string) => scanSource(`packages/instar/src/${path}`, text);

describe("imports are read out of the text:", () => {
  it.each([
    ['import { a, type B, c as d } from "./x.ts";', [{ specifier: "./x.ts", names: ["a", "B", "c"], isTypeOnly: false }]],
    ['import type { A } from "./x.ts";', [{ specifier: "./x.ts", names: ["A"], isTypeOnly: true }]],
    ['import { type A, type B } from "./x.ts";', [{ specifier: "./x.ts", names: ["A", "B"], isTypeOnly: true }]],
    ['import * as all from "zod";', [{ specifier: "zod", names: ["*"], isTypeOnly: false }]],
    ['import "./effect.ts";', [{ specifier: "./effect.ts", names: ["*"], isTypeOnly: false }]],
    ['const late = await import("./late.ts");', [{ specifier: "./late.ts", names: ["*"], isTypeOnly: false }]],
    ['export * from "./x.ts";', [{ specifier: "./x.ts", names: ["*"], isTypeOnly: false }]],
    ['import {\n  a,\n  b,\n} from "./x.ts";', [{ specifier: "./x.ts", names: ["a", "b"], isTypeOnly: false }]],
    ['// import { a } from "./x.ts";', []],
    ["const text = 'import { a } from \"./x.ts\";';", []],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is the case
    ['const text = `import { a } from "./x.ts"; ${1}`;', []],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is the case
    ['const text = `${`import { a } from "./x.ts"`}`; import { b } from "./y.ts";', [{ specifier: "./y.ts", names: ["b"], isTypeOnly: false }]],
    ['const pattern = /["\'`]/; import { a } from "./x.ts";', [{ specifier: "./x.ts", names: ["a"], isTypeOnly: false }]],
    ['const half = a / b; const s = "/"; import { a } from "./x.ts";', [{ specifier: "./x.ts", names: ["a"], isTypeOnly: false }]],
  ])("%s", (text, expected) => expect(scanSource("x.ts", text).imports.map(({ line: _, ...rest }) => rest)).toEqual(expected));
});

describe("imports run one way:", () => {
  it.each([
    ["keeper/run.ts", "../update/journal.ts", "keeper may not import update"],
    ["keeper/run.ts", "../ledger/ledger.ts", "keeper may not import ledger"],
    ["sources/git.ts", "../releases/store.ts", "sources may not import releases"],
    ["platform/clock.ts", "../settings/settings.ts", "platform may not import settings"],
    ["faces/http/serve.ts", "../../update/journal.ts", "faces may not import update"],
    ["faces/cli/run.ts", "../../daemon/run-daemon.ts", "faces may not import daemon"],
    ["operations/plan.ts", "../faces/cli/connect.ts", "operations may not import faces"],
    ["update/exchange.ts", "../keeper/front/front.ts", "update may not import keeper"],
    ["update/exchange.ts", "../daemon/instance.ts", "update may not import daemon"],
    ["daemon/run.ts", "../compose.ts", "daemon may not import compose.ts"],
    ["cellar/wine.ts", "../platform/clock.ts", "cellar is a room without a rule"],
    ["update/exchange.ts", "../../../protocol/src/index.ts", "reaches into packages/protocol/src/index.ts"],
    ["update/exchange.ts", "@instar/testkit", "instar may not import @instar/testkit"],
    ["update/exchange.ts", "./simulated.testing.ts", "imports the test part"],
  ])("%s may not import %s", (path, specifier, rule) => {
    const [problem] = checkImports([inInstar(path, `\nimport { a } from "${specifier}";`)]);
    expect(problem).toMatchObject({ line: 2, rule: expect.stringContaining(rule), why: expect.stringMatching(/\.$/) });
  });

  it.each([
    ["update/exchange.ts", 'import type { Report } from "../keeper/keeper-control.ts";'],
    ["update/exchange.ts", 'import { KeeperClient } from "../keeper/keeper-client.ts";'],
    ["faces/cli/run.ts", 'import { readDaemonDoor } from "../../daemon/read-daemon-door.ts";'],
    ["observation/judge.ts", 'import { bound } from "../statistics/bound.ts";'],
    ["keeper/run.ts", 'import { InstarError } from "@instar/protocol"; import { z } from "zod"; import { open } from "node:fs/promises";'],
    ["keeper/run.test.ts", 'import { Journal } from "../update/journal.ts";'],
  ])("%s may: %s", (path, text) => expect(checkImports([inInstar(path, text)])).toEqual([]));

  it("the protocol imports nothing of ours", () =>
    expect(checkImports([scanSource("packages/protocol/src/x.ts", 'import { a } from "@instar/testkit";')])).toHaveLength(1));

  it("files that import each other are refused, also by types and in a ring of three", () => {
    const ring = [
      inInstar("platform/a.ts", 'import type { B } from "./b.ts";'),
      inInstar("platform/b.ts", 'import { c } from "./c.ts";'),
      inInstar("platform/c.ts", 'import { a } from "./a.ts";'),
    ];
    expect(checkImports(ring)).toMatchObject([{ rule: expect.stringContaining("files import each other") }]);
    expect(checkImports(ring.slice(0, 2))).toEqual([]);
    expect(
      findCycles(
        new Map([
          ["a", ["b", "c"]],
          ["b", ["d"]],
          ["c", ["d"]],
          ["d", []],
        ]),
      ),
    ).toEqual([]);
  });
});

describe("bans:", () => {
  it.each([
    ["const now = Date.now();", "Date.now"],
    ["const now = new Date();", "new Date()"],
    ["const dice = Math.random();", "Math.random"],
    ["setTimeout(done, 5);", "setTimeout"],
    ["const home = process.env.HOME;", "process.env"],
    ['import { writeFile } from "node:fs/promises";', "fs.writeFile"],
    ['import * as fs from "node:fs";', "fs.writeFile"],
    ["const x = y as any;", "as any"],
    ["// @ts-ignore: it works", "@ts-ignore"],
  ])("%s", (text, name) => {
    expect(checkBans([inInstar("update/x.ts", text)])).toMatchObject([{ line: 1, rule: `${name} is banned here` }]);
    expect(checkBans([inInstar("update/x.test.ts", text)])).toEqual([]);
  });
  it.each([
    "const at = new Date(clock.wallMs());",
    "// Date.now is banned",
    'const text = "process.env";',
    "await clock.setTimeout(5);",
    "await handle.writeFile(bytes);",
  ])("%s is no matter", (text) => expect(checkBans([inInstar("update/x.ts", text)])).toEqual([]));
  it("the platform is where they are allowed", () => expect(checkBans([inInstar("platform/clock.ts", "const now = Date.now();")])).toEqual([]));
});

describe("dead code:", () => {
  const used = inInstar("main.ts", 'import { used } from "./platform/x.ts";');
  const names = (text: string, others = [used]) => checkExports([inInstar("platform/x.ts", text), ...others], {}).map(({ rule }) => rule);
  it("an export that nothing imports", () =>
    expect(names("export const used = 1;\nexport function unused() {}")).toEqual(["exports unused, which nothing uses"]));
  it("an export that only a test imports", () =>
    expect(names("export function tested() {}", [inInstar("platform/x.test.ts", 'import { tested } from "./x.ts";')])).toEqual([
      "exports tested, which nothing uses",
    ]));
  it("an export that only its own file uses", () =>
    expect(names("export const inner = 1;\nexport const used = inner;")).toEqual(["exports inner, which only this file uses"]));
  it("a type that its file's exports speak of stays", () =>
    expect(names("export interface Parts {}\nexport const used = (parts: Parts) => parts;")).toEqual([]));
  it("an exception that is no longer needed is refused", () =>
    expect(checkExports([inInstar("platform/x.ts", "export const used = 1;"), used], { "packages/instar/src/platform/x.ts used": "soon" })).toMatchObject([
      { rule: expect.stringContaining("still awaits") },
    ]));
  it("dependencies that nothing imports, and imports that nothing names", () => {
    const packages = [{ folder: "packages/instar", dependencies: { zod: "1", unused: "1" }, devDependencies: { "dev-only": "1" } }];
    const found = checkDependencies([inInstar("x.ts", 'import { z } from "zod";\nimport { a } from "by-luck";\nimport { b } from "dev-only/sub";')], packages);
    expect(found.map(({ rule }) => rule)).toEqual([
      "names unused, which nothing imports",
      "imports by-luck, which packages/instar/package.json does not name",
      "imports dev-only, which is only a devDependency",
    ]);
  });
});

describe("the shape of files:", () => {
  it.each([
    "packages/instar/src/update/utils.ts",
    "packages/instar/src/helpers/x.ts",
    "packages/instar/src/update/string-utils.ts",
    "packages/instar/src/keeper/slot-manager.ts",
    "packages/instar/src/types.ts",
    "packages/instar/src/keeperState.ts",
  ])("%s is refused", (path) => expect(checkDrawers([scanSource(path, "")])).toHaveLength(1));
  it("other names are fine", () =>
    expect(
      checkDrawers([
        inInstar("faces/cli/print-service.ts", ""),
        scanSource("vitest.config.ts", ""),
        inInstar("update/plan.testing.ts", ""),
        scanSource("tests/e2e/service.test.ts", ""),
      ]),
    ).toEqual([]));
  const long = (lines: number, first = "const a = 1;") => scanSource("x.ts", `${first}\n${"a;\n".repeat(lines - 1)}`);
  it("past 400 lines the top says why, past 500 nothing helps", () => {
    expect(checkLength([long(400), long(401, "// One table, and so one file.")])).toEqual([]);
    expect(checkLength([long(401)])).toHaveLength(1);
    expect(checkLength([long(501, "// One table, and so one file.")])).toHaveLength(1);
  });
});

it("a lockfile names no hosts and pins every package by its bytes", () => {
  const entry = (more: object) =>
    JSON.stringify({
      packages: { "": {}, "node_modules/@instar/protocol": { resolved: "packages/protocol", link: true }, "node_modules/zod": { version: "4", ...more } },
    });
  expect(checkLockfile("l", entry({ integrity: "sha512-x" }))).toEqual([]);
  expect(checkLockfile("l", entry({ integrity: "sha512-x", resolved: "https://registry.npmjs.org/zod.tgz" }))).toMatchObject([
    { rule: expect.stringContaining("host") },
  ]);
  expect(checkLockfile("l", entry({}))).toMatchObject([{ rule: expect.stringContaining("digest") }]);
});
