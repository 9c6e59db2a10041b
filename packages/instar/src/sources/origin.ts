import { ORIGINS, type Origin, type OriginKind } from "@instar/protocol";

export type { Origin };

/** Nobody vouches for it. */
export const unproven = (because: string): Origin => ({ kind: "none", by: null, because });

/** Whether what vouches for a version is enough. Pure. */
export const isAcceptedOrigin = (accepts: readonly OriginKind[], { kind }: Pick<Origin, "kind">): boolean => accepts.includes("none") || accepts.includes(kind);

/** Why a version is not taken; null where what vouches for it is enough. Pure. */
export function judgeOrigin(accepts: readonly OriginKind[], origin: Origin): string | null {
  if (isAcceptedOrigin(accepts, origin)) return null;
  const wanted = ORIGINS.filter((kind) => accepts.includes(kind)).join(", ");
  return `source.accept wants ${wanted}, and ${origin.because}`;
}
