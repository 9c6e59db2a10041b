import { type Draft, makeDraft } from "./draft.ts";
import type { TargetsBody } from "./metadata-bodies.ts";
import type { RepositoryState } from "./read-repository.ts";

/** Never a number that is on disk already, even of a file that nothing refers to: a cache may have it. */
export const nextVersion = (state: RepositoryState, role: "targets" | "self") => Math.max(state.taken[role], state[role].signed.version) + 1;

export function makeTargetsDraft(state: RepositoryState, role: "targets" | "self", signed: TargetsBody, purpose: string, nowMs: number): Draft {
  const base = { root: state.root.signed.version, targets: state.targets.signed.version, self: state.self.signed.version };
  return makeDraft({ purpose, createdAt: new Date(nowMs).toISOString(), base, documents: { [role]: { signed, signatures: [] } }, lost: [] });
}
