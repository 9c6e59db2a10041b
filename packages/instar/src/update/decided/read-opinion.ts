import { type ImpactReport, stageResult } from "@instar/protocol";
import { z } from "zod";
import { isSecretName } from "../../edits/is-secret-name.ts";
import { askModel } from "../../governance/model/ask-model.ts";
import type { ModelEvidence } from "../../governance/model/model-evidence.ts";
import { riskRank } from "../../governance/policy/update-facts.ts";
import { readEnvironmentFile } from "../../settings/read-environment-file.ts";
import { environmentFileOf } from "../exchange.ts";
import type { StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { sourceCommitOf } from "../steps/source-commit.ts";
import type { DecisionRecord } from "./decision-record.ts";

interface Told {
  /** What the policies said: a model is asked about what they do not refuse. */
  readonly decided: DecisionRecord;
  readonly impact: ImpactReport;
  /** Subjects of its commits. */
  readonly changes: readonly string[];
  readonly lessons: readonly string[];
  /** The commit that runs. */
  readonly running: string | null;
}

/** `hybrid`: from this risk on the rules alone are not enough. */
const HYBRID_FROM = riskRank("medium");
const DIFF_BYTES = 200_000;

/**
 * What a language model says of an update, where the settings want one heard; null where they do not. It is asked once, and its word is kept with what it was
 * asked and what it answered, both without secrets. It never throws for anything that the other side does.
 */
export async function readOpinion(rooms: StepRooms, context: StepContext, told: Told): Promise<DecisionRecord["model"]> {
  const { engine, model, approveAbove, approvalAboveRisk, onFailure } = rooms.settings.decision;
  if (engine === "rules" || model === undefined || context.start.trigger === "first") return null;
  if (engine === "hybrid" && riskRank(told.decided.facts.risk) < HYBRID_FROM && told.decided.policy.kind === "proceed") return null;
  context.say(`asking ${model.provider} ${model.name}`);
  const variables = await readVariables(rooms);
  // What is called like a setting (NODE_ENV, PORT) stays readable.
  const secrets = Object.fromEntries(Object.entries(variables).filter(([name]) => isSecretName(name) || name === model.keyVariable));
  const { word, prompt, answer } = await askModel(
    { model, evidence: await gather(rooms, context, told) },
    { clock: rooms.clock, signal: context.signal, readSecret: async (name) => variables[name], secrets },
  );
  const at = new Date(rooms.clock.wallMs()).toISOString();
  for (const text of [prompt, answer]) if (text !== null) rooms.documents.keep(text, at);
  return { engine, limits: { approveAbove, approvalAboveRisk, onFailure }, word };
}

/** Of a file that cannot be read nothing is known: then the key is missing too, and nothing is asked. */
async function readVariables(rooms: StepRooms): Promise<Readonly<Record<string, string>>> {
  const path = environmentFileOf(rooms);
  return path === null ? {} : readEnvironmentFile(path).catch(() => ({}));
}

async function gather(rooms: StepRooms, context: StepContext, { decided, impact, changes, lessons, running }: Told): Promise<ModelEvidence> {
  const { start, given, signal } = context;
  const { facts, policy } = decided;
  return {
    versions: { from: start.versionFrom, to: start.versionTo },
    impact: { ...impact, risk: facts.risk, score: facts.score },
    tests: { verdict: facts.tests, because: decided.gates },
    stages: z.array(stageResult).safeParse(given.stages).data ?? [],
    rehearsal: facts.rehearsal === "off" ? null : { verdict: facts.rehearsal, because: String(given.rehearsalBecause) },
    commits: { total: changes.length, first: changes },
    diff: running === null ? null : await rooms.source.diffText(running, sourceCommitOf(context), DIFF_BYTES, signal),
    lessons,
    policy: { outcome: policy.kind === "later" ? (policy.afterwards ?? "approval") : policy.kind, because: policy.because },
  };
}
