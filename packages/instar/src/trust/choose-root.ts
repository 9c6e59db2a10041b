import type { RootBody } from "./metadata-bodies.ts";
import { isSigned, rootDocumentSchema, ruleOfRoot } from "./signed-document.ts";
import { digestBody, type TrustFloors } from "./trust-floors.ts";

export interface ChosenRoot {
  readonly bytes: Buffer;
  /** Why it is not the one of the folder; null where it is. */
  readonly note: string | null;
}

/**
 * Where trust begins: with the root that Instar was given, or with a later one of the folder, but only if it is the very one that was recorded outside of it.
 * Whoever can write the folder could otherwise bring a root of his own. From either the client walks to the newest. Pure.
 */
export function chooseRoot(local: Buffer | undefined, shipped: Buffer, floors: TrustFloors | null): ChosenRoot {
  const shippedBody = parseRoot(shipped);
  if (local === undefined)
    return { bytes: shipped, note: floors === null ? null : "the folder had no root, so trust began with the one that Instar was given" };
  const body = parseRoot(local);
  if (body === undefined) return { bytes: shipped, note: "the root in the folder was damaged, so trust began with the one that Instar was given" };
  if (floors === null || digestBody(body) !== floors.root.digest)
    return {
      bytes: shipped,
      note: floors === null ? null : "the root in the folder was not the one that was recorded, so trust began with the one that Instar was given",
    };
  return body.version < (shippedBody?.version ?? 0) ? { bytes: shipped, note: null } : { bytes: local, note: null };
}

/** Undefined where it is no root, or not signed by itself. */
function parseRoot(bytes: Buffer): RootBody | undefined {
  try {
    const document = rootDocumentSchema.parse(JSON.parse(bytes.toString("utf8")));
    return isSigned(document, ruleOfRoot(document.signed, "root")) ? document.signed : undefined;
  } catch {
    return undefined;
  }
}
