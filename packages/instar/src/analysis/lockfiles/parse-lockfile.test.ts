import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LockedPackage, Lockfile } from "./lockfile.ts";
import { PNPM_5, PNPM_6, PNPM_9, YARN_1, YARN_BERRY } from "./lockfile-samples.testing.ts";
import { parseLockfile } from "./parse-lockfile.ts";
import { own } from "./plain-value.ts";

const read = (path: string, text: string): Lockfile => {
  const found = parseLockfile(path, text);
  if ("unreadable" in found) throw new Error(found.unreadable);
  return found;
};
const whyNot = (path: string, text: string): string => {
  const found = parseLockfile(path, text);
  return "unreadable" in found ? found.unreadable : "it was read";
};
const only = (lockfile: Lockfile, name: string): LockedPackage => {
  const [first, ...rest] = lockfile.packages.get(name) ?? [];
  if (first === undefined || rest.length > 0) throw new Error(`${name} is not there just once`);
  return first;
};

const NPM = (packages: Record<string, unknown>, lockfileVersion: unknown = 3) =>
  JSON.stringify({ name: "agent", version: "1.0.0", lockfileVersion, requires: true, packages });
const npmOne = (entry: Record<string, unknown>) =>
  only(
    read("package-lock.json", NPM({ "": { dependencies: { ms: "^2" } }, "node_modules/ms": { version: "2.1.3", integrity: "sha512-ms==", ...entry } })),
    "ms",
  );
const MS = "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz";

