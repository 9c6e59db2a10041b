import { InstarError, type TrustDraftOutcome } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import { advanceDraft } from "./advance-draft.ts";
import { makeTargetsDraft, nextVersion } from "./make-targets-draft.ts";
import { type ReleaseCustom, SELF } from "./metadata-bodies.ts";
import { planTargets } from "./plan-metadata.ts";
import { assertSigned, readRepository } from "./read-repository.ts";
import { parseChannel, type ReleaseName, targetPathOf } from "./release-path.ts";
import { type WriteFile, withRepositoryLock, writePublicly } from "./repository-disk.ts";
import { readKeyFolder } from "./signing-keys.ts";

export interface YankQuestion extends ReleaseName {
  readonly folder: string;
  readonly keysFolder: string;
  readonly reason: string;
  /** False: it stays listed with the reason, so that agents that run it hear of it. True: it is not listed any more; its file stays. */
  readonly removes?: boolean | undefined;
  readonly clock: Pick<Clock, "wallMs">;
  readonly write?: WriteFile | undefined;
}

/**
 * Takes a release back: it is offered to nobody any more. Needs the signatures that publishing needs.
 *
 * @throws InstarError NOT_FOUND, INPUT_INVALID (no reason), otherwise as `publishRelease`
 */
export function yankRelease(question: YankQuestion): Promise<TrustDraftOutcome & { readonly path: string }> {
  const { folder, keysFolder, reason, removes = false, clock, write = writePublicly } = question;
  const channel = parseChannel(question.channel);
  const path = targetPathOf({ ...question, channel });
  if (reason.trim() === "" || reason.length > 1_000) throw new InstarError("INPUT_INVALID", "say why it is taken back, in at most 1000 letters");
  return withRepositoryLock(folder, async () => {
    const state = await readRepository(folder);
    assertSigned(state);
    const role = channel === SELF ? "self" : "targets";
    const listed = state[role].signed.targets[path];
    if (listed === undefined) throw new InstarError("NOT_FOUND", `${path} is not published`, { facts: { path } });
    const nowMs = clock.wallMs();
    const custom = { ...(listed.custom as ReleaseCustom), yanked: { reason, at: new Date(nowMs).toISOString() } };
    const change = { path, file: removes ? undefined : { ...listed, custom } };
    const signed = planTargets(role, state[role].signed, change, { version: nextVersion(state, role), nowMs });
    const draft = makeTargetsDraft(state, role, signed, `${removes ? "remove" : "yank"} ${path}: ${reason}`.slice(0, 500), nowMs);
    return { ...(await advanceDraft({ folder, state, keys: await readKeyFolder(keysFolder), nowMs, write }, draft)), path };
  });
}
