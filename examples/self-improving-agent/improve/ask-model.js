import { fetchBounded } from "./fetch-bounded.js";

const WITHIN_MS = 120_000;
const OUTPUT_TOKENS = 4_096;

/**
 * Asks any OpenAI-compatible endpoint for a proposal. What comes is in the form that was asked for, and otherwise not judged.
 *
 * @param {{ url: string, name: string, key: string | undefined }} model
 * @returns {Promise<{ kind: "proposed", proposal: unknown } | { kind: "failed", because: string }>} throws only where `signal` says so
 */
export async function askModel(model, { instructions, prompt }, signal) {
  // Only here: the agent serves, and its tests run, where these are not installed.
  const [{ createOpenAICompatible }, { generateText, Output }, { z }] = await Promise.all([import("@ai-sdk/openai-compatible"), import("ai"), import("zod")]);
  const edit = z.object({ path: z.string(), find: z.string(), replace: z.string() });
  const endpoint = createOpenAICompatible({ name: "model", baseURL: model.url, apiKey: model.key, supportsStructuredOutputs: true, fetch: fetchBounded });
  try {
    const { output } = await generateText({
      model: endpoint.chatModel(model.name),
      output: Output.object({ name: "proposal", schema: z.object({ summary: z.string(), edits: z.array(edit), test: z.string() }) }),
      instructions,
      prompt,
      temperature: 0,
      maxOutputTokens: OUTPUT_TOKENS,
      maxRetries: 0,
      abortSignal: AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]),
    });
    return { kind: "proposed", proposal: output };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "failed", because: describe(error) };
  }
}

function describe(error) {
  if (error?.name === "AI_NoObjectGeneratedError" || error?.name === "AI_NoOutputGeneratedError") return "the model's answer is no proposal";
  const causes = [];
  for (let each = error; each instanceof Error && causes.length < 4; each = each.cause) causes.push(each.message);
  return `the model could not be asked: ${causes.join(": ").slice(0, 300)}`;
}
