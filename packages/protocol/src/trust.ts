/** Whose signatures count for what in a repository of signed releases (TUF); `self` is delegated to, for what an agent wrote. */
export const TRUST_ROLES = ["root", "targets", "self", "snapshot", "timestamp"] as const;
export type TrustRole = (typeof TRUST_ROLES)[number];

/** What a repository of signed releases is, and what it lacks. */
export interface TrustView {
  readonly roles: readonly TrustRoleView[];
  readonly releases: readonly ListedRelease[];
  readonly drafts: readonly TrustDraftView[];
  /** What an operator should know or do, one sentence each. */
  readonly warnings: readonly string[];
}

export interface TrustRoleView {
  readonly name: TrustRole;
  readonly version: number;
  readonly threshold: number;
  readonly keyIds: readonly string[];
  readonly expiresAt: string;
  /** `due`: less than a third of its time is left. */
  readonly state: "good" | "due" | "expired" | "unsigned";
}

export interface ListedRelease {
  readonly path: string;
  readonly component: string;
  readonly version: string;
  readonly channel: string;
  readonly percentage: number;
  /** The reason where it was yanked. */
  readonly yanked: string | null;
}

export interface TrustDraftView {
  readonly id: string;
  readonly purpose: string;
  readonly createdAt: string;
  /** What differs from what is published, worked out from the documents themselves: what a signer signs, whatever the purpose says. */
  readonly changes: readonly string[];
  readonly missing: readonly MissingSignatures[];
  /** Why it can never be published; null where it can. */
  readonly stale: string | null;
}

/** Signatures that are not there yet. `of`: whether they are asked for by the keys that count now, or by those that will. */
export interface MissingSignatures {
  readonly role: TrustRole;
  readonly of: "present keys" | "new keys";
  readonly have: number;
  readonly threshold: number;
  /** Who may still sign. */
  readonly keyIds: readonly string[];
}

export type TrustVersions = Readonly<Record<TrustRole, number>>;

/** `waiting`: kept as a draft, and what is missing. */
export type TrustDraftOutcome =
  | { readonly kind: "published"; readonly draft: string; readonly versions: TrustVersions }
  | { readonly kind: "waiting"; readonly draft: string; readonly missing: readonly MissingSignatures[] };