describe("npm, formats 2 and 3", () => {
  const text = NPM({
    "": { name: "agent", dependencies: { esbuild: "0.21.5", aliased: "npm:left-pad@^1.3.0" }, devDependencies: { ms: "^2" }, workspaces: ["packages/*"] },
    "node_modules/ms": { version: "2.1.3", resolved: MS, integrity: "sha512-ms==", dev: true, license: "MIT" },
    "node_modules/esbuild": {
      version: "0.21.5",
      resolved: "https://registry.npmjs.org/esbuild/-/esbuild-0.21.5.tgz",
      integrity: "sha512-es==",
      hasInstallScript: true,
      engines: { node: ">=12" },
    },
    "node_modules/aliased": {
      name: "left-pad",
      version: "1.3.0",
      resolved: "https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz",
      integrity: "sha512-lp==",
    },
    "node_modules/esbuild/node_modules/debug": { version: "4.0.0", resolved: "https://registry.npmjs.org/debug/-/debug-4.0.0.tgz", integrity: "sha512-d4==" },
    "node_modules/debug": { version: "3.0.0", resolved: "https://registry.npmjs.org/debug/-/debug-3.0.0.tgz", integrity: "sha512-d3==" },
    "node_modules/inner": { resolved: "packages/inner", link: true },
    "packages/inner": { name: "inner", version: "1.0.0", dependencies: { debug: "^3" } },
  });

  test.each([2, 3])("format %i gives version, hash, place, scripts, engines, and who asked", (format) => {
    const lockfile = read("app/package-lock.json", text.replace('"lockfileVersion":3', `"lockfileVersion":${format}`));
    expect(lockfile).toMatchObject({ manager: "npm", format: String(format) });
    expect([...lockfile.packages.keys()].sort()).toEqual(["debug", "esbuild", "inner", "left-pad", "ms"]);
    expect(only(lockfile, "esbuild")).toEqual({
      version: "0.21.5",
      integrity: "sha512-es==",
      resolved: { protocol: "registry", host: "registry.npmjs.org", at: "https://registry.npmjs.org/esbuild/-/esbuild-0.21.5.tgz", isEncrypted: true },
      hasInstallScript: true,
      engines: ">=12",
      isDirect: true,
      isDev: false,
    });
    expect(only(lockfile, "ms")).toMatchObject({ isDirect: true, isDev: true, hasInstallScript: false, engines: null });
  });
  test("an alias is listed under what it stands for", () => expect(only(read("package-lock.json", text), "left-pad")).toMatchObject({ isDirect: true }));
  test("two versions of one package are two entries, and only the one that is asked for is direct", () =>
    expect(
      read("package-lock.json", text)
        .packages.get("debug")
        ?.map(({ version, isDirect }) => [version, isDirect]),
    ).toEqual([
      ["4.0.0", false],
      ["3.0.0", true],
    ]));
  test("a project of the workspace is a link", () => expect(only(read("package-lock.json", text), "inner").resolved.protocol).toBe("link"));
  test("npm-shrinkwrap.json is the same", () => expect(read("npm-shrinkwrap.json", text).manager).toBe("npm"));
  test("a byte order mark is passed over", () => expect(read("package-lock.json", `\ufeff${text}`).format).toBe("3"));

  test.each([
    ["an address of npm's registry is a registry's", MS, "registry", "registry.npmjs.org"],
    ["another registry's as well, by its shape", "https://npm.corp.example:8443/repo/ms/-/ms-2.1.3.tgz", "registry", "npm.corp.example:8443"],
    ["GitHub's registry has a shape of its own", "https://npm.pkg.github.com/download/ms/2.1.3/abc", "registry", "npm.pkg.github.com"],
    ["an archive anywhere is only an address", "https://evil.example/ms.tgz", "http", "evil.example"],
    ["an archive of another package's name too", "https://registry.npmjs.org/sm/-/sm-2.1.3.tgz", "http", "registry.npmjs.org"],
    ["git over ssh is git", "git+ssh://git@github.com/vercel/ms.git#0123456789012345678901234567890123456789", "git", "github.com"],
    ["git over https is git", "git+https://git.example/ms.git#abc", "git", "git.example"],
    ["an archive of a commit is git", "https://codeload.github.com/vercel/ms/tar.gz/abc", "git", "codeload.github.com"],
    ["the short form is git", "github:vercel/ms#abc", "git", "github.com"],
    ["the form of scp is git", "git@gitlab.com:a/ms.git", "git", "gitlab.com"],
    ["a file is a file", "file:../ms.tgz", "file", null],
    ["what is neither is not known", "gopher://old.example/ms", "unknown", "old.example"],
    ["what is no address at all is not known", "somewhere", "unknown", null],
  ])("%s", (_, resolved, protocol, host) => expect(npmOne({ resolved }).resolved).toMatchObject({ protocol, host }));
  test("http without s is not encrypted", () =>
    expect(npmOne({ resolved: MS.replace("https", "http") }).resolved).toMatchObject({ protocol: "registry", isEncrypted: false }));
  test("a password in an address is left out", () => {
    expect(JSON.stringify(npmOne({ resolved: MS.replace("//", "//ada:secret@") }))).not.toContain("secret");
  });
  test("without an address a hash tells of a registry", () => expect(npmOne({}).resolved).toMatchObject({ protocol: "registry", host: null }));
  test("without either nothing is known", () => expect(npmOne({ integrity: undefined }).resolved.protocol).toBe("unknown"));
});

describe("npm, format 1", () => {
  const lockfile = read(
    "package-lock.json",
    JSON.stringify({
      lockfileVersion: 1,
      requires: true,
      dependencies: {
        ms: { version: "2.0.0", resolved: "https://registry.npmjs.org/ms/-/ms-2.0.0.tgz", integrity: "sha1-abc=", dev: true },
        send: {
          version: "0.16.2",
          resolved: "https://registry.npmjs.org/send/-/send-0.16.2.tgz",
          integrity: "sha512-s==",
          dependencies: { ms: { version: "1.0.0" } },
        },
        "is-odd": { version: "github:jonschlinkert/is-odd#abc", from: "github:jonschlinkert/is-odd" },
        aliased: { version: "npm:@scope/left-pad@1.3.0", resolved: "https://registry.npmjs.org/@scope/left-pad/-/left-pad-1.3.0.tgz", integrity: "sha512-l==" },
      },
    }),
  );
  test("nested names are found, and nothing tells of scripts or who asked", () => {
    expect(
      lockfile.packages
        .get("ms")
        ?.map(({ version }) => version)
        .sort(),
    ).toEqual(["1.0.0", "2.0.0"]);
    expect(only(lockfile, "send")).toMatchObject({ hasInstallScript: null, isDirect: null, engines: null });
  });
  test("a git address stands in the version's place", () => expect(only(lockfile, "is-odd").resolved).toMatchObject({ protocol: "git", host: "github.com" }));
  test("an alias is listed under what it stands for", () =>
    expect(only(lockfile, "@scope/left-pad")).toMatchObject({ version: "1.3.0", resolved: { protocol: "registry" } }));
});

