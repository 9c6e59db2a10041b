import { describeResolved, SOME_REGISTRY, UNKNOWN_PLACE } from "./describe-resolved.ts";
import { addPackage, type LockedPackage, type Lockfile, type Resolved } from "./lockfile.ts";
import { nameOfOverride } from "./parse-manifest.ts";
import { parseYamlStrictly } from "./parse-yaml-strictly.ts";
import { entriesOf, isPlain, isTrue, own, textOf, textsOf } from "./plain-value.ts";

/**
 * pnpm-lock.yaml. Packages are named `/a/1.0.0_peers` (5), `/a@1.0.0(peers)` (6) or `a@1.0.0` (9); from 9 on nothing tells whether a
 * package has install scripts.
 * @throws Error with a sentence why not
 */
export function parsePnpmLock(text: string): Lockfile {
  const documents = parseYamlStrictly(text);
  const format = textOf(own(documents[0], "lockfileVersion")) ?? "";
  const major = Number(/^(\d{1,2})(?:\.\d{1,3})?$/.exec(format)?.[1]);
  if (major !== 5 && major !== 6 && major !== 9) throw new Error(`it is of the format ${JSON.stringify(format.slice(0, 50))}, which is not known`);
  const packages = new Map<string, LockedPackage[]>();
  const projects = new Map<string, Map<string, string>>();
  const overridden = new Set<string>();
  for (const document of documents) {
    const direct = takeProjects(document, { projects, packages, major });
    for (const [key, entry] of entriesOf(own(document, "packages"))) {
      if (!isPlain(entry)) throw new Error(`it does not describe ${JSON.stringify(key.slice(0, 200))}`);
      const { name, version } = parseId(key, major, entry);
      addPackage(packages, name, lockedOf(name, version, entry, { isDirect: direct.has(idOf(name, parseId(key, major).version)), major }));
    }
    for (const [name] of entriesOf(own(document, "overrides"))) overridden.add(nameOfOverride(name));
  }
  return { manager: "pnpm", format, packages, answers: { by: "specifier", projects, overridden } };
}

interface Taking {
  readonly projects: Map<string, Map<string, string>>;
  readonly packages: Map<string, LockedPackage[]>;
  readonly major: number;
}

/** What each project asks for; gives what they got, as ids. A lockfile of a single project has no `importers` before 9. */
function takeProjects(document: unknown, taking: Taking): ReadonlySet<string> {
  const got = new Set<string>();
  const importers = own(document, "importers");
  const folders = importers === undefined ? [[".", document] as const] : entriesOf(importers);
  for (const [folder, project] of folders) {
    const wanted = taking.projects.get(folder === "." ? "" : folder) ?? new Map<string, string>();
    for (const [name, range] of textsOf(own(project, "specifiers"))) wanted.set(name, range);
    for (const group of ["dependencies", "devDependencies", "optionalDependencies"])
      for (const [name, value] of entriesOf(own(project, group))) {
        const version = textOf(value) ?? textOf(own(value, "version")) ?? "";
        const specifier = textOf(own(value, "specifier"));
        if (specifier !== null) wanted.set(name, specifier);
        const link = /^link:/.test(version);
        if (link) addPackage(taking.packages, name, linkedTo(name, version));
        else got.add(idOfReference(name, version, taking.major));
      }
    taking.projects.set(folder === "." ? "" : folder, wanted);
  }
  return got;
}

const idOf = (name: string, version: string): string => `${name}\n${version}`;

/** A project says `1.0.0(peers)`, or for an alias or an address the whole key. */
function idOfReference(name: string, reference: string, major: number): string {
  const isKey = reference.startsWith("/") || (!/^\d/.test(reference) && reference.indexOf("@", 1) > 0);
  if (!isKey) return idOf(name, withoutPeers(reference, major));
  const found = parseId(reference, major);
  return idOf(found.name, found.version);
}

function withoutPeers(version: string, major: number): string {
  const end = major === 5 ? version.search(/[_/(]/) : version.indexOf("(");
  return end === -1 || /^[a-z+]+:|^[^/]+\.[a-z]+\//i.test(version) ? version : version.slice(0, end);
}

/** The entry says name and version itself where the key is an address. */
function parseId(key: string, major: number, entry?: unknown): { readonly name: string; readonly version: string } {
  const said = { name: textOf(own(entry, "name")), version: textOf(own(entry, "version")) };
  const bare = key.startsWith("/") ? key.slice(1) : key;
  const found = major === 5 ? splitAtSlash(key, bare) : splitAtSign(bare);
  return { name: said.name ?? found.name, version: said.version ?? withoutPeers(found.version, major) };
}

function splitAtSign(bare: string): { readonly name: string; readonly version: string } {
  const at = bare.indexOf("@", 1);
  return at === -1 ? { name: bare, version: "" } : { name: bare.slice(0, at), version: bare.slice(at + 1) };
}

function splitAtSlash(key: string, bare: string): { readonly name: string; readonly version: string } {
  if (!key.startsWith("/")) return { name: bare, version: "" };
  const end = bare.indexOf("/", bare.startsWith("@") ? bare.indexOf("/") + 1 : 0);
  return end === -1 ? { name: bare, version: "" } : { name: bare.slice(0, end), version: bare.slice(end + 1) };
}

function lockedOf(name: string, version: string, entry: unknown, { isDirect, major }: { isDirect: boolean; major: number }): LockedPackage {
  return {
    version,
    integrity: textOf(own(own(entry, "resolution"), "integrity")),
    resolved: resolvedOf(name, own(entry, "resolution")),
    hasInstallScript: major >= 9 ? null : isTrue(own(entry, "requiresBuild")),
    engines: textOf(own(own(entry, "engines"), "node")),
    isDirect,
    isDev: major >= 9 ? null : isTrue(own(entry, "dev")),
  };
}

function resolvedOf(name: string, resolution: unknown): Resolved {
  const said = (key: string) => textOf(own(resolution, key));
  const repository = said("repo");
  if (repository !== null) {
    const { host, at, isEncrypted } = describeResolved(name, repository);
    return { protocol: "git", host, at: `${at ?? repository}#${said("commit") ?? ""}`, isEncrypted };
  }
  const folder = said("directory");
  if (folder !== null) return describeResolved(name, `file:${folder}`);
  const archive = said("tarball");
  if (archive !== null) return describeResolved(name, archive);
  return said("integrity") === null ? UNKNOWN_PLACE : SOME_REGISTRY;
}

function linkedTo(name: string, version: string): LockedPackage {
  return { version: "", integrity: null, resolved: describeResolved(name, version), hasInstallScript: null, engines: null, isDirect: true, isDev: null };
}
