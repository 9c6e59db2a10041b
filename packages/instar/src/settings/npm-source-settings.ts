import { isIP } from "node:net";
import semver from "semver";
import { z } from "zod";
import { duration } from "./setting-values.ts";

/** A name as a registry takes it; old ones have capitals. Nothing in it has a meaning in an address. */
export const PACKAGE_NAME = /^(?:@[A-Za-z0-9~-][A-Za-z0-9._~-]*\/)?[A-Za-z0-9~-][A-Za-z0-9._~-]*$/;

/** `source.npm.origin`: who may vouch for a version of a package. */
const npmOrigin = z.strictObject({
  keys: z.string().min(1).optional().describe("A file with the registry's keys, as its /-/npm/v1/keys gives them: pinned, and never fetched"),
  provenance: z
    .strictObject({
      repository: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/, "must be owner/name")
        .describe("Where it is built: owner/name"),
      workflow: z
        .string()
        .regex(/^[A-Za-z0-9._-]{1,200}\.ya?ml$/, "must be a workflow's file such as release.yml")
        .optional()
        .describe("By which workflow; default: any of that repository"),
      issuer: z
        .url({ protocol: /^https$/ })
        .default("https://token.actions.githubusercontent.com")
        .describe("Who says which workflow it was"),
      trustedRoot: z.string().min(1).optional().describe("A Sigstore trusted_root.json; default: the one of the public instance that Instar was made with"),
    })
    .optional()
    .describe("Where and by what it must have been built (Sigstore, SLSA provenance)"),
});

export type NpmOrigin = z.output<typeof npmOrigin>;

/** `source.npm`: an agent that is distributed as an npm package. */
export const npmSourceSettings = z
  .strictObject({
    package: z.string().max(214).regex(PACKAGE_NAME, "must be a package's name such as agent or @scope/agent").describe("The package's name"),
    range: z
      .string()
      .min(1)
      .max(256)
      .refine(isRange, "must be a range of versions such as ^1.2, ~1.2.3 or >=1 <3")
      .optional()
      .describe("The highest version within is taken; pre-releases only where the range names one. Without it the tag decides"),
    tag: z
      .string()
      .max(214)
      .regex(/^[A-Za-z0-9._~-]+$/, "must be a tag such as latest or next")
      .refine((text) => !isRange(text), "must be a tag such as latest; a range of versions is set as range")
      .default("latest")
      .describe("The tag that is followed where there is no range"),
    registry: z
      .url({ protocol: /^https?$/ })
      .refine(isBareAddress, "must be an address without a password, ? and #; a token is set as tokenFile")
      .default("https://registry.npmjs.org")
      .describe("The registry that is asked"),
    tokenFile: z.string().min(1).optional().describe("A file with a token for the registry, one line; it is never shown, and sent to no other host"),
    checkEvery: duration.prefault("5m").describe("How often the registry is asked"),
    origin: npmOrigin.optional().describe("Who may vouch for a version"),
    deprecated: z.enum(["refuse", "allow"]).default("refuse").describe("Whether a version is taken that its authors have called deprecated"),
  })
  .refine(({ tokenFile, registry }) => tokenFile === undefined || isPrivateWay(registry), {
    path: ["registry"],
    error: "must be https where there is a tokenFile: whoever listens would have the token",
  });

function isRange(text: string): boolean {
  return semver.validRange(text) !== null;
}

function isBareAddress(address: string): boolean {
  const { username, password, search, hash } = new URL(address);
  return `${username}${password}${search}${hash}` === "";
}

function isPrivateWay(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" || hostname === "localhost" || hostname === "[::1]" || (isIP(hostname) === 4 && hostname.startsWith("127."));
}
