import { opinion } from "@instar/protocol";
import type { LanguageModel } from "ai";
import { z } from "zod";
import type { ModelSettings } from "../../settings/decision-settings.ts";
import type { Prompt } from "./plan-prompt.ts";

export interface Generation {
  readonly text: string;
  /** Why the model stopped, in the library's words: "stop" where it had said all. */
  readonly finished: string;
  readonly tokens: { readonly input: number; readonly output: number } | null;
}

export interface GenerationTools {
  readonly baseUrl: string;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
}

/** Says one prompt to one model, once. The answer is text, whatever the provider did to have it in the asked form: only we say whether it is an opinion. */
export async function runGeneration(model: ModelSettings, { system, prompt }: Prompt, tools: GenerationTools): Promise<Generation> {
  // Whoever has no model to ask need not have this in memory.
  const { generateText, Output } = await import("ai");
  // What a provider cannot do (a temperature, an effort) is left away by the library; it would print that on the daemon's error output each time.
  globalThis.AI_SDK_LOG_WARNINGS = false;
  const { text, finishReason, usage } = await generateText({
    model: await createProvider(model, tools),
    instructions: system,
    prompt,
    // The form is asked for and not checked here: the library would mend and drop what we must see.
    output: { ...Output.text(), responseFormat: Promise.resolve({ type: "json", schema: ANSWER_FORM, name: "opinion" }) },
    maxOutputTokens: model.maxTokens,
    // A second try would wait on a timer of the library's, and double what a question costs; the update asks again where it wants to.
    maxRetries: 0,
    abortSignal: tools.signal,
    ...(model.temperature === null ? {} : { temperature: model.temperature }),
    ...(model.effort === undefined ? {} : { reasoning: model.effort }),
  });
  return { text, finished: finishReason, tokens: countTokens(usage.inputTokens, usage.outputTokens) };
}

/** Everything that a provider would otherwise look up in the environment is said: the fetch adds the real key. */
async function createProvider(model: ModelSettings, { baseUrl, fetch }: GenerationTools): Promise<LanguageModel> {
  if (model.provider === "anthropic") {
    const { createAnthropic } = await import("@ai-sdk/anthropic");
    return createAnthropic({ baseURL: baseUrl, apiKey: "added-by-fetch", fetch })(model.name);
  }
  const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
  return createOpenAICompatible({
    name: "model",
    baseURL: baseUrl,
    fetch,
    supportsStructuredOutputs: true,
    // OpenAI itself refuses the older name, which everybody else understands.
    transformRequestBody: ({ max_tokens, ...body }) =>
      new URL(baseUrl).hostname === "api.openai.com" ? { ...body, max_completion_tokens: max_tokens } : { ...body, max_tokens },
  })(model.name);
}

/** The shape of an opinion without its limits: providers that hold a model to a form refuse some of them. The limits are in the prompt, and checked afterwards. */
const { $schema: _, ...ANSWER_FORM } = z.toJSONSchema(opinion, {
  override: ({ jsonSchema }) => {
    for (const limit of ["minimum", "maximum", "minLength", "maxLength", "maxItems"] as const) delete jsonSchema[limit];
  },
});

function countTokens(input: number | undefined, output: number | undefined): Generation["tokens"] {
  return isCount(input) && isCount(output) ? { input, output } : null;
}
const isCount = (number: number | undefined): number is number => Number.isSafeInteger(number) && Number(number) >= 0;
