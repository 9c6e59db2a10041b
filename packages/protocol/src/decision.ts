import { z } from "zod";
import { RISKS } from "./impact.ts";

export const OPINIONS = ["approve", "reject", "defer"] as const;

/** What a language model says of an update, exactly so (`self-upgrading-loop` §4.1). It is heard; it decides nothing by itself. */
export const opinion = z.strictObject({
  decision: z.enum(OPINIONS),
  confidence: z.number().min(0).max(1),
  reasoning: z.string().min(1).max(8_000),
  riskAssessment: z.strictObject({
    technical: z.enum(RISKS),
    security: z.enum(RISKS),
    performance: z.enum(RISKS),
    operational: z.enum(RISKS),
  }),
  recommendations: z.array(z.string().max(500)).max(20),
});
export type Opinion = z.output<typeof opinion>;

/** Every way in which a model that was asked can leave us without an opinion. */
export const MODEL_FAILURES = ["timeout", "refused", "malformed", "too-long", "no-key", "unreachable", "error"] as const;
export type ModelFailure = (typeof MODEL_FAILURES)[number];

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** What came of asking. The digests are of the texts as they are kept, without secrets. */
export const modelWord = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("said"),
    opinion,
    model: z.string().describe("Who was asked: provider and name, from instar.yaml"),
    promptDigest: digest,
    answerDigest: digest,
    tookMs: z.int().min(0),
    tokens: z
      .strictObject({ input: z.int().min(0), output: z.int().min(0) })
      .nullable()
      .describe("As the provider counted; null where it did not say"),
  }),
  z.strictObject({
    kind: z.literal("failed"),
    how: z.enum(MODEL_FAILURES),
    because: z.string(),
    model: z.string(),
    promptDigest: digest.nullable().describe("null where nothing was sent"),
    answerDigest: digest.nullable().describe("null where nothing was heard"),
    tookMs: z.int().min(0),
  }),
]);
export type ModelWord = z.output<typeof modelWord>;
