import type { TrustDraftOutcome } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import { advanceDraft } from "./advance-draft.ts";
import { readDraft, removeDraft } from "./draft.ts";
import { readRepository } from "./read-repository.ts";
import { type WriteFile, withRepositoryLock, writePublicly } from "./repository-disk.ts";
import { readKeyFolder } from "./signing-keys.ts";

export interface SignQuestion {
  readonly folder: string;
  readonly draft: string;
  /** Of one of those who sign; look at what it changes first (`describeRepository`). */
  readonly keysFolder: string;
  readonly clock: Pick<Clock, "wallMs">;
  readonly write?: WriteFile | undefined;
}

/**
 * Adds the signatures of the keys at hand, and publishes the draft where that is enough. Also what goes on with one whose publishing was cut short.
 *
 * @throws InstarError NOT_FOUND, CONFLICT (something else was published since), otherwise as `publishRelease`
 */
export function signDraft({ folder, draft, keysFolder, clock, write = writePublicly }: SignQuestion): Promise<TrustDraftOutcome> {
  return withRepositoryLock(folder, async () => {
    const [state, found, keys] = [await readRepository(folder), await readDraft(folder, draft), await readKeyFolder(keysFolder)];
    return advanceDraft({ folder, state, keys, nowMs: clock.wallMs(), write }, found);
  });
}

/** Throws a draft away; nobody saw it. @throws InstarError NOT_FOUND, CONFLICT, PLATFORM_FAILED */
export function discardDraft({ folder, draft }: Pick<SignQuestion, "folder" | "draft">): Promise<void> {
  return withRepositoryLock(folder, async () => {
    await readDraft(folder, draft);
    await removeDraft(folder, draft);
  });
}
