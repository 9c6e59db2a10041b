import { z } from "zod";

/** Who can vouch for a version. `none`: nobody does, or nobody whom instar.yaml names. */
export const ORIGINS = ["tuf", "ssh", "openpgp", "npm-provenance", "npm-signature", "pinned-key", "self", "none"] as const;
export type OriginKind = (typeof ORIGINS)[number];

/** Who vouches for a version, as it was proved when it was brought and before anything in it ran. */
export const origin = z.object({
  kind: z
    .enum(ORIGINS)
    .describe(
      "tuf: metadata of signed releases; ssh, openpgp: a signed commit or tag; npm-provenance: where it was built; npm-signature: a registry's pinned key; pinned-key: an endpoint's; self: the agent, which made it of what runs",
    ),
  by: z.string().nullable().describe("The key, the person or the workflow that signed; null where nobody did"),
  because: z.string().describe("What was found, in words"),
});
export type Origin = z.output<typeof origin>;
