import { checkResults, impactReport } from "@instar/protocol";
import { readStateSize } from "../../backups/read-state-size.ts";
import { judgeGates } from "../../governance/judge-gates.ts";
import type { UpdateFacts } from "../../governance/policy/update-facts.ts";
import type { Json } from "../../ledger/ledger-entry.ts";
import { readFreeBytes } from "../../platform/disk-space.ts";
import { codeOfRefusal, decideUpdate } from "../decided/decide-update.ts";
import { type DecisionRecord, decisionRecord } from "../decided/decision-record.ts";
import { keepPolicies } from "../decided/keep-policies.ts";
import { planUpdateFacts } from "../decided/plan-update-facts.ts";
import { planPolicyContext } from "../decided/policy-context.ts";
import { readOpinion } from "../decided/read-opinion.ts";
import { patternOf } from "../fold-incidents.ts";
import type { Gives } from "../journal-entry.ts";
import { defineStep, type Step, type StepContext, type StepResult } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { commitOf } from "./read-running.ts";

/** Where a mistake in the policies keeps an update waiting, they are looked at again after this long, and then more and more seldom. */
const MENDED_MS = 2_000;
const LONGEST_MENDED_MS = 60_000;

/**
 * Decides whether the candidate may be exchanged, when the evidence is there and nothing has been touched yet: the gates, then the policies, then, where the
 * settings want one, a language model. Everything that was gone by is in what it gives, so that the decision can be computed again.
 */
export function decideStep(rooms: StepRooms): Step {
  return defineStep({
    id: "decide",
    version: 2,
    title: "Decide whether it may proceed",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: (context) => decide(rooms, context),
    undo: { needless: "it only reads" },
    describe: (gives) => [recordIn(gives)?.because ?? String(gives.decision), ...((gives.lessons ?? []) as readonly string[])].join("; "),
  });
}

/** As an older Instar pinned it, whose updates had no step that waits for people: what would wait is refused. */
export function decideAtOnceStep(rooms: StepRooms): Step {
  const step = decideStep(rooms);
  return defineStep({
    ...step,
    version: 1,
    apply: async (context) => {
      const decided = await decide(rooms, context);
      if (decided.kind !== "done" || recordIn(decided.gives)?.comesTo === "proceed") return decided;
      return { kind: "refused", code: "POLICY_DENIED", because: `${recordIn(decided.gives)?.because ?? ""} It was begun by an older Instar and cannot wait.` };
    },
  });
}

async function decide(rooms: StepRooms, context: StepContext): Promise<StepResult> {
  const { update, start, given, say } = context;
  const tests = { verdict: given.tests === "pass" ? ("pass" as const) : ("nodata" as const), because: String(given.testsBecause) };
  const integrity = await rooms.releases.verify(String(given.release));
  const gates = judgeGates({
    tests,
    isIntact: integrity.kind === "intact",
    isFirst: start.trigger === "first",
    isUntestedAllowed: start.overrides.untested ?? false,
    stateBytes: rooms.stateDirectory === null ? 0 : await readStateSize(rooms.stateDirectory),
    freeBytes: await readFreeBytes(rooms.folder),
  });
  if (gates.kind === "refused") return { kind: "refused", code: gates.code, because: gates.because };

  const set = await rooms.readPolicies();
  const sinceTickMs = typeof context.noted.sinceTickMs === "number" ? context.noted.sinceTickMs : Math.round(context.tickMs());
  const mistake = set.problems.find(({ severity }) => severity === "error");
  if (mistake !== undefined)
    return {
      kind: "waiting",
      waitsFor: "operator",
      forMs: Math.min(Math.max((context.tickMs() - sinceTickMs) / 5, MENDED_MS), LONGEST_MENDED_MS),
      because: `nothing proceeds until the policies are mended: ${mistake.file}: ${mistake.message}. \`instar policy check\` shows it all`,
      noted: { sinceTickMs },
    };
  const impact = impactReport.parse(given.impact);
  const lessons = rooms.lessons(patternOf(given.impact), update);
  const running = await commitOf(rooms, start.releaseFrom);
  const { authors, changes } = await rooms.source.readCommit(start.commit, { directory: rooms.settings.agent.directory, since: running ?? undefined });
  const facts = planUpdateFacts(start, {
    impact,
    laterChecks: checkResults.parse(given.codeChecks ?? []),
    tests: tests.verdict,
    rehearsal: rehearsalIn(given),
    isConfined: isConfined(given),
    lessons: lessons.length,
    authors,
  });
  const question = {
    version: start.versionFrom === null ? start.versionTo : `${start.versionFrom} to ${start.versionTo}`,
    facts,
    impactBecause: impact.impactBecause,
    gates: gates.because,
    rehearsal: `the rehearsal: ${String(given.rehearsalVerdict ?? "off")}${given.rehearsalBecause === undefined ? "" : `, ${String(given.rehearsalBecause)}`}`,
    context: planPolicyContext(rooms.settings, rooms.clock.wallMs()).context,
    policies: keepPolicies(rooms, set),
    model: null,
  };
  const byPolicy = decideUpdate(question, set);
  const model = byPolicy.comesTo === "refused" ? null : await readOpinion(rooms, context, { decided: byPolicy, impact, changes, lessons, running });
  const record = model === null ? byPolicy : decideUpdate({ ...question, model }, set);
  say(record.because);
  const gives = { decided: JSON.parse(JSON.stringify(record)) as Json, decision: record.because, comesTo: record.comesTo, lessons: [...lessons] };
  // Refused, and queryable like everything else: what was gone by is the evidence.
  if (record.comesTo === "refused") return { kind: "refused", code: codeOfRefusal(record), because: record.because, evidence: gives };
  return { kind: "done", gives };
}

/** What `decide` wrote down; undefined for what an older Instar wrote. */
export function recordIn(gives: Gives): DecisionRecord | undefined {
  return decisionRecord.safeParse(gives.decided).data;
}

function rehearsalIn({ rehearsalVerdict }: Gives): UpdateFacts["rehearsal"] {
  return (rehearsalVerdict ?? "off") as UpdateFacts["rehearsal"];
}

export function isConfined({ confinement }: Gives): boolean {
  const missing = (confinement as { missing?: readonly unknown[] } | undefined)?.missing;
  return missing === undefined || missing.length === 0;
}
