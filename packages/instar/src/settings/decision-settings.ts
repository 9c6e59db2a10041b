import { RISKS } from "@instar/protocol";
import { z } from "zod";
import { riskOfNumber } from "./risk-of-number.ts";
import { duration, variable } from "./setting-values.ts";

/** A level, or the specification's number: 0.6 is medium. */
const riskLimit = z.union([z.enum(RISKS), z.number().min(0).max(1).transform(riskOfNumber)]);

/** A password in an address would be in every log of it; a key is named by keyVariable. */
const baseUrl = z.url({ protocol: /^https?$/ }).refine(isPlainAddress, "must be an address without a user, a password, a query or a fragment");
function isPlainAddress(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const { username, password, search, hash } = new URL(text);
  return username === "" && password === "" && search === "" && hash === "";
}

const modelSettings = z.strictObject({
  provider: z.enum(["openai-compatible", "anthropic"]).describe("openai-compatible: also Ollama, llama.cpp and vLLM on this machine"),
  name: z.string().min(1).max(200).describe("The model, as its provider calls it"),
  baseUrl: baseUrl.optional().describe("Where it is asked, such as http://127.0.0.1:11434/v1; of anthropic its own address by default"),
  keyVariable: variable.optional().describe("A variable of agent.environmentFile that holds the key; without it none is sent"),
  temperature: z.number().min(0).max(2).nullable().default(0.3).describe("null: none is sent, for models that refuse it"),
  maxTokens: z.int().min(256).max(64_000).default(2_000).describe("An answer that is longer is none"),
  within: duration.prefault("60s").describe("How long it may take, all in all"),
  effort: z.enum(["low", "medium", "high"]).optional().describe("How long the model thinks, where its provider has such a thing"),
});
export type ModelSettings = z.output<typeof modelSettings>;

/** `self-upgrading-loop` §5.2. Whatever is written here, a model can only ask for a person or refuse: it loosens nothing. */
export const decisionSettings = z.strictObject({
  engine: z.enum(["rules", "model", "hybrid"]).default("rules").describe("Who is heard before an update proceeds"),
  approveAbove: z.number().min(0).max(1).default(0.85).describe("The confidence below which a model's approval does not count"),
  approvalAboveRisk: riskLimit.default("medium").describe("A person is asked where the model sees a higher risk than this"),
  onFailure: z
    .enum(["defer", "reject"])
    .default("defer")
    .describe("What a model that gives no usable answer comes to: a person is asked, or the update is refused"),
  model: modelSettings.optional().describe("Which model is asked"),
});
export type DecisionSettings = z.output<typeof decisionSettings>;
