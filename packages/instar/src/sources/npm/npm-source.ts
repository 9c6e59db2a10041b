import { isDeepStrictEqual } from "node:util";
import { InstarError, type Origin } from "@instar/protocol";
import semver from "semver";
import type { Clock } from "../../platform/clock.ts";
import { parseBoundedJson } from "../../platform/parse-bounded-json.ts";
import { quoteText } from "../../platform/plain-text.ts";
import { PACKAGE_NAME } from "../../settings/npm-source-settings.ts";
import { ARCHIVE_LIMITS } from "../archive/archive-chunks.ts";
import { unproven } from "../origin.ts";
import { askAddress, askRegistry } from "./ask-registry.ts";
import { chooseVersion, findNamedVersion, type VersionChoice } from "./choose-version.ts";
import { downloadPackage } from "./download-package.ts";
import { judgeVersion, type MachinePlatform, noteVersion } from "./judge-version.ts";
import { type NpmOriginQuestion, proveNpmOrigin } from "./origin/prove-npm-origin.ts";
import { type Packument, parsePackument, parseVersion, type VersionManifest } from "./parse-packument.ts";
import { createPartsFinder, type PartsFinder } from "./platform-parts.ts";
import type { NpmLimits, RegistryPlace } from "./registry-place.ts";

export interface NpmSourceParts {
  readonly package: string;
  /** The highest version within; without it the tag decides. */
  readonly range?: string | undefined;
  readonly tag: string;
  /** http or https, without credentials. */
  readonly registry: string;
  /** Asked before every question, so that a new token counts at once; undefined or null where there is none. See read-token-file.ts. */
  readonly readToken?: (() => Promise<string | null>) | undefined;
  /** Default: refuse. */
  readonly deprecated?: "refuse" | "allow" | undefined;
  /** The version of the Node that the agent runs on; null where nobody knows. */
  readonly agentNode: () => Promise<string | null>;
  readonly platform: MachinePlatform;
  /** Where an archive lies while it comes. A crash leaves a `.tmp-` file there. */
  readonly scratchFolder: string;
  readonly limits?: Partial<NpmLimits> | undefined;
  /** Who may vouch for a version, read anew for each question. Default: nobody. */
  readonly readVouchers?: (() => Promise<NpmOriginQuestion["accepts"]>) | undefined;
  readonly clock: Clock;
}

/** The largest packages that people install say some thirty megabytes of themselves, and pack into a few hundred. */
const LIMITS: NpmLimits = {
  packumentBytes: 64 * 1_024 ** 2,
  tarballBytes: 512 * 1_024 ** 2,
  unpacked: ARCHIVE_LIMITS,
  lookMs: 60_000,
  downloadMs: 30 * 60_000,
  idleMs: 60_000,
};

export interface NpmFound {
  readonly package: string;
  readonly version: string;
  /** As the registry promises it: `sha512-…`; `sha1-…` where it has nothing better, which a note says. */
  readonly integrity: string;
  readonly tarballUrl: string;
  readonly signatures: VersionManifest["signatures"];
  readonly attestationsUrl: string | null;
  /** As the registry says, 0 where it does not. */
  readonly unpackedBytes: number;
  /** The registry's words. */
  readonly deprecated: string | null;
  /** Why it must not be taken although it is offered. */
  readonly refusedBecause: string | null;
  /** True where the former look gave just this. */
  readonly unchanged: boolean;
  /** Few registries say so in their short answer. */
  readonly publishedAt: string | null;
  /** What was passed over or could not be asked, as sentences. */
  readonly notes: readonly string[];
}

export interface NpmSource {
  /** What is offered now; costs no body where nothing changed. @throws InstarError SOURCE_GONE, TIMED_OUT, SOURCE_EMPTY, DETECTION_FAILED; the signal's reason */
  look(signal?: AbortSignal): Promise<NpmFound>;
  /** What a person names: a version, a range, a tag, or one of these behind `package@`. @throws InstarError NOT_FOUND, INPUT_INVALID, and as look */
  find(text: string, signal?: AbortSignal): Promise<NpmFound>;
  /** Who vouches for a version, by what the registry has and instar.yaml says of whom may. @throws InstarError SETTINGS_INVALID, and as look */
  prove(found: NpmFound, signal: AbortSignal): Promise<Origin>;
  /**
   * Brings, checks and unpacks a version into a folder that is there and empty; an error may leave a part in it.
   * @throws InstarError SOURCE_GONE, TIMED_OUT, PACKAGE_REFUSED, CONFLICT, DISK_FULL, PLATFORM_FAILED; the signal's reason
   */
  download(found: NpmFound, into: string, signal?: AbortSignal): Promise<void>;
}

/** What is remembered of a look. Forgotten with the process: the first look after a start reads the whole answer. */
interface Looked {
  readonly etag: string | null;
  readonly choice: VersionChoice;
  readonly found: NpmFound;
}

