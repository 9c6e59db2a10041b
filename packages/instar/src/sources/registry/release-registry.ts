/** A release that signed metadata offer to this instance. */
export interface RegistryFound {
  readonly component: string;
  /** SemVer without build metadata. */
  readonly version: string;
  /** Of the packed release, in hex. */
  readonly sha256: string;
  /** Which role of its metadata lists it, and of which version these are, in words. */
  readonly signedBy: string;
}

export type RegistryLook =
  | { readonly kind: "found"; readonly found: RegistryFound }
  /** `yanked`: why the version that runs was taken back; null where it was not. `notes`: what an operator should know besides. */
  | { readonly kind: "none"; readonly because: string; readonly yanked: string | null; readonly notes: readonly string[] };

export interface RegistryArchive {
  /** Packed, and checked byte by byte against what was signed. */
  readonly file: string;
  /**
   * Checks that an unpacked folder holds exactly the files of the signed manifest, and removes the manifest itself, which is no file of the release.
   * @throws InstarError PACKAGE_REFUSED, PLATFORM_FAILED
   */
  settle(unpacked: string): Promise<void>;
}

/**
 * A repository of signed releases, as a source asks it. Whoever implements it verifies everything; what it answers is believed.
 */
export interface ReleaseRegistry {
  /**
   * Asks, records what was seen, and only then answers.
   * @param current what runs: SemVer, and null where it has no such version or nothing runs; only newer ones are offered
   * @throws InstarError PACKAGE_REFUSED (`facts.reason`), SOURCE_GONE, TIMED_OUT, CONFLICT, DATA_DAMAGED, SETTINGS_INVALID, DISK_FULL, PLATFORM_FAILED; the signal's reason
   */
  look(current: string | null, signal: AbortSignal): Promise<RegistryLook>;
  /**
   * Asks again, so that what was taken back since is not brought, and downloads into a folder, which is made. What is there already is not downloaded again.
   * @throws InstarError CONFLICT (transient) where it is offered no longer, and as `look`
   */
  download(found: RegistryFound, folder: string, signal: AbortSignal): Promise<RegistryArchive>;
}
