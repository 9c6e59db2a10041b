import { join } from "node:path";
import { type Implementations, type InputOf, InstarError, type OutputOf, type SourceView } from "@instar/protocol";
import { findServing } from "../daemon/find-serving.ts";
import type { Instance } from "../daemon/instance.ts";
import { beginNoted, type Looked, mostToSay, noteEvent, planNow } from "../daemon/look-for-updates.ts";
import { DAEMON } from "../daemon/lookout.ts";
import type { Daemon } from "../daemon/run-daemon.ts";
import { describeMarks, readMarks, writeMarks } from "../daemon/version-marks.ts";
import { transact } from "../database/open-database.ts";
import { removeTree } from "../platform/durable-files.ts";
import { forgetFloors } from "../sources/registry/floors-record.ts";
import { readSourceFact } from "../sources/source-fact.ts";
import type { VersionMarks } from "../update/plan-version-policy.ts";
import type { OperationContext } from "./context.ts";
import { parseDuration } from "./parse-duration.ts";
import { lookAs, readTarget } from "./read-target.ts";
import { daemonOf } from "./updates.ts";

type Served =
  | "source.list"
  | "source.events"
  | "source.forget"
  | "update.propose"
  | "update.pin"
  | "update.unpin"
  | "update.hold"
  | "update.unhold"
  | "update.skip"
  | "update.unskip"
  | "update.marks";

/** Where changes come from, and what people want of versions. */
export function implementSources(context: OperationContext): Pick<Implementations, Served> {
  const { instance } = context;
  const mark = (description: string, change: (marks: VersionMarks) => VersionMarks) => changeMarks(context, description, change);
  const said = (because: string) => ({ by: context.actor.id, at: new Date(instance.rooms.clock.wallMs()).toISOString(), because });
  return {
    "source.list": async () => ({ sources: describeSources(instance, context.daemon) }),
    "source.events": async ({ limit, decision, before }) => ({ events: instance.events.list(limit, decision, before) }),
    "source.forget": async ({ source, because }) => {
      daemonOf(context);
      if (instance.settings.source[source] === undefined) throw new InstarError("NOT_FOUND", `${source} is no source of this instance`);
      forgetFloors(instance, { actor: context.actor, because });
      // A cache of what the repository has; with another repository's it would only be in the way.
      await removeTree(join(instance.folder, "sources", source, "metadata"));
      daemonOf(context).lookout.soon();
      return { source, because: "trust begins again with the root that instar.yaml names" };
    },
    "update.propose": (input) => propose(context, input),
    "update.pin": async ({ version, because }) => {
      const pinned = version ?? findServing(instance)?.version;
      if (pinned === undefined) throw new InstarError("INPUT_INVALID", "nothing runs yet: say which version is to be pinned");
      return mark(`${context.actor.id} pinned ${pinned}`, (marks) => ({ ...marks, pinned: { version: pinned, ...said(because) } }));
    },
    "update.unpin": async () => mark(`${context.actor.id} unpinned`, (marks) => ({ ...marks, pinned: null })),
    "update.hold": async ({ until, because }) => {
      const end = until === undefined ? null : parseUntil(until, instance.rooms.clock.wallMs());
      return mark(`${context.actor.id} holds updates${end === null ? "" : ` until ${end}`}`, (marks) => ({ ...marks, held: { until: end, ...said(because) } }));
    },
    "update.unhold": async () => mark(`${context.actor.id} lets updates begin again`, (marks) => ({ ...marks, held: null })),
    "update.skip": async ({ version, because }) =>
      mark(`${context.actor.id} skips ${version}`, (marks) => ({
        ...marks,
        skipped: [...marks.skipped.filter((each) => each.version !== version), { version, ...said(because) }],
      })),
    "update.unskip": async ({ version }) => {
      if (!readMarks(instance).skipped.some((each) => each.version === version))
        throw new InstarError("NOT_FOUND", `${version} is not skipped`, { advice: "`instar update marks` shows what is." });
      return mark(`${context.actor.id} no longer skips ${version}`, (marks) => ({
        ...marks,
        skipped: marks.skipped.filter((each) => each.version !== version),
      }));
    },
    "update.marks": async () => describeMarks(instance),
  };
}

