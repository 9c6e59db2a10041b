import semver from "semver";
import type { LockedPackage, Resolved } from "./lockfile.ts";

interface ConcernQuestion {
  readonly before: readonly LockedPackage[];
  readonly after: readonly LockedPackage[];
  /** Registries that the lockfile before used at all. */
  readonly knownHosts: ReadonlySet<string>;
  /** The Node that would run it; null where that is not known. */
  readonly node: string | null;
}

/** What a person should look at before a package is installed, each in a sentence. Empty where only an ordinary version is another. Pure. */
export function findConcerns(question: ConcernQuestion): readonly string[] {
  if (question.after.length === 0) return [];
  return [
    ...findOtherBytes(question),
    ...findOtherRegistries(question),
    ...findOddSources(question),
    ...findWeakHashes(question),
    ...findInstallScripts(question),
    ...findUnmetEngines(question),
  ];
}

/** What a registry has published as a version never changes: other bytes under the same number are the mark of an attack, or of another place. */
function findOtherBytes({ before, after }: ConcernQuestion): string[] {
  const found = new Set<string>();
  for (const now of after) {
    const thens = before.filter(({ version }) => version === now.version);
    const orders = thens.map(({ integrity }) => compareHashes(integrity, now.integrity));
    if (!orders.includes("same")) {
      if (orders.includes("other")) found.add(`${quote(now.version)} is the same version with other bytes than before`);
      if (orders.includes("incomparable"))
        found.add(`the hash of ${quote(now.version)} is of another kind than before: whether its bytes are the same cannot be told`);
      if (orders.includes("gone")) found.add(`${quote(now.version)} had a hash before and has none now`);
    }
    const [then] = thens;
    if (then !== undefined && thens.every(({ resolved }) => isOtherPlace(resolved, now.resolved)))
      found.add(`${quote(now.version)} comes from ${quote(now.resolved.at)}, before from ${quote(then.resolved.at)}`);
    const twin = after.find(({ version, integrity }) => version === now.version && compareHashes(integrity, now.integrity) === "other");
    if (twin !== undefined) found.add(`${quote(now.version)} is listed twice with different bytes`);
  }
  return [...found];
}

/** Of a git commit or a file, the address is all there is to compare. */
function isOtherPlace(then: Resolved, now: Resolved): boolean {
  return then.at !== now.at && [then, now].some(({ protocol }) => protocol === "git" || protocol === "http" || protocol === "file");
}

type HashOrder = "same" | "other" | "incomparable" | "gone" | "none";

function compareHashes(then: string | null, now: string | null): HashOrder {
  if (then === null || now === null) return then === null ? "none" : "gone";
  const [before, after] = [hashesOf(then), hashesOf(now)];
  const shared = [...before.keys()].filter((algorithm) => after.has(algorithm));
  if (shared.length === 0) return "incomparable";
  return shared.every((algorithm) => [...(after.get(algorithm) ?? [])].every((hash) => before.get(algorithm)?.has(hash))) ? "same" : "other";
}

/** Algorithm → hashes. yarn's `10c0/…` is comparable only where it was packed alike. */
function hashesOf(integrity: string): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const part of integrity.trim().split(/\s+/)) {
    const [, algorithm = "unknown", hash = part] = /^([a-z0-9]{1,20})[-:](.*)$/is.exec(part) ?? /^([0-9a-z]{1,10})\/([0-9a-f]+)$/i.exec(part) ?? [];
    const bare = hash.replace(/\?.*$/s, "");
    const there = found.get(algorithm.toLowerCase());
    if (there === undefined) found.set(algorithm.toLowerCase(), new Set([bare]));
    else there.add(bare);
  }
  return found;
}

function findOtherRegistries({ before, after, knownHosts }: ConcernQuestion): string[] {
  const then = new Set(before.flatMap(registryOf));
  const known = then.size > 0 ? then : knownHosts;
  if (known.size === 0) return [];
  const fresh = new Set(after.flatMap(registryOf).filter((host) => !known.has(host)));
  return [...fresh].map((host) =>
    then.size > 0
      ? `it comes from the registry ${quote(host)}, before from ${[...then].map(quote).join(", ")}`
      : `it comes from ${quote(host)}, a registry that nothing else came from before`,
  );
}

