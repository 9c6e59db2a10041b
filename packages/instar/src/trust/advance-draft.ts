import { InstarError, type TrustDraftOutcome, type TrustVersions } from "@instar/protocol";
import { type Draft, removeDraft, writeDraft } from "./draft.ts";
import { listRules, planPublication } from "./plan-publication.ts";
import type { RepositoryState } from "./read-repository.ts";
import { type WriteFile, writeInOrder } from "./repository-disk.ts";
import { signDocument } from "./signed-document.ts";
import type { SigningKey } from "./signing-keys.ts";

export interface DraftRoom {
  readonly folder: string;
  readonly state: RepositoryState;
  readonly keys: readonly SigningKey[];
  readonly nowMs: number;
  readonly write: WriteFile;
}

/**
 * Signs a draft with the keys at hand and publishes it if that is enough; otherwise keeps it. A crash before the last write leaves the draft, and the next call
 * goes on where this one ended.
 *
 * @throws InstarError CONFLICT where something else was published since, DISK_FULL, PLATFORM_FAILED
 */
export async function advanceDraft({ folder, state, keys, nowMs, write }: DraftRoom, draft: Draft): Promise<TrustDraftOutcome> {
  const signed = signDraftDocuments(state, draft, keys);
  const publication = planPublication(state, signed, keys, nowMs);
  if (publication.kind === "stale")
    throw new InstarError("CONFLICT", `the draft ${draft.id} cannot be published any more: ${publication.because}`, {
      facts: { draft: draft.id },
      advice: "Throw it away and make it again from what is published now.",
    });
  // Written before anything is published: signatures of people are dear, and a crash must not lose them.
  await writeDraft(folder, signed, write);
  if (publication.kind === "waiting") return { kind: "waiting", draft: draft.id, missing: publication.missing };
  await writeInOrder(folder, publication.writes, write);
  await removeDraft(folder, draft.id);
  return { kind: "published", draft: draft.id, versions: versionsOf(publication.state) };
}

/** Only keys that a rule asks for sign: a signature that counts for nothing would still say that its holder agreed. */
function signDraftDocuments(state: RepositoryState, draft: Draft, keys: readonly SigningKey[]): Draft {
  const rules = listRules(state, draft);
  const keysFor = (role: string) => keys.filter(({ keyId }) => rules.some((each) => each.role === role && each.rule.keyIds.includes(keyId)));
  const { root, targets, self } = draft.documents;
  return {
    ...draft,
    documents: {
      ...(root === undefined ? {} : { root: signDocument(root, keysFor("root")) }),
      ...(targets === undefined ? {} : { targets: signDocument(targets, keysFor("targets")) }),
      ...(self === undefined ? {} : { self: signDocument(self, keysFor("self")) }),
    },
  };
}

export function versionsOf({ root, targets, self, snapshot, timestamp }: RepositoryState): TrustVersions {
  return {
    root: root.signed.version,
    targets: targets.signed.version,
    self: self.signed.version,
    snapshot: snapshot.signed.version,
    timestamp: timestamp.signed.version,
  };
}
