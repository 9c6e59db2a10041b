import type { TrustDraftOutcome, TrustRole, TrustVersions, TrustView } from "@instar/protocol";
/** What the commands for signed releases ask of the room that has the keys and the metadata; compose-trust.ts builds it. Paths are absolute. */
export interface TrustParts {
  /** @throws InstarError CONFLICT where a repository is there already, INPUT_INVALID (layout), FORBIDDEN, DISK_FULL, PLATFORM_FAILED */
  init(asked: { readonly repository: string; readonly keys: string; readonly layout: AskedLayout }): Promise<MadeRepository>;
  /** @throws InstarError NOT_FOUND, DATA_DAMAGED, PLATFORM_FAILED; also of the others */
  show(repository: string): Promise<TrustView>;
  /** `add` holds public keys in PEM. @throws InstarError INPUT_INVALID, FORBIDDEN, CONFLICT */
  rotate(asked: { readonly repository: string; readonly keys: string; readonly changes: readonly AskedChange[] }): Promise<TrustDraftOutcome>;
  sign(asked: { readonly repository: string; readonly keys: string; readonly draft: string }): Promise<TrustDraftOutcome>;
  discard(asked: { readonly repository: string; readonly draft: string }): Promise<void>;
  refresh(asked: { readonly repository: string; readonly keys: string }): Promise<TrustVersions>;
  /** The text of release.json for this folder. @throws InstarError PACKAGE_REFUSED, PLATFORM_FAILED */
  describeRelease(folder: string, about: ReleaseAbout): Promise<string>;
  /** @throws InstarError PACKAGE_REFUSED, CONFLICT, INPUT_INVALID, FORBIDDEN */
  publish(asked: AskedPublication): Promise<TrustDraftOutcome & { readonly path: string; readonly sha256: string }>;
  yank(asked: AskedYank): Promise<TrustDraftOutcome & { readonly path: string }>;
  /** Serves until the process is told to end; `onListening` is told the port. @throws InstarError NOT_FOUND, PORT_IN_USE, PLATFORM_FAILED */
  serve(asked: { readonly repository: string; readonly host: string; readonly port: number }, onListening: (port: number) => void): Promise<void>;
  /** @returns the exit status */
  runTufClient(argv: readonly string[]): Promise<number>;
}

export interface AskedLayout {
  readonly root: AskedRole;
  readonly targets: AskedRole;
  readonly self: AskedRole;
}

interface AskedRole {
  readonly keys?: number;
  readonly threshold?: number;
}

export interface AskedChange {
  readonly role: TrustRole;
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly threshold?: number | undefined;
  readonly isLost: boolean;
}

export interface ReleaseAbout {
  readonly component: string;
  readonly version: string;
  readonly kind: string;
  readonly rollback: string;
}

interface AskedPublication {
  /** A folder or a .tgz with a release.json at its top. */
  readonly release: string;
  readonly repository: string;
  readonly keys: string;
  readonly channel: string;
  readonly percentage: number;
}

interface AskedYank {
  readonly repository: string;
  readonly keys: string;
  readonly channel: string;
  readonly component: string;
  readonly version: string;
  readonly reason: string;
  readonly removes: boolean;
}

export interface MadeRepository extends TrustView {
  /** File names of the keys of each role. */
  readonly keyFiles: Readonly<Record<TrustRole, readonly string[]>>;
}