/** An npm registry that is asked about one package. */
export function createNpmSource(settings: NpmSourceParts): NpmSource {
  if (!PACKAGE_NAME.test(settings.package)) throw new InstarError("INPUT_INVALID", `${quoteText(settings.package, 214)} is not the name of a package`);
  const limits = { ...LIMITS, ...settings.limits };
  const place: RegistryPlace = { registry: registryOf(settings.registry), readToken: settings.readToken, clock: settings.clock, limits };
  const parts = createPartsFinder(place);
  let looked: Looked | undefined;
  return {
    look: async (signal) => {
      const former = looked;
      const answer = await askRegistry(place, settings.package, { etag: former?.etag ?? null, signal });
      if (answer.kind === "missing") throw missing(settings, "SOURCE_EMPTY");
      const choice = answer.kind === "unchanged" && former !== undefined ? former.choice : chooseVersion(packumentOf(settings, answer), settings);
      const found = await describeFound(settings, parts, choice, limits, signal);
      const unchanged = former !== undefined && isDeepStrictEqual({ ...found, unchanged: false }, { ...former.found, unchanged: false });
      looked = { etag: answer.kind === "document" ? answer.etag : (former?.etag ?? null), choice, found };
      return { ...found, unchanged };
    },
    find: async (text, signal) => {
      const wanted = parseWanted(text, settings.package);
      const answer = await askRegistry(place, settings.package, { etag: null, signal });
      if (answer.kind === "missing") throw missing(settings, "NOT_FOUND");
      return describeFound(settings, parts, findNamedVersion(packumentOf(settings, answer), wanted), limits, signal);
    },
    prove: async (found, signal) => {
      const accepts = (await settings.readVouchers?.()) ?? {};
      if (accepts.keys === undefined && accepts.provenance === undefined) return unproven("source.npm.origin names nobody who could vouch for a version");
      const { version, integrity, signatures, attestationsUrl } = found;
      const fetchJson = (url: string, within: AbortSignal) => askAttestations(place, url, within);
      return proveNpmOrigin(
        { packageName: found.package, version, integrity, signatures, attestationsUrl, accepts, nowMs: settings.clock.wallMs(), fetchJson },
        signal,
      );
    },
    download: (found, into, signal) => downloadPackage(place, { found, into, scratchFolder: settings.scratchFolder }, signal),
  };
}

const ATTESTATIONS_BYTES = 2 * 1_024 ** 2;

/** Null where the registry has none. What it names elsewhere is not asked: the token goes to it and nowhere else, and so does the question. */
async function askAttestations(place: RegistryPlace, url: string, signal: AbortSignal): Promise<unknown> {
  const address = URL.parse(url);
  if (address === null || address.origin !== place.registry.origin)
    throw new InstarError("DETECTION_FAILED", "the registry says that a version's provenance lies somewhere else", {
      facts: { registry: place.registry.origin },
    });
  const answer = await askAddress(place, { address, accept: "application/json", etag: null, limitBytes: ATTESTATIONS_BYTES }, signal);
  if (answer.kind !== "document") return null;
  const json = parseBoundedJson(answer.text);
  if (json.kind === "json") return json.value;
  throw new InstarError("DETECTION_FAILED", `what the registry says of a version's provenance ${json.because}`, { facts: { registry: place.registry.origin } });
}

function registryOf(address: string): URL {
  const registry = URL.parse(address);
  if (registry === null || !/^https?:$/.test(registry.protocol) || registry.username !== "" || registry.password !== "")
    throw new InstarError("INPUT_INVALID", "the registry's address is no http or https address without a password", {
      advice: "Check source.npm.registry in instar.yaml.",
    });
  registry.pathname = registry.pathname.replace(/\/*$/, "/");
  return registry;
}

/** An answer of 304 to a question without an ETag says nothing. */
function packumentOf(settings: NpmSourceParts, answer: { readonly kind: "unchanged" } | { readonly kind: "document"; readonly text: string }): Packument {
  if (answer.kind === "unchanged")
    throw new InstarError("DETECTION_FAILED", "the registry answers that nothing changed, though nothing was asked of it before");
  return parsePackument(answer.text, settings.package);
}

async function describeFound(
  settings: NpmSourceParts,
  parts: PartsFinder,
  { version, manifest: written, publishedAt, notes }: VersionChoice,
  limits: NpmLimits,
  signal: AbortSignal | undefined,
): Promise<NpmFound> {
  const manifest = parseVersion(written, settings.package, version);
  const agentNode = await settings.agentNode();
  const registry = registryOf(settings.registry);
  const because = judgeVersion(manifest, { agentNode, platform: settings.platform, allowsDeprecated: settings.deprecated === "allow", registry, limits });
  return {
    package: settings.package,
    version,
    integrity: manifest.integrity,
    tarballUrl: manifest.tarballUrl,
    signatures: manifest.signatures,
    attestationsUrl: manifest.attestationsUrl,
    unpackedBytes: manifest.unpackedBytes,
    deprecated: manifest.deprecated,
    // Only what else could be taken is worth the questions.
    refusedBecause: because ?? (await parts.findMissing(manifest.optionalDependencies, settings.platform, signal)) ?? null,
    unchanged: false,
    publishedAt,
    notes: [...notes, ...noteVersion(manifest, agentNode)],
  };
}

function missing({ package: name, registry, readToken }: NpmSourceParts, code: "SOURCE_EMPTY" | "NOT_FOUND"): InstarError {
  return new InstarError(code, `the registry has no package ${name}`, {
    facts: { package: name, registry },
    advice:
      readToken === undefined
        ? "Check source.npm.package; a private package is shown only to a token (source.npm.tokenFile)."
        : "Check source.npm.package, and what the token may read.",
  });
}

function parseWanted(text: string, name: string): string {
  const at = text.lastIndexOf("@");
  const [named, wanted] = at > 0 ? [text.slice(0, at), text.slice(at + 1)] : [name, text];
  if (named !== name) throw new InstarError("INPUT_INVALID", `${quoteText(named, 214)} is not the package that is followed, which is ${name}`);
  const trimmed = wanted.trim();
  if (trimmed === "" || trimmed.length > 256) throw new InstarError("INPUT_INVALID", `${quoteText(text, 100)} names no version`);
  return semver.valid(trimmed) ?? trimmed;
}