/** With what each source said last. */
export function describeSources(instance: Instance, daemon: Daemon | undefined): SourceView[] {
  return instance.sources.map(({ id, kind, address, follows }) => {
    const fact = readSourceFact(instance.facts, id);
    return {
      id,
      source: kind,
      address,
      follows,
      lookedAt: fact?.lookedAt ?? null,
      nextLookInMs: daemon === undefined ? null : Math.round(daemon.lookout.nextLookInMs(id)),
      failing: fact?.failing ?? null,
      failures: fact?.failures ?? 0,
      found: fact?.found ?? null,
      decision: fact?.decision ?? "nothing",
      because: fact?.because ?? "it was not asked yet",
    };
  });
}

async function propose(context: OperationContext, { target, because }: InputOf<"update.propose">): Promise<OutputOf<"update.propose">> {
  const { instance, actor } = context;
  daemonOf(context);
  // Before anything comes of it: a crash leaves who asked for what.
  transact(instance.database, () =>
    instance.ledger.append({
      event: "UPDATE_PROPOSED",
      actor,
      description: `${actor.id} proposed ${target ?? "what the sources have"}${because === "" ? "" : `: ${because}`}`,
      success: true,
    }),
  );
  return decideProposal(context, target);
}

async function decideProposal(context: OperationContext, target: string | undefined): Promise<OutputOf<"update.propose">> {
  const { instance } = context;
  const { lookout } = daemonOf(context);
  const signal = AbortSignal.timeout(900_000);
  const { reason, actor = DAEMON } = lookAs(context);
  if (target === undefined) {
    const [most] = (await lookout.look({ reason, actor }, signal)).toSorted(mostToSay);
    if (most === undefined) throw new InstarError("SOURCE_EMPTY", "no source has anything");
    return { event: most.event, decision: most.decision, because: most.because, update: begunOf(most.decision, most.event) };
  }
  const { candidate, source } = await readTarget(instance, target, context.actor.type, signal);
  return lookout.alone(async () => {
    const plan = planNow(instance, candidate);
    const noted = transact(instance.database, () => noteEvent(instance, candidate, source, plan, reason));
    const event = await beginNoted(instance, candidate, { plan, event: noted, actor }, (because) => daemonOf(context).supersede(because, signal));
    return { event, decision: plan.decision, because: plan.because, update: begunOf(plan.decision, event) };
  });
}

/** Of what ran or is under way already, the event names an update too; that one was not begun now. */
const begunOf = (decision: Looked["decision"], event: Looked["event"]) => (decision === "start" ? (event?.update ?? null) : null);

function changeMarks(context: OperationContext, description: string, change: (marks: VersionMarks) => VersionMarks): OutputOf<"update.marks"> {
  const { instance, actor } = context;
  const { lookout } = daemonOf(context);
  transact(instance.database, () => {
    const marks = change(readMarks(instance));
    writeMarks(instance, marks);
    instance.ledger.append({ event: "VERSION_MARKED", actor, description, success: true, details: JSON.parse(JSON.stringify({ marks })) });
  });
  // What waits may begin now, or what would have begun may not.
  lookout.soon();
  return describeMarks(instance);
}

/** @returns ISO 8601 in UTC. @throws InstarError INPUT_INVALID */
function parseUntil(text: string, nowMs: number): string {
  const atMs = /^\d{4}-/.test(text) ? Date.parse(text) : nowMs + parseDuration(text, "until");
  if (Number.isNaN(atMs)) throw new InstarError("INPUT_INVALID", `${JSON.stringify(text)} is neither a time nor a duration`, { facts: { until: text } });
  if (atMs <= nowMs) throw new InstarError("INPUT_INVALID", `${text} has gone by`, { facts: { until: text } });
  return new Date(atMs).toISOString();
}
