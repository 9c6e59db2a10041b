import { createHash } from "node:crypto";
import type { ModelFailure, ModelWord, Opinion } from "@instar/protocol";
import type { Clock } from "../../platform/clock.ts";
import { plainText } from "../../platform/plain-text.ts";
import { redactSecrets } from "../../platform/secrets/redact-secrets.ts";
import type { ModelSettings } from "../../settings/decision-settings.ts";
import { createBoundedFetch, type Heard } from "./bounded-fetch.ts";
import { mapStrings } from "./map-strings.ts";
import type { ModelEvidence } from "./model-evidence.ts";
import { parseOpinion } from "./parse-opinion.ts";
import { planPrompt } from "./plan-prompt.ts";
import { type Generation, runGeneration } from "./run-generation.ts";

export interface ModelQuestion {
  readonly model: ModelSettings;
  readonly evidence: ModelEvidence;
}

export interface ModelPorts {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Of agent.environmentFile, read anew. */
  readonly readSecret: (name: string) => Promise<string | undefined>;
  /** Name → value of all that must leave this machine for nobody; the model's key need not be among them. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** What came of asking, and the two texts to be kept: without secrets, as their digests in the word say. */
export interface AskedModel {
  readonly word: ModelWord;
  /** What was sent, system text first; null where nothing was. */
  readonly prompt: string | null;
  /** What the model said, or the whole body where that could not be read as its provider writes; null where nothing came, or too much. */
  readonly answer: string | null;
}

/** An opinion is a page. */
const ANSWER_LIMIT_BYTES = 262_144;
const ANTHROPIC_URL = "https://api.anthropic.com/v1";
const SHOWN = 200;

/** Asks a model for its opinion of an update, once, within one deadline. Whatever the other side does is a word; only the caller's own signal throws. */
export async function askModel({ model, evidence }: ModelQuestion, { clock, signal, readSecret, secrets }: ModelPorts): Promise<AskedModel> {
  signal.throwIfAborted();
  const startedMs = clock.monotonicMs();
  const asked = {
    model: `${model.provider} ${model.name}`,
    prompt: null as string | null,
    tookMs: () => Math.max(0, Math.round(clock.monotonicMs() - startedMs)),
  };

  const key = await readKey(model, readSecret);
  signal.throwIfAborted();
  if (key.kind === "missing") return failed(asked, "no-key", key.because, null);
  const known = key.value === undefined ? secrets : { ...secrets, [model.keyVariable ?? "key"]: key.value };
  const redact = (text: string) => redactSecrets(text, known);

  // Before anything is cut: half a secret is recognised by nobody.
  const prompt = planPrompt(mapStrings(evidence, redact));
  asked.prompt = `${prompt.system}\n\n${prompt.prompt}`;

  const deadline = startDeadline(clock, model.within, signal);
  const baseUrl = model.baseUrl ?? ANTHROPIC_URL;
  const http = createBoundedFetch({ baseUrl, key: keyHeader(model, key.value), limitBytes: ANSWER_LIMIT_BYTES, signal: deadline.signal, redact });
  try {
    const generation = await runGeneration(model, prompt, { baseUrl, fetch: http.fetch, signal: deadline.signal });
    return judge(asked, generation, redact);
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.isOver()) return failed(asked, "timeout", `no answer within ${model.within / 1_000} s`, null);
    return notHeard(asked, http.heard(), error, redact);
  } finally {
    deadline.end();
  }
}

interface Asked {
  readonly model: string;
  readonly prompt: string | null;
  readonly tookMs: () => number;
}
type Redact = (text: string) => string;

type Key = { readonly kind: "key"; readonly value: string | undefined } | { readonly kind: "missing"; readonly because: string };

