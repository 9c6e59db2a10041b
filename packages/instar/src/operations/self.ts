import { type Implementations, type InputOf, InstarError, type OutputOf } from "@instar/protocol";
import { type AgentCode, openAgentCode } from "../daemon/agent-code.ts";
import { readStanding } from "../daemon/instance.ts";
import { beginNoted, noteEvent, planNow } from "../daemon/look-for-updates.ts";
import { acknowledge, readDeployments } from "../daemon/read-deployments.ts";
import { transact } from "../database/open-database.ts";
import type { AgentFolder } from "../self/folders/agent-folder.ts";
import { checkOwnCode } from "./check-own-code.ts";
import type { OperationContext } from "./context.ts";
import { inCodeRepo } from "./in-code-repo.ts";
import { CHANGED_SHOWN, makeOwnVersion, readOwnChanges } from "./read-own-changes.ts";
import { assertNothingUnderWay, assertNotMarked, daemonOf, findUpdate } from "./updates.ts";

type Served = Extract<keyof Implementations, `code.${string}`>;
/** A forced one begins as a person's own update: whether that takes the place of an approval is for the policies to say. */
type Deploying = InputOf<"code.deploy"> & { readonly forcedBecause: string | null };

const FILE_BYTES = 4 * 1_048_576;
const SEARCHED_BYTES = 1_048_576;
const DIFF_BYTES = 512 * 1_024;
const WITHIN_MS = 900_000;

/** What an agent does to its own code. Nothing of it touches what runs but `code.deploy`, and that only through an update like any other. */
export function implementSelf(context: OperationContext): Pick<Implementations, Served> {
  const { instance } = context;
  const code = () => codeOf(context);
  const inPlace = <T>(place: InputOf<"code.list">["place"], act: (folder: AgentFolder) => Promise<T>): Promise<T> => {
    const held = code();
    return place === "sandbox" ? act(held.sandbox) : inCodeRepo(held, () => act(held.codeRepo));
  };
  return {
    "code.status": () => describeCode(context, code()),
    "code.list": async ({ place, path, recursive, limit }) => {
      const { entries, isAll } = await inPlace(place, (folder) => folder.list(path, { recursive, limit, signal: within() }));
      return { entries: [...entries], isAll };
    },
    "code.read": async ({ place, path, fromLine, lines }) => inPlace(place, (folder) => folder.read(path, { maxBytes: FILE_BYTES, fromLine, lines })),
    "code.search": async ({ place, text, path, caseSensitive, limit }) => {
      const what = { text, path, caseSensitive, limit, maxFileBytes: SEARCHED_BYTES, signal: within() };
      const { matches, isAll } = await inPlace(place, (folder) => folder.search(what));
      return { matches: [...matches], isAll };
    },
    "code.diff": async () => {
      const { base, local } = await readOwnChanges(instance, code(), within());
      if (local.kind !== "imported") return { text: "", isAll: true, changed: [], commit: null };
      const text = await instance.rooms.source.diffText(base.commit, local.commit, DIFF_BYTES, within());
      return { text, isAll: text !== null && Buffer.byteLength(text) < DIFF_BYTES, changed: [...local.changed], commit: local.commit };
    },
    "code.write": async ({ place, path, text, mode, expects }) => inPlace(place, (folder) => folder.write(path, text, { mode, expects })),
    "code.move": async ({ place, from, to }) => {
      await inPlace(place, (folder) => folder.move(from, to));
      return { path: to, because: `${from} is ${to} now` };
    },
    "code.delete": async ({ place, path }) => {
      await inPlace(place, (folder) => folder.remove(path));
      return { path, because: `${path} is gone` };
    },
    "code.patch": async ({ place, patch }) => {
      const { changed } = await inPlace(place, (folder) => folder.patch(patch));
      return { changed: [...changed] };
    },
    "code.reset": async () => {
      daemonOf(context);
      return code().reset(within());
    },
    "code.check": async ({ waitSeconds }) => {
      const { id } = await checkOwnCode(context, code());
      return context.codeChecks.look(id, waitSeconds * 1_000);
    },
    "code.progress": async ({ check, waitSeconds }) => {
      code();
      return context.codeChecks.look(check, waitSeconds * 1_000);
    },
    "code.deploy": (input) => deploy(context, code(), { ...input, forcedBecause: null }),
    "code.force-deploy": ({ because, ...input }) => {
      if (context.actor.type === "agent") throw new InstarError("FORBIDDEN", "an agent forces nothing");
      return deploy(context, code(), { ...input, forcedBecause: because });
    },
    "code.deployments": async ({ limit, unseen }) => ({
      deployments: readDeployments(instance)
        .filter(({ outcome, isAcknowledged }) => !unseen || (outcome !== null && !isAcknowledged))
        .slice(0, limit),
    }),
    "code.acknowledge": async ({ update }) => {
      const id = findUpdate(instance, update);
      const found = readDeployments(instance).find((each) => each.update === id);
      if (found === undefined)
        throw new InstarError("NOT_FOUND", `update ${id} is no change of the agent's own`, { advice: "`code.deployments` lists those." });
      if (found.outcome === null) throw new InstarError("CONFLICT", `update ${id} has not ended`, { transient: true });
      transact(instance.database, () => acknowledge(instance, id));
      return { deployment: { ...found, isAcknowledged: true } };
    },
  };
}

