import { parseSyml } from "@yarnpkg/parsers";
import { describeResolved, UNKNOWN_PLACE } from "./describe-resolved.ts";
import { addPackage, type LockedPackage, type Lockfile } from "./lockfile.ts";
import { isPlain, own, textOf } from "./plain-value.ts";

/**
 * yarn.lock of yarn 1: `"a@^1.0.0", "a@^1.2.0":` and what they became. It names no projects and tells of no install scripts.
 * @throws Error with a sentence why not
 */
export function parseYarnClassicLock(text: string): Lockfile {
  assertPlainShape(text);
  const parsed: unknown = parseSyml(text);
  if (!isPlain(parsed)) throw new Error("it is not a list of packages");
  const packages = new Map<string, LockedPackage[]>();
  const seen = new Set<string>();
  const patterns = new Set<string>();
  for (const [pattern, entry] of Object.entries(parsed)) {
    if (!isPlain(entry)) throw new Error(`it does not describe ${JSON.stringify(pattern.slice(0, 200))}`);
    patterns.add(pattern);
    const name = nameOf(pattern);
    const version = textOf(own(entry, "version")) ?? "";
    const address = textOf(own(entry, "resolved"));
    const integrity = textOf(own(entry, "integrity")) ?? hashOf(address);
    const id = JSON.stringify([name, version, address, integrity]); // many patterns, one package
    if (seen.has(id)) continue;
    seen.add(id);
    const resolved = address === null ? describeUnnamed(name, pattern) : describeResolved(name, address);
    addPackage(packages, name, { version, integrity, resolved, hasInstallScript: null, engines: null, isDirect: null, isDev: null });
  }
  return { manager: "yarn", format: "1", packages, answers: { by: "pattern", patterns, folders: null } };
}

/**
 * Looked at before the parser does: it takes the last of two equal keys, drops a key `__proto__`, and tries nested blocks several ways each,
 * so that depth costs it dearly. Yarn writes two levels of fields.
 */
function assertPlainShape(text: string): void {
  if (text.includes("__proto__")) throw new Error("it holds the name __proto__, which no package has");
  const patterns = new Set<string>();
  let fields = new Set<string>();
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === "" || line.trimStart().startsWith("#")) continue;
    const indent = line.length - line.trimStart().length;
    if (indent > 4 || line.includes("\t")) throw new Error("it is nested deeper than yarn writes");
    if (indent === 0) {
      fields = new Set();
      for (const pattern of line.replace(/:\s{0,9}$/, "").split(", ")) addOnce(patterns, pattern.replace(/^"|"$/g, ""));
    } else if (indent <= 2) addOnce(fields, /^\s{1,2}"?([^\s":]{1,100})/.exec(line)?.[1] ?? line);
  }
}

function addOnce(seen: Set<string>, key: string): void {
  if (seen.has(key)) throw new Error(`it says ${JSON.stringify(key.slice(0, 100))} twice`);
  seen.add(key);
}

/** `alias@npm:real@^1.0.0` is real. */
function nameOf(pattern: string): string {
  const at = pattern.indexOf("@", 1);
  const [name, range] = at === -1 ? [pattern, ""] : [pattern.slice(0, at), pattern.slice(at + 1)];
  if (!range.startsWith("npm:")) return name;
  const end = range.indexOf("@", "npm:".length + 1);
  return end === -1 ? range.slice("npm:".length) : range.slice("npm:".length, end);
}

/** Before it wrote integrity, yarn put a sha1 behind the address. Behind a git address stands the commit. */
function hashOf(address: string | null): string | null {
  const hash = /^https?:[^#]*\.tgz[^#]*#([0-9a-f]{40})$/.exec(address ?? "")?.[1];
  return hash === undefined ? null : `sha1:${hash}`;
}

/** A folder has no address of its own: it stands in the pattern. */
function describeUnnamed(name: string, pattern: string): LockedPackage["resolved"] {
  const range = pattern.slice(pattern.indexOf("@", 1) + 1);
  return /^(?:file|link|portal):/.test(range) ? describeResolved(name, range) : UNKNOWN_PLACE;
}
