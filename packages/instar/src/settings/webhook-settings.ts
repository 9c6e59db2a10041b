import { z } from "zod";
import { duration, port, size } from "./setting-values.ts";

/** JSON longer than this is parsed by nobody in Instar. */
const LARGEST_BODY_BYTES = 4 * 1_048_576;

const repositories = z
  .array(z.string().regex(/^[\w.-]+(\/[\w.-]+)+$/, "must be a repository such as owner/name"))
  .min(1)
  .describe("The repositories that are listened to, as owner/name");
const secretFile = z
  .string()
  .min(1)
  .describe("A file with the secret that is shared with the sender; on a second line the one before it, while it is exchanged");

/** `webhooks`: who may say that something changed. What is fetched then, the configured source alone decides. */
export const webhookSettings = z.strictObject({
  port: port.describe("A port of its own, for webhooks and nothing else"),
  host: z.string().min(1).default("127.0.0.1").describe("Where it listens; what comes from outside should come through a proxy that speaks TLS"),
  github: z.strictObject({ secretFile, repositories }).optional().describe("POST /webhooks/github"),
  gitlab: z
    .strictObject({
      secretFile: secretFile.optional().describe("A file with the secret token, which GitLab sends as it is; on a second line the one before it"),
      signingSecretFile: z.string().min(1).optional().describe("A file with the signing token (whsec_...); with it what is not signed is refused"),
      repositories,
    })
    .refine((gitlab) => gitlab.secretFile !== undefined || gitlab.signingSecretFile !== undefined, "needs secretFile or signingSecretFile")
    .optional()
    .describe("POST /webhooks/gitlab"),
  generic: z.strictObject({ secretFile }).optional().describe("POST /webhooks/generic: Standard Webhooks, or what another Instar's notifications send"),
  maxBytes: size
    .refine((bytes) => bytes <= LARGEST_BODY_BYTES, "must be 4MiB at most")
    .prefault("1MiB")
    .describe("The longest body; GitHub sends up to 25 MB for very large pushes, and one that is refused is found by the next check"),
  freshWithin: duration.prefault("5m").describe("How far the sender's clock may be from this one, where the time is signed"),
});
export type WebhookSettings = z.output<typeof webhookSettings>;