const within = () => AbortSignal.timeout(WITHIN_MS);

function codeOf({ instance }: OperationContext): AgentCode {
  const code = openAgentCode(instance);
  if (code === undefined)
    throw new InstarError("FORBIDDEN", "instar.yaml does not let this agent change its own code", {
      advice: "A person writes the section `self` there: docs/self.md.",
    });
  return code;
}

async function describeCode(context: OperationContext, code: AgentCode): Promise<OutputOf<"code.status">> {
  const { running } = readStanding(context.instance);
  const { base, local } = code.base() === null ? { base: null, local: null } : await readOwnChanges(context.instance, code, within());
  const changed = local?.kind === "imported" ? local.changed : [];
  return {
    root: code.data.root,
    codeRepo: code.data.codeRepo,
    sandbox: code.data.sandbox,
    base,
    running: running === null ? null : { commit: running.commit, version: running.version },
    isStale: base !== null && running !== null && base.commit !== running.commit,
    changed: changed.slice(0, CHANGED_SHOWN),
    changedCount: changed.length,
  };
}

async function deploy(context: OperationContext, code: AgentCode, input: Deploying): Promise<OutputOf<"code.deploy">> {
  const { instance, actor } = context;
  const { forcedBecause } = input;
  const daemon = daemonOf(context);
  if (input.push && instance.settings.self?.pushTo === undefined)
    throw new InstarError("INPUT_INVALID", "instar.yaml names no branch to push to", { advice: "Deploy without push, or a person writes self.pushTo there." });
  const revises = input.revises === undefined ? null : findUpdate(instance, input.revises);
  const { changed, isRebased, candidate: described } = await makeOwnVersion(instance, code, { message: input.message, to: "deploy" }, within());
  // Who asked for what stays, whatever comes of it.
  transact(instance.database, () =>
    instance.ledger.append({
      event: "UPDATE_PROPOSED",
      actor,
      description: `${actor.id} ${forcedBecause === null ? "deploys" : `forces (${forcedBecause})`} a change of the agent's own: ${input.message}`,
      success: true,
      details: { commit: described.commit, files: [...changed], rebased: isRebased, forced: forcedBecause !== null },
    }),
  );
  const origin = { kind: "self", by: actor.id, because: `${actor.id} made it of what runs; the agent holds no key` } as const;
  const candidate = { ...described, origin };
  if (forcedBecause !== null) assertNotMarked(instance, candidate);
  const asked = { message: input.message, asker: input.asker ?? null, revises, push: input.push };
  return daemon.lookout.alone(async () => {
    if (forcedBecause !== null) assertNothingUnderWay(instance);
    const planned = planNow(instance, candidate);
    const plan = forcedBecause === null ? planned : { ...planned, decision: "start" as const, because: `${actor.id} forces it: ${forcedBecause}` };
    const source = { id: "self", kind: "local_fs", address: code.data.codeRepo } as const;
    const noted = transact(instance.database, () => noteEvent(instance, candidate, source, plan, actor.type === "agent" ? "agent" : "person"));
    const starting =
      forcedBecause === null ? { actor: actor.type === "agent" ? actor : ({ type: "agent", id: actor.id } as const) } : { actor, trigger: "by-hand" as const };
    const event = await beginNoted(instance, candidate, { plan, event: noted, ...starting, deploy: asked }, (because) => daemon.supersede(because, within()));
    const update = plan.decision === "start" ? (event?.update ?? null) : null;
    return {
      update,
      commit: described.commit,
      changed: [...changed],
      isRebased,
      decision: plan.decision,
      because: plan.because,
    };
  });
}
