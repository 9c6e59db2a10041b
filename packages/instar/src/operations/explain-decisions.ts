import type { ExplainView } from "@instar/protocol";
import type { Instance } from "../daemon/instance.ts";
import { decideApproval } from "../update/decided/decide-approval.ts";
import { decideUpdate } from "../update/decided/decide-update.ts";
import { type ApprovalRecord, approvalRecord, type DecisionRecord } from "../update/decided/decision-record.ts";
import { readKeptPolicies } from "../update/decided/keep-policies.ts";
import type { Gives, JournalEntry } from "../update/journal-entry.ts";
import { recordIn } from "../update/steps/decide.ts";

type Decision = ExplainView["decisions"][number];

/** Why an update might or might not be exchanged, each decision computed again from the facts and the policies' texts that were kept with it. */
export function explainDecisions(instance: Pick<Instance, "rooms">, journal: readonly JournalEntry[]): Decision[] {
  // Of all looks while it waits the newest is enough, and only as long as it waits.
  const ofStep = journal.findLast((entry) => "step" in entry && entry.step === "approve" && entry.kind !== "applying");
  const lastWait = ofStep?.kind === "waiting" ? ofStep : undefined;
  let decided: DecisionRecord | undefined;
  return journal.flatMap((entry): Decision[] => {
    if (!("step" in entry)) return [];
    const gives = givesOf(entry, lastWait);
    const head = { index: entry.seq, at: entry.at };
    if (entry.step === "decide") {
      const record = recordIn(gives);
      if (record === undefined) return [];
      decided = record;
      return [{ ...head, step: "decide", comesTo: record.comesTo, because: record.because, recomputed: decideAgain(instance, record) }];
    }
    const record = entry.step === "approve" ? approvalRecord.safeParse(gives.approval).data : undefined;
    if (record === undefined || decided === undefined) return [];
    return [{ ...head, step: "approve", comesTo: record.comesTo, because: record.because, recomputed: approveAgain(instance, record, decided) }];
  });
}

function givesOf(entry: JournalEntry, lastWait: JournalEntry | undefined): Gives {
  if (entry.kind === "applied") return entry.gives;
  if (entry.kind === "failed") return entry.evidence ?? {};
  return entry.kind === "waiting" && entry === lastWait ? entry.noted : {};
}

function decideAgain({ rooms }: Pick<Instance, "rooms">, record: DecisionRecord): Decision["recomputed"] {
  const set = readKeptPolicies(rooms, record.policies);
  if (set === undefined) return { verdict: "nodata", because: "the policies that decided were not kept as they were" };
  const { policy: _, comesTo: __, because: ___, ...question } = record;
  const again = decideUpdate(question, set);
  return compare([
    ["what the policies said", record.policy, again.policy],
    ["what it comes to", record.comesTo, again.comesTo],
    ["the words", record.because, again.because],
  ]);
}

function approveAgain({ rooms }: Pick<Instance, "rooms">, record: ApprovalRecord, decided: DecisionRecord): Decision["recomputed"] {
  // A set that could not be read has no texts that could be asked again.
  const set = record.policy.isBroken === true ? undefined : readKeptPolicies(rooms, record.policies);
  if (set === undefined) return { verdict: "nodata", because: "the policies could not be read then, or were not kept" };
  const { policy: _, comesTo: __, because: ___, ...question } = record;
  const again = decideApproval(question, decided, set).record;
  return compare([
    ["what the policies said", record.policy, again.policy],
    ["what it comes to", record.comesTo, again.comesTo],
    ["the words", record.because, again.because],
  ]);
}

function compare(parts: readonly (readonly [what: string, recorded: unknown, computed: unknown])[]): Decision["recomputed"] {
  const other = parts.find(([, recorded, computed]) => JSON.stringify(recorded) !== JSON.stringify(computed));
  if (other === undefined) return { verdict: "yes", because: "it comes out again, word for word, from the facts and policies that were kept with it" };
  const [what, recorded, computed] = other;
  return { verdict: "no", because: `${what}: recorded ${JSON.stringify(recorded)}, computed ${JSON.stringify(computed)}` };
}
