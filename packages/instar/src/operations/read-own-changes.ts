import { InstarError } from "@instar/protocol";
import type { AgentCode } from "../daemon/agent-code.ts";
import { importOwnCode } from "../daemon/import-own-code.ts";
import { type Instance, readStanding } from "../daemon/instance.ts";
import { type Candidate, describeCandidate } from "../daemon/look-for-updates.ts";
import type { ImportedCode } from "../sources/import-code.ts";
import { type Base, baseOf } from "./in-code-repo.ts";

/** Files that one answer names. */
export const CHANGED_SHOWN = 200;

/** What was changed in code-repo since it was made, as a commit on top of what it was made of. @throws InstarError CONFLICT before it was made */
export async function readOwnChanges(instance: Instance, code: AgentCode, signal: AbortSignal): Promise<{ readonly base: Base; readonly local: ImportedCode }> {
  return importOnto(instance, code, { onto: (base) => base.commit, message: "what was changed" }, signal);
}

export interface OwnVersion {
  readonly changed: readonly string[];
  /** What runs had moved on: the changes were brought over to it. */
  readonly isRebased: boolean;
  readonly candidate: Omit<Candidate, "origin">;
}

/**
 * What lies in code-repo as a version on top of what runs.
 * @param to what it is wanted for, as a verb
 * @throws InstarError CONFLICT (nothing was changed, or what runs changed the same lines), PACKAGE_REFUSED (it cannot be a release)
 */
export async function makeOwnVersion(
  instance: Instance,
  code: AgentCode,
  { message, to }: { message: string; to: string },
  signal: AbortSignal,
): Promise<OwnVersion> {
  const { local } = await importOnto(instance, code, { onto: (base) => readStanding(instance).running?.commit ?? base.commit, message }, signal);
  if (local.kind === "unchanged") throw new InstarError("CONFLICT", `nothing in code-repo differs from what runs: there is nothing to ${to}`);
  if (local.kind === "unavailable") throw new InstarError("PACKAGE_REFUSED", `what lies in code-repo cannot be a release: ${local.because}`);
  if (local.kind === "conflicted")
    throw new InstarError("CONFLICT", `what runs has moved on, and the same lines were changed in ${local.paths.slice(0, 5).join(", ")}`, {
      facts: { paths: local.paths },
      advice: "Keep your changes aside (sandbox), make code-repo anew with `code.reset`, and bring them over.",
    });
  const sighting = { ref: "code-repo", branch: undefined, digest: undefined, trigger: "proposed", refusedBecause: null } as const;
  const candidate = await describeCandidate(instance, "self", sighting, local.commit, signal);
  return { changed: local.changed.slice(0, CHANGED_SHOWN), isRebased: local.isRebased, candidate };
}

/** What it was made of is asked for when it is our turn: while somebody makes it anew it is of nothing. */
function importOnto(
  instance: Instance,
  code: AgentCode,
  { onto, message }: { readonly onto: (base: Base) => string; readonly message: string },
  signal: AbortSignal,
): Promise<{ readonly base: Base; readonly local: ImportedCode }> {
  return code.alone(async () => {
    const base = baseOf(code);
    return { base, local: await importOwnCode(instance, code, { base: base.commit, onto: onto(base), message }, signal) };
  });
}
