import { describeResolved, SOME_REGISTRY } from "./describe-resolved.ts";
import { addPackage, type LockedPackage, type Lockfile, type Resolved } from "./lockfile.ts";
import { parseYamlStrictly } from "./parse-yaml-strictly.ts";
import { entriesOf, isPlain, own, textOf, textsOf } from "./plain-value.ts";

/**
 * yarn.lock of yarn 2 and later: YAML; the keys are lists of `name@protocol:range`, and the projects are entries themselves
 * (`name@workspace:folder`). It tells of no install scripts and no engines.
 * @throws Error with a sentence why not
 */
export function parseYarnBerryLock(text: string): Lockfile {
  const document = parseYamlStrictly(text)[0];
  const format = textOf(own(own(document, "__metadata"), "version"));
  if (format === null) throw new Error("it is neither of yarn 1 nor of a later yarn");
  const entries = entriesOf(document).filter(([key]) => key !== "__metadata");
  const patterns = new Set(entries.flatMap(([key]) => key.split(", ")));
  const folders = new Set<string>();
  const wanted = new Set<string>();
  for (const [key, entry] of entries) {
    if (!isPlain(entry)) throw new Error(`it does not describe ${JSON.stringify(key.slice(0, 200))}`);
    const folder = folderOf(entry);
    if (folder === undefined) continue;
    folders.add(folder);
    for (const [name, range] of textsOf(own(entry, "dependencies"))) for (const pattern of patternsOf(name, range)) wanted.add(pattern);
  }
  const packages = new Map<string, LockedPackage[]>();
  for (const [key, entry] of entries) {
    if (folderOf(entry) !== undefined) continue;
    const { name, reference } = locatorOf(entry, key);
    const isDirect = key.split(", ").some((pattern) => wanted.has(pattern));
    addPackage(packages, name, lockedOf(name, reference, entry, isDirect));
  }
  return { manager: "yarn", format: `berry ${format.slice(0, 20)}`, packages, answers: { by: "pattern", patterns, folders } };
}

/** Yarn 4 writes `npm:` before a range, 2 and 3 leave it out in a project's own list. */
export function patternsOf(name: string, range: string): readonly string[] {
  return [`${name}@${range}`, `${name}@npm:${range}`];
}

/** A project's folder, empty for the root; undefined for what is no project. */
function folderOf(entry: unknown): string | undefined {
  const folder = /@workspace:(.*)$/s.exec(textOf(own(entry, "resolution")) ?? "")?.[1];
  return folder === "." ? "" : folder;
}

function locatorOf(entry: unknown, key: string): { readonly name: string; readonly reference: string } {
  const locator = textOf(own(entry, "resolution")) ?? key;
  const at = locator.indexOf("@", 1);
  return at === -1 ? { name: locator, reference: "" } : { name: locator.slice(0, at), reference: locator.slice(at + 1) };
}

function lockedOf(name: string, reference: string, entry: unknown, isDirect: boolean): LockedPackage {
  return {
    version: textOf(own(entry, "version")) ?? "",
    integrity: textOf(own(entry, "checksum")),
    resolved: resolvedOf(name, reference),
    hasInstallScript: null,
    engines: null,
    isDirect,
    isDev: null,
  };
}

function resolvedOf(name: string, reference: string): Resolved {
  const archive = /[:&]__archiveUrl=([^&]*)/.exec(reference)?.[1];
  if (archive !== undefined) return describeResolved(name, decode(archive));
  if (reference.startsWith("npm:")) return SOME_REGISTRY;
  // Patches that come with yarn itself change nothing of where the package comes from.
  if (reference.startsWith("patch:"))
    return /#(?:optional!)?(?:~?builtin|optional!builtin)</.test(reference) ? SOME_REGISTRY : describeResolved(name, `file:${reference}`);
  return describeResolved(name, reference);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