describe("pnpm", () => {
  test.each([
    ["5.4", PNPM_5, true],
    ["6.0", PNPM_6, true],
    ["9.0", PNPM_9, null],
  ])("format %s gives version, hash, place, scripts, engines, and who asked", (format, text, hasInstallScript) => {
    const lockfile = read("pnpm-lock.yaml", text);
    expect(lockfile).toMatchObject({ manager: "pnpm", format });
    expect(only(lockfile, "@babel/core")).toMatchObject({
      version: "7.1.0",
      integrity: "sha512-b==",
      hasInstallScript,
      engines: ">=6.9.0",
      isDirect: true,
      isDev: hasInstallScript === null ? null : false,
    });
    expect(only(lockfile, "ms")).toMatchObject({ version: "2.1.3", isDirect: true, hasInstallScript: hasInstallScript === null ? null : false });
    expect(only(lockfile, "debug")).toMatchObject({ version: "4.0.0", isDirect: false, resolved: { protocol: "registry", host: null } });
    expect(only(lockfile, "is-odd")).toMatchObject({ version: "3.0.1", resolved: { protocol: "git", host: "codeload.github.com" } });
  });
  test.each([
    ["an alias is listed under what it stands for, and direct", "left-pad", { version: "1.3.0", isDirect: true }],
    ["another registry is named", "ms", { resolved: { protocol: "registry", host: "npm.corp.example" } }],
    ["a repository is git, with its commit", "cloned", { resolved: { protocol: "git", host: "git.example", at: "https://git.example/cloned.git#def" } }],
    ["a folder is a file", "near", { resolved: { protocol: "file", host: null } }],
    ["a project of the workspace is a link", "inner", { resolved: { protocol: "link" }, isDirect: true }],
  ])("%s", (_, name, facts) => expect(only(read("pnpm-lock.yaml", PNPM_9), name)).toMatchObject(facts));
  test("a second document is read as well", () => {
    const two = `---\nlockfileVersion: '9.0'\npackages:\n  pnpm@11.0.0:\n    resolution: {integrity: sha512-p==}\n---\n${PNPM_9}`;
    expect([...read("pnpm-lock.yaml", two).packages.keys()]).toEqual(expect.arrayContaining(["pnpm", "ms"]));
  });
});

describe("yarn", () => {
  test("1 gives version, hash and place, each package once; nothing of scripts or who asked", () => {
    const lockfile = read("yarn.lock", YARN_1);
    expect(lockfile).toMatchObject({ manager: "yarn", format: "1" });
    expect(only(lockfile, "debug")).toEqual({
      version: "4.3.4",
      integrity: "sha512-d==",
      resolved: { protocol: "registry", host: "registry.yarnpkg.com", at: expect.stringContaining("debug-4.3.4.tgz"), isEncrypted: true },
      hasInstallScript: null,
      engines: null,
      isDirect: null,
      isDev: null,
    });
  });
  test.each([
    [
      "an alias is listed under what it stands for, and the hash behind its address is one",
      "left-pad",
      { version: "1.3.0", integrity: "sha1:5b8a3a7765dfe001261dde915589e782f8c94d1e" },
    ],
    ["an archive of a commit is git", "is-odd", { resolved: { protocol: "git" }, integrity: null }],
    ["a folder is a file", "near", { resolved: { protocol: "file", at: "file:../near" } }],
    ["a scope belongs to the name", "@babel/core", { version: "7.1.0" }],
  ])("1: %s", (_, name, facts) => expect(only(read("yarn.lock", YARN_1), name)).toMatchObject(facts));
  test("1 with Windows' line ends is the same", () => expect(only(read("yarn.lock", YARN_1.replaceAll("\n", "\r\n")), "debug").version).toBe("4.3.4"));

  test("later: the projects are no packages, and tell who asked", () => {
    const lockfile = read("yarn.lock", YARN_BERRY);
    expect(lockfile).toMatchObject({ manager: "yarn", format: "berry 8" });
    expect([...lockfile.packages.keys()].sort()).toEqual(["@babel/core", "debug", "is-odd", "left-pad", "ms", "typescript"]);
    expect(only(lockfile, "@babel/core")).toMatchObject({ version: "7.1.0", integrity: "10c0/aaaa", isDirect: true, hasInstallScript: null });
  });
  test.each([
    ["an alias is listed under what it stands for", "left-pad", { isDirect: true }],
    ["another registry is named", "debug", { isDirect: false, resolved: { protocol: "registry", host: "npm.corp.example" } }],
    ["a commit is git", "is-odd", { resolved: { protocol: "git", host: "github.com" } }],
    ["a patch of yarn's own changes no source", "typescript", { resolved: { protocol: "registry" } }],
    ["a patch of the project's is a file", "ms", { resolved: { protocol: "file" } }],
  ])("later: %s", (_, name, facts) => expect(only(read("yarn.lock", YARN_BERRY), name)).toMatchObject(facts));
});