/** yarn's name for npm's registry is the same registry; an unnamed one is the machine's own choice, and mostly that. */
export function registryOf({ resolved }: LockedPackage): readonly string[] {
  if (resolved.protocol !== "registry") return [];
  return [resolved.host === null || resolved.host === "registry.yarnpkg.com" ? "registry.npmjs.org" : resolved.host];
}

function findOddSources({ after }: ConcernQuestion): string[] {
  const found = new Set<string>();
  for (const { resolved } of after) {
    const from = quote(resolved.at);
    if (resolved.protocol === "git") found.add(`it comes from a git repository (${from}), not from a registry`);
    if (resolved.protocol === "http") found.add(`it comes from an address (${from}), not from a registry`);
    if (resolved.protocol === "file") found.add(`it comes from a file (${from}), not from a registry`);
    if (resolved.protocol === "link") found.add(`it is a link to a folder (${from})`);
    if (resolved.protocol === "unknown")
      found.add(resolved.at === null ? "the lockfile does not say where it comes from" : `it comes from ${from}, and what that is is not known`);
    if (!resolved.isEncrypted && resolved.at !== null) found.add(`it is fetched without encryption (${from})`);
  }
  return [...found];
}

function findWeakHashes({ before, after }: ConcernQuestion): string[] {
  const found = new Set<string>();
  const wasStrong = before.some(({ integrity }) => integrity !== null && !isWeak(integrity));
  for (const { integrity, resolved, version } of after) {
    const isFetched = resolved.protocol === "registry" || resolved.protocol === "http";
    if (integrity === null && isFetched) found.add(`${quote(version)} has no hash: whatever the address answers is installed`);
    else if (integrity !== null && isWeak(integrity))
      found.add(wasStrong ? `the hash of ${quote(version)} is weaker than before` : `${quote(version)} has only a weak hash (sha1 or md5)`);
  }
  return [...found];
}

function isWeak(integrity: string): boolean {
  return [...hashesOf(integrity).keys()].every((algorithm) => algorithm === "sha1" || algorithm === "md5");
}

function findInstallScripts({ before, after }: ConcernQuestion): string[] {
  if (!after.some(({ hasInstallScript }) => hasInstallScript === true)) return [];
  if (before.some(({ hasInstallScript }) => hasInstallScript === true)) return [];
  if (before.length === 0) return ["it is new, and runs a program of its own while it is installed"];
  return before.some(({ hasInstallScript }) => hasInstallScript === null)
    ? ["it runs a program of its own while it is installed; whether it did before is not known"]
    : ["it runs a program of its own while it is installed, which it did not before"];
}

function findUnmetEngines({ after, node }: ConcernQuestion): string[] {
  const ranges = new Set(after.flatMap(({ engines }) => (engines === null ? [] : [engines])));
  return [...ranges].flatMap((range) => {
    const answer = isMet(range, node);
    if (answer === "met" || answer === "unasked") return [];
    return [
      answer === "unmet" ? `it asks for Node ${quote(range)}, and ${node} runs here` : `it asks for the Node ${quote(range)}, which cannot be understood`,
    ];
  });
}

/** Longer ranges are no honest ones. */
const MAX_RANGE = 256;

function isMet(range: string, node: string | null): "met" | "unmet" | "unasked" | "not-understood" {
  if (range.length > MAX_RANGE || semver.validRange(range) === null) return "not-understood";
  if (node === null) return "unasked";
  return semver.satisfies(node, range, { includePrerelease: true }) ? "met" : "unmet";
}

/** Names and addresses are strangers' words: no control character, and no page of text. */
function quote(text: string | null): string {
  return text === null ? "nowhere" : JSON.stringify(text.slice(0, 200)).slice(1, -1);
}
