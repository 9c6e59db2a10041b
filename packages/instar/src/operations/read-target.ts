import { InstarError, type SourceView } from "@instar/protocol";
import type { Instance } from "../daemon/instance.ts";
import { type Candidate, describeCandidate } from "../daemon/look-for-updates.ts";
import type { LookOptions } from "../daemon/lookout.ts";
import { planTarget } from "../sources/plan-target.ts";
import type { SourceId } from "../sources/source.ts";
import type { OperationContext } from "./context.ts";

/** What somebody names, brought into the mirror and read. @throws InstarError NOT_FOUND, INPUT_INVALID, FORBIDDEN, PACKAGE_REFUSED, and what the source fails with */
export async function readTarget(
  instance: Instance,
  text: string,
  actor: OperationContext["actor"]["type"],
  signal: AbortSignal,
): Promise<{ candidate: Candidate; source: { id: SourceId; kind: SourceView["source"]; address: string } }> {
  const target = planTarget(text);
  if (actor === "agent" && target.kind !== "git" && !(target.kind === "package" && target.package === instance.settings.source.npm?.package))
    throw new InstarError("FORBIDDEN", "an agent may propose what the sources of instar.yaml have, and nothing else", {
      advice: "Propose a commit, a branch, a tag or a version of the source; files of another folder are a person's to take.",
    });
  const { rooms } = instance;
  if (target.kind === "git") {
    const found = await rooms.source.find(target.name, signal);
    await rooms.source.fetch(found.commit, signal, found.ref);
    const sighting = { ref: found.ref, version: found.version, branch: undefined, digest: undefined, trigger: "proposed", refusedBecause: null } as const;
    const git = instance.sources.find(({ id }) => id === "git");
    const [described, origin] = await Promise.all([
      describeCandidate(instance, "git", sighting, found.commit, signal),
      rooms.source.proveOrigin(found.commit, found.ref, signal),
    ]);
    return {
      candidate: { ...described, origin },
      source: { id: "git", kind: "git_repo", address: git?.address ?? "git" },
    };
  }
  const brought = await instance.bringByHand(target, signal);
  const sighting = { ref: brought.ref, branch: undefined, digest: brought.digest, trigger: "proposed", refusedBecause: null } as const;
  const id = target.kind === "package" ? "npm" : "files";
  return {
    candidate: { ...(await describeCandidate(instance, id, sighting, brought.commit, signal)), origin: brought.origin },
    source: { id, kind: "manual", address: brought.ref },
  };
}

/** @throws InstarError NOT_FOUND */
export function sourceIdOf(instance: Instance, name: string | undefined): SourceId | undefined {
  const found = instance.sources.find(({ id }) => id === name)?.id;
  if (name !== undefined && found === undefined)
    throw new InstarError("NOT_FOUND", `${name} is no source of this instance`, { facts: { sources: instance.sources.map(({ id }) => id) } });
  return found;
}

/**
 * As whom a look begins what it finds. Who only asks whether there is something has not looked at it: that is no person's word for what begins by itself.
 * An agent's stays an agent's: it may not have the say over it later.
 */
export function lookAs({ actor }: Pick<OperationContext, "actor">): Pick<LookOptions, "reason" | "actor"> {
  return actor.type === "agent" ? { reason: "agent", actor } : { reason: "person" };
}