describe("what cannot be read says why", () => {
  const deep = (open: string, close: string, count: number) => open.repeat(count) + close.repeat(count);
  test.each([
    ["a lockfile of another kind", "Cargo.lock", "x", /not named like/],
    ["no JSON", "package-lock.json", "{", /not JSON/],
    ["a list", "package-lock.json", "[]", /not a JSON object/],
    ["nothing", "package-lock.json", "", /not JSON/],
    ["null", "package-lock.json", "null", /not a JSON object/],
    ["no format", "package-lock.json", "{}", /format null, which is not known/],
    ["a format of the future", "package-lock.json", NPM({}, 4), /format 4, which is not known/],
    ["a format that is text", "package-lock.json", NPM({}, "3"), /not known/],
    ["packages that are a list", "package-lock.json", '{"lockfileVersion":3,"packages":[]}', /no packages/],
    ["no packages", "package-lock.json", '{"lockfileVersion":3}', /no packages/],
    ["a package that is text", "package-lock.json", NPM({ "node_modules/a": "1.0.0" }), /does not describe "node_modules\/a"/],
    ["a name of format 1 that is text", "package-lock.json", '{"lockfileVersion":1,"dependencies":{"a":"1"}}', /does not describe "a"/],
    ["a key twice", "package-lock.json", '{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0","version":"2.0.0"}}}', /says "version" twice/],
    ["a key twice, written in two ways", "package-lock.json", '{"lockfileVersion":3,"packages":{},"p\\u0061ckages":{}}', /says "packages" twice/],
    ["marks of a merge in JSON", "package-lock.json", "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n", /merge that nobody finished/],
    ["marks of a merge in YAML", "pnpm-lock.yaml", `${PNPM_9}<<<<<<< HEAD\n`, /merge that nobody finished/],
    ["marks of a merge of yarn", "yarn.lock", `${YARN_1}>>>>>>> theirs\n`, /merge that nobody finished/],
    [
      "names nested without end",
      "package-lock.json",
      `{"lockfileVersion":1,"dependencies":${'{"a":{"version":"1","dependencies":'.repeat(5_000)}{}${"}}".repeat(5_000)}}`,
      /nested too deep/,
    ],
    ["a JSON file of fifty megabytes", "package-lock.json", "x".repeat(50_000_000), /larger than 32 MiB/],
    ["a YAML file of fifty megabytes", "pnpm-lock.yaml", "x".repeat(50_000_000), /larger than 4 MiB/],
    ["a lockfile of yarn of fifty megabytes", "yarn.lock", "x".repeat(50_000_000), /larger than 4 MiB/],
    ["an empty lockfile of pnpm", "pnpm-lock.yaml", "", /format "", which is not known/],
    ["a format of pnpm that is not known", "pnpm-lock.yaml", "lockfileVersion: '7.0'\n", /format "7.0", which is not known/],
    ["no YAML", "pnpm-lock.yaml", "lockfileVersion: '9.0'\n\t- [", /not YAML/],
    ["YAML that says a thing twice", "pnpm-lock.yaml", `${PNPM_9}settings: {}\n`, /says "settings" twice/],
    ["YAML with aliases", "pnpm-lock.yaml", "lockfileVersion: '9.0'\na: &a [x, x]\nb: [*a, *a]\n", /alias/],
    ["YAML with a key that is a list", "pnpm-lock.yaml", "lockfileVersion: '9.0'\n? [a]\n: b\n", /key that is no text/],
    ["YAML nested deeper than any lockfile", "pnpm-lock.yaml", `lockfileVersion: '9.0'\na: ${deep("[", "]", 100)}\n`, /nested deeper than 50/],
    ["YAML nested without end", "pnpm-lock.yaml", `lockfileVersion: '9.0'\na: ${deep("[", "]", 20_000)}\n`, /nested|not YAML/],
    ["a package of pnpm that is text", "pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: x\n", /does not describe "a@1.0.0"/],
    ["neither yarn", "yarn.lock", "a: b\n", /neither of yarn 1 nor/],
    ["a package of yarn twice", "yarn.lock", `${YARN_1}\ndebug@^4.0.0:\n  version "9.9.9"\n`, /says "debug@\^4.0.0" twice/],
    ["a field of yarn twice", "yarn.lock", YARN_1.replace('  version "7.1.0"', '  version "7.1.0"\n  version "6.6.6"'), /says "version" twice/],
    ["a name of yarn that would be lost", "yarn.lock", `${YARN_1}\n"__proto__@^1":\n  version "1.0.0"\n`, /__proto__/],
    [
      "yarn nested without end",
      "yarn.lock",
      `${YARN_1}\na@1:\n${Array.from({ length: 40 }, (_, depth) => `${" ".repeat(2 * depth + 2)}b:`).join("\n")}\n`,
      /deeper than yarn/,
    ],
    ["a field of a later yarn twice", "yarn.lock", YARN_BERRY.replace("  version: 7.1.0", "  version: 7.1.0\n  version: 6.6.6"), /says "version" twice/],
  ])("%s", (_, path, text, why) => expect(whyNot(path, text)).toMatch(why));

  test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("a package of the name %s is a package like others", (name) => {
    const entry = '{"version":"1.0.0","integrity":"sha512-x=="}';
    const json = `{"lockfileVersion":3,"packages":{"":{},"node_modules/${name}":${entry},"${name}":${entry}}}`;
    const yaml = `lockfileVersion: '9.0'\npackages:\n  ${name}@1.0.0:\n    resolution: {integrity: sha512-x==}\n${name}: {}\n`;
    for (const lockfile of [read("package-lock.json", json), read("pnpm-lock.yaml", yaml)]) expect(only(lockfile, name).version).toBe("1.0.0");
    expect(({} as { version?: unknown }).version).toBeUndefined();
  });
  test("a word that every object inherits is not taken for said", () => {
    expect(whyNot("package-lock.json", '{"__proto__":{"lockfileVersion":3,"packages":{}}}')).toMatch(/format null/);
    expect([own({}, "constructor"), own({}, "__proto__"), own([], "length"), own("text", "length"), own(null, "x")]).toEqual(Array(5).fill(undefined));
  });

  test("whatever is done to a lockfile, there is an answer", () => {
    const samples = [
      ["package-lock.json", NPM({ "": {}, "node_modules/a": { version: "1.0.0", resolved: MS } })],
      ["pnpm-lock.yaml", PNPM_5],
      ["pnpm-lock.yaml", PNPM_9],
      ["yarn.lock", YARN_1],
      ["yarn.lock", YARN_BERRY],
    ] as const;
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.nat(), fc.nat(200), fc.string(), ([path, text], start, length, put) => {
        const at = start % text.length;
        const found = parseLockfile(path, text.slice(0, at) + put + text.slice(at + length));
        expect("unreadable" in found ? found.unreadable : found.manager).not.toBe("");
      }),
      { numRuns: 500 },
    );
  });
});
