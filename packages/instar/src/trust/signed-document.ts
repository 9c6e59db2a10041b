import { InstarError } from "@instar/protocol";
import { Key, Metadata, MetadataKind, Signature } from "@tufjs/models";
import canonicalize from "canonicalize";
import { z } from "zod";
import { type Body, type RootBody, rootSchema, snapshotSchema, type TargetsBody, targetsSchema, timestampSchema } from "./metadata-bodies.ts";
import type { SigningKey } from "./signing-keys.ts";

const signatureSchema = z.strictObject({ keyid: z.string().regex(/^[0-9a-f]{64}$/), sig: z.string().regex(/^[0-9a-f]*$/) });

/** Metadata as they lie in a file: the body, and signatures over its canonical form. */
export interface SignedDocument<B extends Body = Body> {
  readonly signed: B;
  readonly signatures: z.infer<typeof signatureSchema>[];
}

const documentSchema = <S extends z.ZodType>(body: S) => z.strictObject({ signed: body, signatures: z.array(signatureSchema).max(64) });

export const rootDocumentSchema = documentSchema(rootSchema);
export const targetsDocumentSchema = documentSchema(targetsSchema);
export const snapshotDocumentSchema = documentSchema(snapshotSchema);
export const timestampDocumentSchema = documentSchema(timestampSchema);

/** Keys of which `threshold` must have signed. */
export interface SigningRule {
  readonly keys: Readonly<Record<string, unknown>>;
  readonly keyIds: readonly string[];
  readonly threshold: number;
}

/** Who may sign a role of the root's. */
export function ruleOfRoot(root: RootBody, role: "root" | "targets" | "snapshot" | "timestamp"): SigningRule {
  const { keyids, threshold } = root.roles[role];
  return { keys: root.keys, keyIds: keyids, threshold };
}

/** Who may sign a role that `targets` hands on; undefined where it does not. */
export function ruleOfDelegation(targets: TargetsBody, name: string): SigningRule | undefined {
  const role = targets.delegations?.roles.find((each) => each.name === name);
  return role === undefined ? undefined : { keys: targets.delegations?.keys ?? {}, keyIds: role.keyids, threshold: role.threshold };
}

/** The keys of the rule whose signature is on the document and good, each key counted once whatever its ids are. @throws InstarError DATA_DAMAGED */
export function listSigners(document: SignedDocument, { keys, keyIds }: SigningRule): string[] {
  const metadata = asMetadata(document);
  const seen = new Set<string>();
  return [...new Set(keyIds)].filter((keyId) => {
    const key = keys[keyId];
    if (key === undefined) return false;
    try {
      const parsed = Key.fromJSON(keyId, key as Parameters<typeof Key.fromJSON>[1]);
      parsed.verifySignature(metadata);
      if (seen.has(parsed.keyVal.public ?? "")) return false;
      seen.add(parsed.keyVal.public ?? "");
      return true;
    } catch {
      return false;
    }
  });
}

export const isSigned = (document: SignedDocument, rule: SigningRule): boolean => listSigners(document, rule).length >= rule.threshold;

/** The document with the signatures of these keys beside those that it has. */
export function signDocument<B extends Body>(document: SignedDocument<B>, keys: readonly SigningKey[]): SignedDocument<B> {
  const metadata = asMetadata(document);
  for (const key of keys) metadata.sign((bytes) => new Signature({ keyID: key.keyId, sig: key.sign(bytes) }));
  const signatures = Object.values(metadata.signatures).map(({ keyID, sig }) => ({ keyid: keyID, sig }));
  return { signed: document.signed, signatures: signatures.toSorted((one, other) => (one.keyid < other.keyid ? -1 : 1)) };
}

/** Its file. In canonical form (RFC 8785): a document that was read and is written again must be the same bytes, because others name its digest. */
export const renderDocument = (document: SignedDocument): Buffer => Buffer.from(`${canonicalize(document) ?? ""}\n`);

/** What our schemas take and the library does not, such as another version of TUF, is damaged: nobody signed it. */
function asMetadata(document: SignedDocument) {
  try {
    return readMetadata(document);
  } catch (cause) {
    throw new InstarError("DATA_DAMAGED", `the ${document.signed._type} metadata are not as TUF has them`, { cause });
  }
}

/** A copy, because the library keeps what it is given. */
function readMetadata({ signed, signatures }: SignedDocument) {
  const data = structuredClone({ signed, signatures }) as unknown as Parameters<typeof Metadata.fromJSON>[1];
  switch (signed._type) {
    case "root":
      return Metadata.fromJSON(MetadataKind.Root, data);
    case "targets":
      return Metadata.fromJSON(MetadataKind.Targets, data);
    case "snapshot":
      return Metadata.fromJSON(MetadataKind.Snapshot, data);
    case "timestamp":
      return Metadata.fromJSON(MetadataKind.Timestamp, data);
  }
}
