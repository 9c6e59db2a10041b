import type { TrustRole } from "@instar/protocol";
import type { AskedLayout } from "./trust-parts.ts";

/** What was typed, checked as far as it can be without looking at the disk. Paths are as they were typed. */
export type TrustQuestion =
  | { readonly kind: "init"; readonly repository: string; readonly keys: string; readonly layout: AskedLayout }
  | { readonly kind: "show"; readonly repository: string }
  | { readonly kind: "rotate"; readonly repository: string; readonly keys: string; readonly change: TypedChange | null }
  | { readonly kind: "sign"; readonly repository: string; readonly keys: string; readonly draft: string }
  | { readonly kind: "discard"; readonly repository: string; readonly draft: string }
  | { readonly kind: "refresh"; readonly repository: string; readonly keys: string }
  | PublishQuestion
  | {
      readonly kind: "yank";
      readonly component: string;
      readonly version: string;
      readonly repository: string;
      readonly keys: string;
      readonly channel: string;
      readonly because: string;
      readonly removes: boolean;
    }
  | { readonly kind: "serve"; readonly repository: string; readonly host: string; readonly port: number }
  | { readonly kind: "tuf-client" };

export interface TypedChange {
  readonly role: TrustRole;
  /** Files with public keys in PEM. */
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly threshold?: number | undefined;
  readonly isLost: boolean;
}

export interface PublishQuestion {
  readonly kind: "publish";
  readonly release: string;
  readonly repository: string;
  readonly keys: string;
  readonly channel: string;
  readonly percentage: number;
  readonly flags: ReleaseFlags;
}

/** What is said of a release that has no release.json. */
export interface ReleaseFlags {
  readonly component?: string;
  readonly version?: string;
  readonly kind?: string;
  readonly rollback?: string;
}