async function readKey({ keyVariable }: ModelSettings, readSecret: ModelPorts["readSecret"]): Promise<Key> {
  if (keyVariable === undefined) return { kind: "key", value: undefined };
  // Why it cannot be read may quote what is in the file.
  const value = await readSecret(keyVariable).catch(() => undefined);
  if (value === undefined || value.trim() === "")
    return { kind: "missing", because: `agent.environmentFile has no ${keyVariable}, and decision.model.keyVariable names it` };
  if (!/^[!-~]+$/.test(value.trim())) return { kind: "missing", because: `${keyVariable} of agent.environmentFile holds what no header can carry` };
  return { kind: "key", value: value.trim() };
}

function keyHeader({ provider }: ModelSettings, key: string | undefined): { header: string; value: string } | undefined {
  if (key === undefined) return undefined;
  return provider === "anthropic" ? { header: "x-api-key", value: key } : { header: "authorization", value: `Bearer ${key}` };
}

function startDeadline(clock: Clock, withinMs: number, outer: AbortSignal) {
  const over = new AbortController();
  const ended = new AbortController();
  clock.sleep(withinMs, AbortSignal.any([outer, ended.signal])).then(
    () => over.abort(new Error("the deadline is over")),
    () => undefined,
  );
  return { signal: AbortSignal.any([outer, over.signal]), isOver: () => over.signal.aborted, end: () => ended.abort() };
}

function judge(asked: Asked, { text, finished, tokens }: Generation, redact: Redact): AskedModel {
  const answer = redact(text);
  if (finished === "content-filter")
    return failed(asked, "refused", `the model refused to answer${answer.trim() === "" ? "" : `: ${plainText(answer, SHOWN)}`}`, answer);
  if (text.trim() === "") return failed(asked, "refused", "the model answered nothing", answer);
  if (finished === "length") return failed(asked, "malformed", "the answer ended at decision.model.maxTokens", answer);
  const parsed = parseOpinion(text);
  if (parsed.kind === "malformed") {
    // Its words quote the answer's beginning: said again of the text without secrets.
    const again = parseOpinion(answer);
    return failed(asked, "malformed", again.kind === "malformed" ? again.because : "the answer is no opinion", answer);
  }
  const { model, tookMs } = asked;
  const prompt = asked.prompt ?? "";
  const opinion = cleanOpinion(parsed.opinion, redact);
  const word: ModelWord = { kind: "said", opinion, model, promptDigest: digestOf(prompt), answerDigest: digestOf(answer), tookMs: tookMs(), tokens };
  return { word, prompt, answer };
}

/** Its texts are shown to people and kept: without secrets, and within their limits still. */
function cleanOpinion(opinion: Opinion, redact: Redact): Opinion {
  const { reasoning, recommendations } = opinion;
  return { ...opinion, reasoning: redact(reasoning).slice(0, 8_000), recommendations: recommendations.map((text) => redact(text).slice(0, 500)) };
}

/** The fetch knows best; where it brought an answer, the library could not read that as its provider's. */
function notHeard(asked: Asked, heard: Heard, error: unknown, redact: Redact): AskedModel {
  if (heard.kind === "trouble") return failed(asked, heard.how, heard.because, null);
  const words = plainText(redact(String(error)), SHOWN);
  if (heard.kind === "not-asked") return failed(asked, "error", `the question could not be put: ${words}`, null);
  const body = redact(heard.body);
  if (body.trim() === "") return failed(asked, "refused", "the answer is empty", body);
  return failed(asked, "malformed", `the answer is not what ${asked.model} should send: ${words}`, body);
}

function failed({ model, prompt, tookMs }: Asked, how: ModelFailure, because: string, answer: string | null): AskedModel {
  const [promptDigest, answerDigest] = [prompt, answer].map((text) => (text === null ? null : digestOf(text)));
  return {
    word: { kind: "failed", how, because, model, promptDigest: promptDigest ?? null, answerDigest: answerDigest ?? null, tookMs: tookMs() },
    prompt,
    answer,
  };
}

const digestOf = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
