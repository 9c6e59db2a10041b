import { describeResolved, SOME_REGISTRY, UNKNOWN_PLACE } from "./describe-resolved.ts";
import { findPlaced } from "./find-placed.ts";
import { addPackage, type LockedPackage, type Lockfile, type PlacedPackage, type Resolved } from "./lockfile.ts";
import { parseJsonStrictly } from "./parse-json-strictly.ts";
import { entriesOf, isPlain, own, textOf, textsOf } from "./plain-value.ts";

/**
 * package-lock.json and npm-shrinkwrap.json. Formats 2 and 3 list folders (`packages`), format 1 a tree of names.
 * @throws Error with a sentence why not
 */
export function parseNpmLock(text: string): Lockfile {
  const root = parseJsonStrictly(text);
  const format = own(root, "lockfileVersion");
  if (format === 2 || format === 3) return parseFolders(own(root, "packages"), String(format));
  if (format === 1) return parseNames(own(root, "dependencies") ?? {});
  throw new Error(`it is of the format ${JSON.stringify(format ?? null).slice(0, 50)}, which is not known`);
}

function parseFolders(folders: unknown, format: string): Lockfile {
  if (!isPlain(folders)) throw new Error("it has no packages");
  const places = new Map<string, PlacedPackage>();
  const projects = new Map<string, ReadonlyMap<string, string>>();
  for (const [place, entry] of Object.entries(folders)) {
    if (!isPlain(entry)) throw new Error(`it does not describe ${JSON.stringify(place.slice(0, 200))}`);
    if (place.length > 4_096) throw new Error("it is nested too deep");
    if (isInstalled(place)) places.set(place, placedOf(place, entry));
    else projects.set(place, wantedOf(entry));
  }
  const direct = new Set([...projects].flatMap(([folder, wanted]) => [...wanted.keys()].map((name) => findPlaced(places, folder, name)?.place)));
  const packages = new Map<string, LockedPackage[]>();
  for (const [place, placed] of places) addPackage(packages, placed.name, lockedOf(placed, own(folders, place), direct.has(place)));
  return { manager: "npm", format, packages, answers: { by: "place", places, projects } };
}

const isInstalled = (place: string): boolean => /(?:^|\/)node_modules\//.test(place);

function placedOf(place: string, entry: unknown): PlacedPackage {
  const shown = place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
  const optional = new Set(entriesOf(own(entry, "peerDependenciesMeta")).flatMap(([name, meta]) => (own(meta, "optional") === true ? [name] : [])));
  const peers = new Map([...textsOf(own(entry, "peerDependencies"))].filter(([name]) => !optional.has(name)));
  return {
    name: textOf(own(entry, "name")) ?? shown,
    version: textOf(own(entry, "version")) ?? "",
    isLink: own(entry, "link") === true,
    engines: textOf(own(own(entry, "engines"), "node")),
    peers,
  };
}

function lockedOf({ name, version, isLink, engines }: PlacedPackage, entry: unknown, isDirect: boolean): LockedPackage {
  const integrity = textOf(own(entry, "integrity"));
  const address = textOf(own(entry, "resolved"));
  return {
    version,
    integrity,
    resolved: isLink ? describeResolved(name, `link:${address ?? ""}`) : resolvedOf(name, address, integrity),
    hasInstallScript: isLink ? null : own(entry, "hasInstallScript") === true,
    engines,
    isDirect,
    isDev: own(entry, "dev") === true || own(entry, "devOptional") === true,
  };
}

/** Without an address, a hash still tells that a registry was asked; what is bundled has neither. */
function resolvedOf(name: string, address: string | null, integrity: string | null): Resolved {
  if (address !== null) return describeResolved(name, address);
  return integrity === null ? UNKNOWN_PLACE : SOME_REGISTRY;
}

function wantedOf(entry: unknown): ReadonlyMap<string, string> {
  const groups = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
  return new Map(groups.flatMap((group) => [...textsOf(own(entry, group))]));
}

/** A tree as deep as its writer likes: walked with a list of what is left, not by calling itself. */
function parseNames(names: unknown): Lockfile {
  const places = new Map<string, PlacedPackage>();
  const packages = new Map<string, LockedPackage[]>();
  const left = [{ names, below: "" }];
  for (let next = left.pop(); next !== undefined; next = left.pop())
    for (const [name, entry] of entriesOf(next.names)) {
      if (!isPlain(entry)) throw new Error(`it does not describe ${JSON.stringify(name.slice(0, 200))}`);
      const place = `${next.below}node_modules/${name}`;
      if (place.length > 4_096) throw new Error("it is nested too deep");
      const written = textOf(own(entry, "version")) ?? "";
      const isAddress = /[:/]/.test(written);
      const alias = /^npm:(@?[^@]{1,214})@(.*)$/s.exec(written);
      const identity = { name: alias?.[1] ?? name, version: alias?.[2] ?? written };
      const integrity = textOf(own(entry, "integrity"));
      const address = isAddress && alias === null ? written : textOf(own(entry, "resolved"));
      places.set(place, { ...identity, isLink: false, engines: null, peers: new Map() });
      addPackage(packages, identity.name, {
        version: identity.version,
        integrity,
        resolved: resolvedOf(identity.name, address, integrity),
        hasInstallScript: null,
        engines: null,
        isDirect: null,
        isDev: own(entry, "dev") === true,
      });
      left.push({ names: own(entry, "dependencies"), below: `${place}/` });
    }
  return { manager: "npm", format: "1", packages, answers: { by: "place", places, projects: null } };
}
